/*
 * The ledger: what the processes of the torture know of each other, in memory that they share and
 * that has nothing to do with the rings. Against it they check what the rings tell them.
 *
 * Rings are made again and again under the same names, each time as a new epoch, and the sequence
 * numbers say which: a message's number, and with it every byte of the message, belongs to one ring
 * of one epoch. A frame of another ring, or of a dead owner's, can't pass for one of these.
 *
 *     sequence number = ring << 56 | epoch << 32 | message
 */
#ifndef TESTS_TORTURE_LEDGER_H
#define TESTS_TORTURE_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/ring.h"

enum {
    TORTURE_RINGS = 4,
    TORTURE_READERS = 12,
    TORTURE_PROCESSES = 2 * TORTURE_RINGS + TORTURE_READERS,
    TORTURE_EPOCHS = 1 << 17,
    TORTURE_NOTE_SIZE = 16,
};

/* A message is begun, then published, then entered as published; so the head of the ring is never
 * below `published` nor above `begun`, and equal to both when its writer is asked. */
struct torture_epoch {
    atomic_uint_fast64_t begun, published; /* number of the next message */
};

struct torture_ring {
    char name[RING_NAME_MAX + 1];
    atomic_uint tried; /* the newest epoch, before its ring is made */
    atomic_uint epoch; /* the newest whose ring has been made */
    struct torture_epoch epochs[TORTURE_EPOCHS];
};

struct torture_ledger {
    atomic_bool calm; /* nobody leaves a ring or comes to one, nobody dies */
    atomic_bool over; /* all come to their end */
    int over_bell;    /* an eventfd, rung when it is over */
    /* How far each process, and those before it in its part, have got; it never stands still. */
    atomic_uint_fast64_t steps[TORTURE_PROCESSES];
    /* Figures for the report. */
    atomic_uint_fast64_t checked;   /* frames */
    atomic_uint_fast64_t takeovers; /* writers that continued what another had begun */
    atomic_uint_fast64_t refused;   /* writers, because another lived */
    atomic_uint_fast64_t resizes;
    atomic_uint_fast64_t visits; /* attachments */
    struct torture_ring ring[TORTURE_RINGS];
};

/* The slot sizes that rings take turns in; 0 behind the last. */
extern const size_t torture_slot_sizes[];

/* Shared with all that are forked afterwards. */
struct torture_ledger *torture_ledger_create(void);
void torture_ledger_destroy(struct torture_ledger *ledger);

uint64_t torture_first_seq(unsigned ring, unsigned epoch);

/* The epoch that the message belongs to; aborts when it is not one of that ring's. */
struct torture_epoch *torture_epoch_of(struct torture_ledger *ledger, unsigned ring, uint64_t seq);
unsigned torture_epoch_number(uint64_t seq);

#endif
