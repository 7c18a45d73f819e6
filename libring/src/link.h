/*
 * A participant's connection to the ring's owner, over which bells come and go.
 *
 * It is made at attach or open and says who we are; the letters wait in the socket
 * until the owner has time for them, so nobody waits for an owner that is busy.
 * When the owner dies or ends the ring the connection hangs up.
 */
#ifndef LIBRING_SRC_LINK_H
#define LIBRING_SRC_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/src/bell.h"

struct ring_link {
    int socket;              /* -1: none */
    struct ring_letter self; /* who we are; its type is RING_LETTER_BELL */
};

/* `hello`: RING_HELLO_READER or _WRITER. From here on the owner sees our death; so it is
 * called before anything is taken that others could wait for. -ENOENT when there is no
 * living owner; -EPERM when it does not serve us. */
int ring_link_open(struct ring_link *link, const char *name, enum ring_letter_type hello);

/* The two halves of it, for two processes: a connected socket, or a negative errno; and the hello
 * of who uses it, whose it is from here on, or closed. */
int ring_link_connect(const char *name);
int ring_link_begin(struct ring_link *link, int socket, enum ring_letter_type hello);

/* Who we are, once that is known; before ring_link_give. */
void ring_link_present(struct ring_link *link, uint32_t place, uint32_t incarnation);

/* Says goodbye; for who has given its role up and woken whom it owed that. */
void ring_link_close(struct ring_link *link);

/* Asks the owner to ring for us, whose bells can't be taken now. */
void ring_link_call(const struct ring_link *link);

/* Hands our own bell over; the descriptor stays ours too. */
int ring_link_give(const struct ring_link *link, int eventfd);

/* Takes a bell that has come: *place and *bell, whose eventfd is the caller's. -EAGAIN
 * when there is none; -EPIPE when the owner is gone; -EMFILE, … when there is one, and it
 * can't be taken now. */
int ring_link_take(const struct ring_link *link, uint32_t *place, struct ring_bell *bell);

#endif
