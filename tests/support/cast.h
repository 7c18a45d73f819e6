/*
 * Owner, writers and readers of a ring as processes that share nothing but its name: each closes
 * every descriptor that it inherited before it begins.
 *
 *     support_cast_open -> support_cast_owner, _reader, _writer in any order
 *     -> support_join or support_kill of each -> support_cast_close
 *
 * They check what they see and abort when it is wrong. What they do when is told through a page of
 * shared memory, by counters that only grow.
 */
#ifndef TESTS_SUPPORT_CAST_H
#define TESTS_SUPPORT_CAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/reader.h"
#include "libring/ring.h"

#define SUPPORT_CAST_RINGS 3

struct support_cast {
    char name[SUPPORT_CAST_RINGS][RING_NAME_MAX + 1];
    unsigned rings, slots;
    /* Said by them. */
    atomic_uint owned;    /* owners that have made the rings */
    atomic_uint attached; /* readers that are in all rings */
    atomic_uint opened;   /* writers that have opened */
    atomic_uint got;      /* messages, all readers together */
    /* Said to them. */
    atomic_bool serve;        /* the owner may dispatch */
    atomic_uint_fast64_t may; /* messages below it are to be published */
    atomic_bool look;         /* readers may ask for messages */
};

/* `slots` in each of so many rings. The owner serves, and the readers look, from the beginning. */
struct support_cast *support_cast_open(unsigned rings, unsigned slots);
/* Requires that nothing is left in /dev/shm. */
void support_cast_close(struct support_cast *cast);

/* Runs until it is killed. */
pid_t support_cast_owner(struct support_cast *cast);

/* A reader, asleep in poll or in wait, of the messages `from` to `until` of every ring; then it
 * expects `end` (0: detaches at once). A wait is for one ring only. */
struct support_cast_reader {
    bool polls;
    enum ring_policy policy;
    uint64_t from, until;
    int end;
};
pid_t support_cast_reader(struct support_cast *cast, struct support_cast_reader reader);

/* A writer of ring `ring` that publishes the messages from `from` on that it may, up to `until`;
 * then ends without a word, or finishes the stream. With `polls` it sleeps in poll. */
struct support_cast_writer {
    bool polls, finishes;
    unsigned ring;
    uint64_t from, until;
    int end; /* what acquire says when no message below `until` may be published any more */
};
pid_t support_cast_writer(struct support_cast *cast, struct support_cast_writer writer);

/* Yields until the counter is at least so much. */
void support_cast_await(const atomic_uint *counter, unsigned least);

#endif
