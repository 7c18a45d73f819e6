#include "libring/reader.h"

#include <errno.h>

#include "libring/waitset.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/visit.h"
#include "tests/torture/part.h"

/* A reader's visit to one ring. */
struct table {
    struct support_visit visit; /* reader NULL: not there, or not any more */
    unsigned ring;
    unsigned epoch;     /* the newest before it attached, */
    uint64_t low, high; /* and what of it was published then, and begun when it had attached */
    bool pins;          /* keeps its oldest view to the end */
};

/* All of them that one process makes at once. */
struct tour {
    struct torture_part *part;
    struct ring_waitset *set; /* NULL: one ring, asleep on its semaphore */
    struct table table[TORTURE_RINGS];
    unsigned here; /* of them */
    uint64_t received;
};

/* -- attaching ----------------------------------------------------------------------------------
 */

static int attach(struct table *table)
{
    struct support_visit *visit = &table->visit;
    int error = support_visit_attach(visit);
    if (error == -ENOBUFS) {
        visit->holds = 1;
        visit->policy = RING_LOSSLESS; /* which needs no promise */
        error = support_visit_attach(visit);
    }
    if (error)
        torture_require_fate(error);
    return error;
}

static void come(struct tour *tour, struct table *table)
{
    struct torture_part *part = tour->part;
    struct torture_ring *entry = &part->ledger->ring[table->ring];
    table->visit = (struct support_visit){
        .name = entry->name,
        .slot_sizes = torture_slot_sizes,
        .policy = (enum ring_policy)torture_roll(part, 3),
        .holds = 1 + (unsigned)torture_roll(part, SUPPORT_VISIT_HOLDS),
    };
    table->epoch = atomic_load(&entry->epoch);
    table->low = atomic_load(&entry->epochs[table->epoch].published);
    if (attach(table) != 0)
        return;
    table->high = atomic_load(&entry->epochs[table->epoch].begun);
    table->pins = table->visit.holds > 1 && torture_roll(part, 2);
    atomic_fetch_add(&part->ledger->visits, 1);
    tour->here++;
}

static void join_set(struct tour *tour)
{
    support_require(ring_waitset_create(&tour->set, -1) == 0);
    for (unsigned i = 0; i < TORTURE_RINGS; i++) {
        struct support_visit *visit = &tour->table[i].visit;
        if (!visit->reader)
            continue;
        int error = ring_waitset_add(tour->set, visit->reader, visit);
        support_require(error == 0 || error == -EPIPE || error == -EAGAIN || error == -EMFILE);
        if (error) { /* the owner has just died, or is stopped */
            support_visit_detach(visit);
            tour->here--;
        }
    }
}

/* -- leaving ------------------------------------------------------------------------------------
 */

/* Received + skipped = published, as the ledger knows it, which is not told by the ring. */
static void check_account(const struct tour *tour, const struct table *table)
{
    const struct support_visit *visit = &table->visit;
    struct ring_reader_counts counts;
    if (visit->received == 0)
        return;
    struct torture_epoch *epoch = torture_epoch_of(tour->part->ledger, table->ring, visit->start);
    const uint64_t low = atomic_load(&epoch->published);
    support_visit_account(visit, &counts);
    const uint64_t high = atomic_load(&epoch->begun);
    const uint64_t head = visit->start + counts.received + counts.skipped + counts.pending;
    support_require(low <= head && head <= high);
    if (torture_epoch_number(visit->start) == table->epoch)
        support_require(table->low <= visit->start && visit->start <= table->high);
}

static void leave(struct tour *tour, struct table *table)
{
    check_account(tour, table);
    support_visit_detach(&table->visit);
    tour->here--;
}

/* -- staying ------------------------------------------------------------------------------------
 */

static void release_one(struct tour *tour, struct table *table)
{
    struct support_visit *visit = &table->visit;
    const unsigned first = table->pins && visit->count > 1;
    support_visit_release(visit, first + (unsigned)torture_roll(tour->part, visit->count - first));
}

/* Who may hold no more has to give something back before it sleeps: a lossless one because its
 * writer may wait for that, all of them because else none would be woken. */
static void make_room(struct tour *tour)
{
    unsigned full = 0;
    for (unsigned i = 0; i < TORTURE_RINGS; i++) {
        struct table *table = &tour->table[i];
        const struct support_visit *visit = &table->visit;
        if (!visit->reader || visit->count < visit->holds)
            continue;
        if (visit->policy == RING_LOSSLESS || ++full == tour->here || torture_roll(tour->part, 2))
            release_one(tour, table);
    }
}

static struct support_visit *first_of(struct tour *tour)
{
    struct table *table = tour->table;
    while (!table->visit.reader)
        table++;
    return &table->visit;
}

static struct table *table_of(struct support_visit *visit)
{
    return (struct table *)(void *)visit; /* its first member */
}

static void sleep_for_message(struct tour *tour, struct ring_reader *reader)
{
    if (tour->set || torture_roll(tour->part, 8)) {
        support_sleep_for_message(tour->set, reader);
        return;
    }
    int error = ring_reader_wait(reader, (int64_t)torture_roll(tour->part, 1000000));
    support_require(error == 0 || error == -ETIMEDOUT);
}

static void receive(struct tour *tour)
{
    struct support_visit *visit = first_of(tour);
    make_room(tour);
    int error = support_visit_next(&visit, tour->set);
    if (error == -EAGAIN) {
        sleep_for_message(tour, visit->reader);
    } else if (error == -EPIPE) {
        leave(tour, table_of(visit));
    } else {
        torture_epoch_of(tour->part->ledger, table_of(visit)->ring, visit->next - 1);
        tour->received++;
        atomic_fetch_add(&tour->part->ledger->checked, 1);
    }
}

static void release_any(struct tour *tour)
{
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        if (tour->table[i].visit.count > tour->table[i].pins && torture_roll(tour->part, 2))
            release_one(tour, &tour->table[i]);
}

static bool may_leave(const struct tour *tour)
{
    return !atomic_load(&tour->part->ledger->calm) && !atomic_load(&tour->part->ledger->over);
}

static void stay(struct tour *tour, uint64_t limit)
{
    while (tour->here > 0 && (tour->received < limit || !may_leave(tour))) {
        torture_step(tour->part);
        if (torture_roll(tour->part, 2))
            release_any(tour);
        if (torture_roll(tour->part, 256) == 0)
            torture_rest(tour->part);
        torture_linger(tour->part);
        receive(tour);
    }
}

static void make_tour(struct torture_part *part)
{
    struct tour tour = {.part = part};
    const bool many = torture_roll(part, 2);
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        tour.table[i].ring = i;
    if (!many)
        come(&tour, &tour.table[torture_roll(part, TORTURE_RINGS)]);
    for (unsigned i = 0; i < TORTURE_RINGS && many; i++)
        if (torture_roll(part, 2))
            come(&tour, &tour.table[i]);
    if (many || torture_roll(part, 2))
        join_set(&tour);
    if (tour.here == 0)
        torture_rest(part);
    stay(&tour, 1 + torture_roll(part, 300));
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        if (tour.table[i].visit.reader)
            leave(&tour, &tour.table[i]);
    ring_waitset_destroy(&tour.set);
}

void torture_read(struct torture_part *part)
{
    while (!atomic_load(&part->ledger->over) && torture_roll(part, 8)) {
        while (atomic_load(&part->ledger->calm))
            torture_rest(part);
        make_tour(part);
    }
}
