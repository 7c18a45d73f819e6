/*
 * The parts that processes play in the torture: an owner and a writer for each ring, and readers
 * that roam. Each checks all it sees and aborts when it is wrong; each may be stopped or killed at
 * any instruction, and is then played on by the next process.
 */
#ifndef TESTS_TORTURE_PART_H
#define TESTS_TORTURE_PART_H

#include <stdint.h>

#include "tests/torture/ledger.h"

struct torture_part {
    struct torture_ledger *ledger;
    unsigned process; /* index in ledger.steps */
    unsigned ring;    /* of an owner or a writer */
    uint64_t random;
};

/* Makes the ring, serves it, resizes it and writes to it now and then; ends when the stream has
 * ended and all others have left. */
void torture_own(struct torture_part *part);

/* One writer after the other in this process; ends now and then, and when it is over. */
void torture_write(struct torture_part *part);

/* The owner is `ring` in this thread, or NULL. Opens the ring as its writer, if it can, and writes
 * for a while; -EBUSY where another lives, -ENOENT where there is no ring. */
int torture_write_a_while(struct torture_part *part, struct ring *owner);

/* Opens the ring as its writer, if it can, and ends the stream. */
void torture_finish(struct torture_part *part, struct ring *owner);

/* One visit to one or several rings after the other; ends now and then, and when it is over. */
void torture_read(struct torture_part *part);

/*
 * For them: aborts where `error` is not one that an owner's fate explains, to one who comes to a
 * ring: -ENOENT, it is dead; -EAGAIN or -EMFILE, it is stopped, and more have said hello
 * meanwhile than it may leave unheard.
 */
void torture_require_fate(int error);

/* A number below `sides`. */
uint64_t torture_roll(struct torture_part *part, uint64_t sides);
/* Here something went on. */
void torture_step(struct torture_part *part);
/* A little work, or a little sleep, of any length; nothing depends on it. */
void torture_linger(struct torture_part *part);
void torture_rest(struct torture_part *part);

#endif
