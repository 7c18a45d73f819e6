/*
 * A crowd around one small ring: a writer, and readers that come and go, with every policy, some
 * asleep on their semaphore, some in poll, some holding views for a while. Each checks all it sees
 * and aborts when it is wrong; that all of them come to their end is the other half of the test.
 *
 * The same crowd is made of threads (one memory, for ThreadSanitizer) and of processes (which can
 * be killed). It is bounded by the number of messages, not by time, and seeded.
 *
 *     support_crowd_open -> one support_crowd_write, any number of support_crowd_read,
 *     support_crowd_read_all at most once -> support_crowd_close when all have ended
 *
 * Who opened it is the ring's owner, and has to dispatch it all the time.
 */
#ifndef TESTS_SUPPORT_CROWD_H
#define TESTS_SUPPORT_CROWD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "libring/ring.h"

/* Shared by all; in shared memory where they are processes. */
struct support_crowd {
    char name[RING_NAME_MAX + 1];
    struct ring *ring;    /* for the process that opened the crowd */
    size_t slot_sizes[2]; /* one, and 0 */
    uint64_t messages;
    bool polls;   /* the writer sleeps in poll, and not on its semaphore */
    bool hurried; /* no reader is lossless: nobody slows the writer down */
    atomic_bool started;
};

/* `slots` of the pool, `messages` to write, and whether the writer sleeps in poll. Set `hurried`
 * behind it where no reader is to be lossless; there is no support_crowd_read_all then. */
void support_crowd_open(struct support_crowd *crowd, unsigned slots, uint64_t messages, bool polls);

/* Writes from message `from` to the last and finishes. Starts when support_crowd_read_all has
 * attached; a hurried one at once. */
void support_crowd_write(struct support_crowd *crowd, uint64_t from, uint64_t seed);

/* A reader that comes and goes until the stream has ended. */
void support_crowd_read(struct support_crowd *crowd, uint64_t seed);

/* A lossless reader of every message. */
void support_crowd_read_all(struct support_crowd *crowd, uint64_t seed);

/* Requires that nobody is left in the ring, nor anything in /dev/shm. */
void support_crowd_close(struct support_crowd *crowd);

#endif
