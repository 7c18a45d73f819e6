#include "libring/src/place.h"

#include <errno.h>
#include <unistd.h>

#include "libring/src/lock.h"

static uint64_t bit_of(unsigned place)
{
    return UINT64_C(1) << place;
}

void ring_place_clear(struct ring_map *map, unsigned place)
{
    struct ring_control *control = map->control;
    const uint64_t mask = ~bit_of(place);

    for (uint32_t i = 0; i < map->geometry.slots; i++)
        if (atomic_load_explicit(&control->slot[i].holders, memory_order_relaxed) & ~mask)
            atomic_fetch_and(&control->slot[i].holders, mask);
    atomic_fetch_and(&control->sleepers.semaphore, mask);
    atomic_fetch_and(&control->sleepers.doorbell, mask);
    atomic_store_explicit(&control->place[place].holds, 0, memory_order_relaxed);
    /* Last: until here the place still counts as taken, and is cleared again by
     * the next one should this process die. */
    atomic_fetch_and(&control->table.attached, mask);
}

/* A bit for each place that is taken, or was about to be when its reader died. */
static uint64_t places_in_use(const struct ring_map *map)
{
    uint64_t places = atomic_load(&map->control->table.attached);
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        if (atomic_load(&map->control->place[i].holds))
            places |= bit_of(i);
    return places;
}

int ring_place_reap(struct ring_map *map)
{
    int reaped = 0;
    for (uint64_t places = places_in_use(map); places; places &= places - 1) {
        unsigned place = (unsigned)__builtin_ctzll(places);
        int error = ring_lock(map->control_fd, RING_LOCK_PLACE + (int)place);
        if (error == -EBUSY)
            continue;
        if (error)
            return error;
        /* Under the lock: nobody else may have cleared it in the meantime. */
        if (places_in_use(map) & bit_of(place)) {
            ring_place_clear(map, place);
            reaped++;
        }
        ring_unlock(map->control_fd, RING_LOCK_PLACE + (int)place);
    }
    return reaped;
}

/* Slots that a reader may keep for as long as it likes. A lossless one that holds
 * all it may has to release before anything goes on, and is waited for; but with
 * one less it may itself be waiting for the writer, which must not wait for it. */
static uint64_t promise(const struct ring_place *place)
{
    uint64_t holds = atomic_load(&place->holds);
    return holds && atomic_load(&place->policy) == RING_LOSSLESS ? holds - 1 : holds;
}

static uint64_t promised(const struct ring_map *map)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < RING_READERS_MAX; i++)
        sum += promise(&map->control->place[i]);
    return sum;
}

/* Announces what this reader may hold, then looks whether all fit: of two that
 * attach at once at least one sees the other, so the pool is never promised
 * twice; at worst both are refused. */
static int promise_holds(struct ring_map *map, unsigned place, enum ring_policy policy,
                         unsigned holds)
{
    struct ring_place *own = &map->control->place[place];
    atomic_store(&own->policy, (uint32_t)policy);
    atomic_store(&own->holds, holds);
    /* One is filled, one is the newest. */
    const uint64_t spare = map->geometry.slots - 2 - map->geometry.writer_holds;
    if (promise(own) == 0 || promised(map) <= spare)
        return 0;
    atomic_store(&own->holds, 0);
    return -ENOBUFS;
}

/* The place's lock is ours: nobody else writes to it now. A dead predecessor's
 * traces are cleared, whatever they are. */
static int enter(struct ring_map *map, unsigned place, enum ring_policy policy, unsigned holds)
{
    struct ring_control *control = map->control;
    struct ring_place *own = &control->place[place];

    ring_place_clear(map, place);
    int error = promise_holds(map, place, policy, holds);
    if (error)
        return error;

    atomic_store(&own->pid, getpid());
    atomic_fetch_add(&own->incarnation, 1);
    atomic_store(&own->received, 0);
    atomic_store(&own->skipped, 0);
    /* Stands in the table with a cursor that holds everything back, then reads
     * head: see "What may be claimed" in layout.h. */
    uint64_t start = atomic_load(&control->stream.head);
    atomic_store(&own->start, start);
    atomic_store(&own->cursor, start);
    atomic_fetch_or(&control->table.attached, bit_of(place));
    start = atomic_load(&control->stream.head);
    atomic_store(&own->start, start);
    atomic_store(&own->cursor, start);
    return 0;
}

int ring_place_take(struct ring_map *map, enum ring_policy policy, unsigned holds)
{
    for (unsigned place = 0; place < RING_READERS_MAX; place++) {
        int error = ring_lock(map->control_fd, RING_LOCK_PLACE + (int)place);
        if (error == -EBUSY)
            continue;
        if (!error)
            error = enter(map, place, policy, holds);
        return error ? error : (int)place;
    }
    return -EUSERS;
}
