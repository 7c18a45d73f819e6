/*
 * Sleeping and waking, both directions: readers that wait for a message, the
 * writer that waits for a slot. The rule and its reason stand in layout.h.
 */
#ifndef LIBRING_SRC_WAKE_H
#define LIBRING_SRC_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/src/bell.h"
#include "libring/src/link.h"
#include "libring/src/map.h"

/* The bells of readers that sleep in poll(), by place. */
struct ring_bells {
    struct ring_bell reader[RING_READERS_MAX];
};

void ring_bells_init(struct ring_bells *bells);
void ring_bells_close(struct ring_bells *bells);

/* Takes the bells that have come over the link. An error says that there is one more, which
 * can't be taken now. */
int ring_bells_collect(struct ring_bells *bells, const struct ring_link *link);

/* Writer's side. Call after head or ended has been stored. False when somebody is
 * asleep whose bell is not known: he stays announced, is rung by the hub when his
 * bell is passed on, and then looks again. */
bool ring_wake_readers(struct ring_map *map, const struct ring_bells *bells);

/* Posts every attached reader's semaphore, announced or not: a dead writer may have
 * taken an announcement back and not given the wake-up. */
void ring_wake_all_readers(struct ring_map *map);

/* Reader's side. Call after a hold, a claim or a place was given up. `writer`: its
 * bell as far as we know; a newer one is taken from the link. */
void ring_wake_writer(struct ring_map *map, struct ring_bell *writer, const struct ring_link *link);

/* Posts the writer's semaphore whether or not it is announced asleep: a dead reader
 * may have taken the announcement back and not given the wake-up. */
void ring_wake_writer_anyway(struct ring_map *map);

/* A point on the monotonic clock from now; for a negative timeout, never. */
struct ring_deadline {
    bool never;
    struct timespec at;
};
struct ring_deadline ring_deadline_in(int64_t timeout_ns);
/* Nanoseconds left, at least 0; -1: no limit. */
int64_t ring_deadline_left(const struct ring_deadline *deadline);

/*
 * A process-shared semaphore for one sleeper, that holds one post at most. It is a
 * futex of our own: a sem_t also keeps in memory in which way to ask the kernel, so
 * that a peer who writes there can have us aborted, or kept for ever; here each value
 * is good. Posted, it stays so until it is drained.
 */
void ring_semaphore_post(struct ring_semaphore *semaphore);
/* Takes a left-over post away, before sleep is announced: one that found the sleeper
 * awake already. */
void ring_semaphore_drain(struct ring_semaphore *semaphore);
/*
 * Sleeps until posted, but a second at most. 0: posted, or a second is over: look
 * whether those who would tell are still alive. -ETIMEDOUT when the deadline is over,
 * posted or not: a peer that posts without end must not prolong it.
 */
int ring_semaphore_sleep(struct ring_semaphore *semaphore, const struct ring_deadline *deadline);

#endif
