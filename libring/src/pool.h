/*
 * The writer's private view of its slots: which carry a message, which are free,
 * and which to take next. Nothing of it is shared; a new writer rebuilds it from
 * the slots' words.
 *
 * Each slot is in exactly one state: free (on a stack), acquired (the caller is
 * filling it), or carrying a message (in a queue, oldest first). Acquired or carrying,
 * it may be held by the writer, and then is not claimed.
 */
#ifndef LIBRING_SRC_POOL_H
#define LIBRING_SRC_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/src/map.h"

struct ring_pool {
    struct ring_map *map;
    uint64_t head; /* of the message published next; shared memory gets a copy */
    uint32_t slots;
    uint32_t working_set; /* slots to use before one is used again */
    uint32_t *free;       /* stack */
    uint32_t free_count;
    uint32_t *carrying; /* circular, the queue's length, which is a power of two */
    uint32_t mask;      /* that less one */
    uint32_t first, carrying_count;
    uint64_t *seq;                 /* what each carrying slot carries */
    struct ring_frames **acquired; /* of an acquired slot, where it lies; else NULL */
    struct ring_frames **held;     /* of a slot held by the writer, likewise */
    uint32_t held_count;
    uint64_t passed;   /* messages below it are through for all, and stay so */
    uint64_t demanded; /* messages below it are no lossless reader's, and stay so */
};

/* Reads the slots' words and takes back what an earlier writer had acquired. The
 * caller has the writer's lock. `map` must outlive the pool. -ENOMEM; -EPROTO when no
 * writer can have left it so. */
int ring_pool_init(struct ring_pool *pool, struct ring_map *map);
void ring_pool_finish(struct ring_pool *pool);

/* There are slots of this size now: sets how many to keep in use. */
void ring_pool_fit(struct ring_pool *pool, uint64_t slot_stride);

/* Claims a slot, which the caller enters into `acquired`; -EAGAIN when none can be
 * had. */
int ring_pool_acquire(struct ring_pool *pool, uint32_t *slot);
/* An acquired slot now carries `seq`, the newest message. */
void ring_pool_carry(struct ring_pool *pool, uint32_t slot, uint64_t seq);
/* An acquired slot is free again. */
void ring_pool_cancel(struct ring_pool *pool, uint32_t slot);

#endif
