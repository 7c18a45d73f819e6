#include "libring/src/pool.h"

#include <errno.h>
#include <stdlib.h>

#include "libring/reader.h"

/* Slots in rotation should together be large enough that a slot being filled has
 * left the private cache of the processor that read it, and small enough that all
 * stay in the shared one. Copying frames was measured fastest between 3 and
 * 12 MB; fewer slots than that are slower by up to four times, more by two. */
#define WORKING_SET_BYTES (4u << 20)

static int by_seq(const void *a, const void *b, void *seq)
{
    const uint64_t *seqs = seq;
    uint64_t left = seqs[*(const uint32_t *)a], right = seqs[*(const uint32_t *)b];
    return (left > right) - (left < right);
}

static void append(struct ring_pool *pool, uint32_t slot, uint64_t seq)
{
    pool->seq[slot] = seq;
    pool->carrying[(pool->first + pool->carrying_count++) & pool->mask] = slot;
}

/* Sorts the slots into carrying and free by their words. One that was acquired,
 * or labelled but not published, by a writer that died is free. */
static int rebuild(struct ring_pool *pool)
{
    struct ring_control *control = pool->map->control;
    const uint64_t head = atomic_load(&control->stream.head);
    /* Nor can so many have been published. */
    if (head < pool->map->first_seq || head - pool->map->first_seq > RING_FIRST_SEQ_MAX)
        return -EPROTO;

    pool->head = head;
    for (uint32_t slot = pool->slots; slot-- > 0;) {
        uint64_t seq = atomic_load(&control->slot[slot].seq);
        if (seq != RING_NO_SEQ && seq < head) {
            append(pool, slot, seq);
            continue;
        }
        atomic_store(&control->slot[slot].seq, RING_NO_SEQ);
        pool->free[pool->free_count++] = slot;
    }
    qsort_r(pool->carrying, pool->carrying_count, sizeof *pool->carrying, by_seq, pool->seq);
    return 0;
}

int ring_pool_init(struct ring_pool *pool, struct ring_map *map)
{
    const uint32_t slots = map->geometry.slots;
    *pool = (struct ring_pool){
        .map = map,
        .slots = slots,
        .free = calloc(slots, sizeof *pool->free),
        .carrying = calloc(map->geometry.queue_length, sizeof *pool->carrying),
        .mask = map->geometry.queue_length - 1,
        .seq = calloc(slots, sizeof *pool->seq),
        .acquired = calloc(slots, sizeof(struct ring_frames *)),
        .held = calloc(slots, sizeof(struct ring_frames *)),
    };
    int error = -ENOMEM;
    if (pool->free && pool->carrying && pool->seq && pool->acquired && pool->held)
        error = rebuild(pool);
    if (error)
        ring_pool_finish(pool);
    return error;
}

void ring_pool_finish(struct ring_pool *pool)
{
    free(pool->free);
    free(pool->carrying);
    free(pool->seq);
    free(pool->acquired);
    free(pool->held);
    *pool = (struct ring_pool){0};
}

/* Announce, then look: see "Taking a view and claiming a slot" in layout.h. */
static bool claim(struct ring_pool *pool, uint32_t slot)
{
    struct ring_slot_state *state = &pool->map->control->slot[slot];

    if (pool->held[slot])
        return false;
    /* sc: this is also the second look of a writer that has announced its sleep. */
    if (atomic_load(&state->holders))
        return false;
    uint64_t seq = atomic_load_explicit(&state->seq, memory_order_relaxed);
    atomic_store(&state->seq, RING_NO_SEQ);
    /* sc; also acquire: pairs with the release in let_go, so that the last look
     * at the old message is over before the new one is written. */
    if (atomic_load(&state->holders) == 0) {
        /* Release: the message's memory may be given back; pairs with oldest_in_use. */
        atomic_store_explicit(&state->generation, 0, memory_order_release);
        return true;
    }
    atomic_store(&state->seq, seq);
    return false;
}

void ring_pool_fit(struct ring_pool *pool, uint64_t slot_stride)
{
    uint64_t working_set = WORKING_SET_BYTES / slot_stride;
    if (working_set < 2)
        working_set = 2;
    pool->working_set = working_set < pool->slots ? (uint32_t)working_set : pool->slots;
    /* Those that a dead writer left: a claim makes them forget where their message lay, and
     * they may be at rest here for long. */
    for (uint32_t i = 0; i < pool->free_count; i++)
        claim(pool, pool->free[i]);
}

/* Brings `passed` and `demanded` up to date from the readers' cursors. */
static void read_cursors(struct ring_pool *pool)
{
    const struct ring_control *control = pool->map->control;
    uint64_t demanded = pool->head ? pool->head - 1 : 0; /* the newest stays */
    uint64_t passed = demanded;

    uint64_t attached = atomic_load(&control->table.attached);
    for (; attached; attached &= attached - 1) {
        const struct ring_place *place = &control->place[__builtin_ctzll(attached)];
        uint32_t policy = atomic_load_explicit(&place->policy, memory_order_relaxed);
        if (policy == RING_LATEST)
            continue;
        uint64_t cursor = atomic_load(&place->cursor);
        if (cursor < passed)
            passed = cursor;
        if (policy == RING_LOSSLESS && cursor < demanded)
            demanded = cursor;
    }
    pool->passed = passed;
    pool->demanded = demanded;
}

/* Takes the oldest message below `limit` that nobody holds. */
static bool take_below(struct ring_pool *pool, uint64_t limit, uint32_t *slot)
{
    for (uint32_t i = 0; i < pool->carrying_count; i++) {
        uint32_t *entry = &pool->carrying[(pool->first + i) & pool->mask];
        if (pool->seq[*entry] >= limit)
            return false;
        if (!claim(pool, *entry))
            continue;
        *slot = *entry;
        for (; i > 0; i--) { /* close the gap towards the front, where few are */
            uint32_t *before = &pool->carrying[(pool->first + i - 1) & pool->mask];
            *entry = *before;
            entry = before;
        }
        pool->first = (pool->first + 1) & pool->mask;
        pool->carrying_count--;
        return true;
    }
    return false;
}

static bool take_free(struct ring_pool *pool, uint32_t *slot)
{
    for (uint32_t i = pool->free_count; i-- > 0;) {
        if (!claim(pool, pool->free[i]))
            continue; /* a reader is just finding out that it is too late */
        *slot = pool->free[i];
        pool->free[i] = pool->free[--pool->free_count];
        return true;
    }
    return false;
}

static bool take_any(struct ring_pool *pool, uint32_t *slot)
{
    if (pool->slots - pool->free_count < pool->working_set && take_free(pool, slot))
        return true;
    if (take_below(pool, pool->passed, slot))
        return true;
    read_cursors(pool);
    return take_below(pool, pool->passed, slot) || take_free(pool, slot) ||
           take_below(pool, pool->demanded, slot);
}

int ring_pool_acquire(struct ring_pool *pool, uint32_t *slot)
{
    return take_any(pool, slot) ? 0 : -EAGAIN;
}

void ring_pool_carry(struct ring_pool *pool, uint32_t slot, uint64_t seq)
{
    pool->acquired[slot] = NULL;
    pool->head = seq + 1;
    append(pool, slot, seq);
}

void ring_pool_cancel(struct ring_pool *pool, uint32_t slot)
{
    pool->acquired[slot] = NULL;
    pool->free[pool->free_count++] = slot;
}
