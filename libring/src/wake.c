#include "libring/src/wake.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

void ring_bells_init(struct ring_bells *bells)
{
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        bells->reader[place] = (struct ring_bell){.eventfd = -1};
}

void ring_bells_close(struct ring_bells *bells)
{
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        if (bells->reader[place].eventfd >= 0)
            close(bells->reader[place].eventfd);
    ring_bells_init(bells);
}

static void replace(struct ring_bell *old, struct ring_bell bell)
{
    if (old->eventfd >= 0)
        close(old->eventfd);
    *old = bell;
}

int ring_bells_collect(struct ring_bells *bells, const struct ring_link *link)
{
    uint32_t place;
    struct ring_bell bell;
    int error;
    while ((error = ring_link_take(link, &place, &bell)) == 0)
        replace(&bells->reader[place], bell);
    return error == -EAGAIN || error == -EPIPE ? 0 : error;
}

static void post_each(struct ring_map *map, uint64_t places)
{
    for (; places; places &= places - 1)
        ring_semaphore_post(&map->control->place[__builtin_ctzll(places)].semaphore);
}

/* Of these places, those whose present reader's bell we have. */
static uint64_t known_among(const struct ring_map *map, const struct ring_bells *bells,
                            uint64_t places)
{
    uint64_t known = 0;
    for (uint64_t rest = places; rest; rest &= rest - 1) {
        unsigned place = (unsigned)__builtin_ctzll(rest);
        const struct ring_bell *bell = &bells->reader[place];
        if (bell->eventfd >= 0 &&
            bell->incarnation == atomic_load(&map->control->place[place].incarnation))
            known |= rest & -rest;
    }
    return known;
}

bool ring_wake_readers(struct ring_map *map, const struct ring_bells *bells)
{
    struct ring_sleepers *sleepers = &map->control->sleepers;

    /* sc loads after the sc store of head or ended: pair with the announcements
     * in ring_reader_wait and ring_reader_announce. */
    if (atomic_load(&sleepers->semaphore))
        post_each(map, atomic_exchange(&sleepers->semaphore, 0));
    const uint64_t asleep = atomic_load(&sleepers->doorbell);
    if (!asleep)
        return true;
    uint64_t known = known_among(map, bells, asleep);
    uint64_t taken = known & atomic_fetch_and(&sleepers->doorbell, ~known);
    uint64_t waiting = known_among(map, bells, taken);
    /* A place that changed hands in between: the announcement may be the new reader's. */
    if (waiting != taken)
        atomic_fetch_or(&sleepers->doorbell, taken & ~waiting);
    for (uint64_t rest = waiting; rest; rest &= rest - 1)
        ring_bell_ring(bells->reader[__builtin_ctzll(rest)].eventfd);
    return known == asleep && waiting == taken;
}

void ring_wake_all_readers(struct ring_map *map)
{
    atomic_store(&map->control->sleepers.semaphore, 0);
    post_each(map, atomic_load(&map->control->table.attached));
}

static bool is_current(const struct ring_map *map, const struct ring_bell *writer)
{
    return writer->eventfd >= 0 &&
           writer->incarnation == atomic_load(&map->control->room.incarnation);
}

/* The writer's present bell; false where it has not come yet. */
static bool have_writers_bell(const struct ring_map *map, struct ring_bell *writer,
                              const struct ring_link *link)
{
    uint32_t place;
    struct ring_bell bell;
    while (!is_current(map, writer)) {
        int error = ring_link_take(link, &place, &bell);
        if (error && error != -EAGAIN && error != -EPIPE)
            ring_link_call(link);
        if (error)
            return false;
        replace(writer, bell);
    }
    return true;
}

/* Takes the announcement back and rings. Where the writer was replaced in between, the
 * announcement was the new one's, who is to be rung; and where its bell has not come,
 * it stays announced, and the hub rings when it passes the bell on. */
static void ring_writers_bell(struct ring_map *map, struct ring_bell *writer,
                              const struct ring_link *link)
{
    const uint32_t bit = RING_ASLEEP_DOORBELL;
    /* Not so many writers come and go meanwhile, but a peer can write what it likes. */
    for (int tries = 0; tries < RING_READERS_MAX && have_writers_bell(map, writer, link); tries++) {
        if (!(atomic_fetch_and(&map->control->room.asleep, ~bit) & bit))
            return;
        if (is_current(map, writer)) {
            ring_bell_ring(writer->eventfd);
            return;
        }
        atomic_fetch_or(&map->control->room.asleep, bit);
    }
}

void ring_wake_writer(struct ring_map *map, struct ring_bell *writer, const struct ring_link *link)
{
    struct ring_room *room = &map->control->room;

    /* sc load after the sc store of what gave room: pairs with the announcement
     * in ring_writer_wait and ring_writer_acquire. */
    uint32_t asleep = atomic_load(&room->asleep);
    if (asleep & RING_ASLEEP_SEMAPHORE)
        if (atomic_fetch_and(&room->asleep, ~(uint32_t)RING_ASLEEP_SEMAPHORE) &
            RING_ASLEEP_SEMAPHORE)
            ring_semaphore_post(&room->semaphore);
    if (asleep & RING_ASLEEP_DOORBELL)
        ring_writers_bell(map, writer, link);
}

void ring_wake_writer_anyway(struct ring_map *map)
{
    ring_semaphore_post(&map->control->room.semaphore);
}

struct ring_deadline ring_deadline_in(int64_t timeout_ns)
{
    struct ring_deadline deadline = {.never = timeout_ns < 0};
    if (deadline.never)
        return deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline.at);
    int64_t ns = deadline.at.tv_nsec + timeout_ns % SECOND_NS;
    deadline.at.tv_sec += timeout_ns / SECOND_NS + ns / SECOND_NS;
    deadline.at.tv_nsec = ns % SECOND_NS;
    return deadline;
}

int64_t ring_deadline_left(const struct ring_deadline *deadline)
{
    struct timespec now;
    if (deadline->never)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (deadline->at.tv_sec - now.tv_sec > INT64_MAX / SECOND_NS - 1)
        return INT64_MAX;
    int64_t left =
        (deadline->at.tv_sec - now.tv_sec) * SECOND_NS + deadline->at.tv_nsec - now.tv_nsec;
    return left > 0 ? left : 0;
}

/* Between processes, so never with FUTEX_PRIVATE_FLAG. */
static long futex(struct ring_semaphore *semaphore, int operation, uint32_t value,
                  const struct timespec *until)
{
    return syscall(SYS_futex, &semaphore->posted, operation, value, until, NULL,
                   FUTEX_BITSET_MATCH_ANY);
}

void ring_semaphore_post(struct ring_semaphore *semaphore)
{
    atomic_store(&semaphore->posted, 1);
    /* Also where it was posted already: who did that may have died before this. */
    futex(semaphore, FUTEX_WAKE, 1, NULL);
}

void ring_semaphore_drain(struct ring_semaphore *semaphore)
{
    atomic_store(&semaphore->posted, 0);
}

int ring_semaphore_sleep(struct ring_semaphore *semaphore, const struct ring_deadline *deadline)
{
    int64_t left = ring_deadline_left(deadline);
    struct ring_deadline slice = ring_deadline_in(left >= 0 && left < SECOND_NS ? left : SECOND_NS);
    long result;
    do /* while it is 0, until that time on CLOCK_MONOTONIC */
        result = futex(semaphore, FUTEX_WAIT_BITSET, 0, &slice.at);
    while (result < 0 && errno == EINTR);
    return ring_deadline_left(deadline) == 0 ? -ETIMEDOUT : 0;
}
