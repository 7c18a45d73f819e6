/*
 * Peers at a ring's hub that need not keep to any form, letter by letter; and the owner's side of
 * it, served until there is nothing to do.
 */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/src/bell.h"
#include "tests/support/stage.h"

/* A connection to the stage's hub, without a word. */
int support_peer_connect(const struct support_stage *stage);

/* Says hello, with a pidfd of this process. */
void support_peer_hello(int socket, enum ring_letter_type type, uint32_t place);

/* Says goodbye and closes: a peer that only hangs up is watched until its process dies. */
void support_peer_leave(int socket);

/* Takes what has come, and tells whether the hub has hung up. */
bool support_peer_is_hung_up(int socket);

/* Dispatches until there is nothing to do. An owner that spins never comes to that: aborts. */
void support_peer_serve(struct ring *ring);

/* Requires that a reader in poll() and the stage's writer still find each other by the hub. */
void support_peer_service(struct support_stage *stage);

/* How many descriptors this process has, or one or two more; for comparison. */
unsigned support_peer_descriptors(void);

#endif
