/*
 * Bells between processes that share nothing but a ring's name.
 *
 * A bell is an eventfd to ring for one who sleeps in poll(): a reader's, for its
 * place, or the writer's, for room. It is of use only while the one it belongs to
 * has its role, so it carries the incarnation which the place, or the room, counts
 * in shared memory: a bell of another incarnation is somebody else's.
 *
 * Bells travel over a Unix socket by SCM_RIGHTS, through the owner (hub.h), in
 * messages of the fixed form below.
 */
#ifndef LIBRING_SRC_BELL_H
#define LIBRING_SRC_BELL_H

#include <stdbool.h>
#include <stdint.h>

struct ring_bell {
    int eventfd; /* -1: none */
    uint32_t incarnation;
};

enum ring_letter_type {
    RING_HELLO_READER = 1, /* descriptor: a pidfd of the sender */
    RING_HELLO_WRITER,     /* likewise */
    RING_LETTER_BELL,      /* to the hub: the sender's own; from it: another's; place,
                            * incarnation, the eventfd */
    /* Without a descriptor: */
    RING_LETTER_GOODBYE, /* the sender has given its role up in order */
    RING_LETTER_CALL,    /* to the hub: ring for me, I can't take the bell of one who sleeps */
};

struct ring_letter {
    uint32_t version; /* RING_VERSION */
    uint32_t type;
    uint32_t place;
    uint32_t incarnation;
};

/* Adds one; a bell that is full is rung already. It never blocks, unless its owner fills
 * it between two system calls of ours: what kind of eventfd it is remains up to him. */
void ring_bell_ring(int eventfd);
/* Makes it unreadable again; false when it was so. */
bool ring_bell_drain(int eventfd);

/* One letter, with a descriptor (-1: none), without blocking. -EAGAIN: the connection takes
 * no more now; -EPIPE: it has ended; -ENOMEM, -EMFILE, … */
int ring_letter_send(int socket, const struct ring_letter *letter, int descriptor);

/* *descriptor is the caller's, -1: none came. -EAGAIN, -EPIPE at the end of the connection,
 * -EPROTO for what is no letter; any other error, such as -EMFILE, leaves the letter where
 * it is, for another time. */
int ring_letter_receive(int socket, struct ring_letter *letter, int *descriptor);

#endif
