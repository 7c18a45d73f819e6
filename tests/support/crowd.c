#include "tests/support/crowd.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"
#include "tests/support/visit.h"

#define HOLDS_MAX 2

/* A little work, of a length that varies. */
static void linger(uint64_t *random)
{
    for (uint64_t i = support_random(random) % 512; i > 0; i--)
        __asm__ volatile("");
}

void support_crowd_open(struct support_crowd *crowd, unsigned slots, uint64_t messages, bool polls)
{
    *crowd = (struct support_crowd){.slot_sizes = {300}, .messages = messages, .polls = polls};
    support_stage_name(crowd->name, "crowd");
    const struct ring_config config = {
        .slot_size = crowd->slot_sizes[0],
        .slots = slots,
        .note_size = 16,
    };
    support_require(ring_create(&crowd->ring, crowd->name, &config) == 0);
}

void support_crowd_close(struct support_crowd *crowd)
{
    struct ring_info info;
    support_require(ring_reap(crowd->ring) == 0);
    support_require(ring_inspect(crowd->ring, &info) == 0);
    support_require(info.readers == 0 && info.writer == 0 && info.ended);
    support_require(info.published == crowd->messages);
    ring_destroy(&crowd->ring);
    char *left = support_shm_entries(crowd->name);
    support_require(left[0] == '\0');
    free(left);
}

/* -- the writer ---------------------------------------------------------------------------------
 */

struct author {
    struct support_crowd *crowd;
    struct ring_writer *writer;
    uint64_t next, random;
};

/* A slot that is begun and given up, now and then. */
static void scribble(struct author *author)
{
    struct ring_slot slot;
    if (support_random(&author->random) % 16 != 0 ||
        ring_writer_acquire(author->writer, &slot) != 0)
        return;
    support_message_fill(&slot, ~author->next);
    support_require(ring_writer_cancel(author->writer, &slot) == 0);
}

static void write_one(struct author *author)
{
    struct ring_slot slot;
    uint64_t seq;
    scribble(author);
    support_require(support_acquire(author->writer, author->crowd->polls, &slot) == 0);
    size_t used = support_message_fill(&slot, author->next);
    linger(&author->random);
    support_require(ring_writer_publish(author->writer, &slot, used, &seq) == 0);
    support_require(seq == author->next);
    author->next++;
}

void support_crowd_write(struct support_crowd *crowd, uint64_t from, uint64_t seed)
{
    struct author author = {.crowd = crowd, .next = from, .random = seed};
    support_require(ring_writer_open(&author.writer, crowd->name, NULL) == 0);
    if (crowd->polls)
        ring_writer_fd(author.writer); /* from now on acquire asks to be rung */
    while (!crowd->hurried && !atomic_load(&crowd->started))
        sched_yield();
    while (author.next < crowd->messages)
        write_one(&author);
    support_require(ring_writer_finish(author.writer) == 0);
    ring_writer_close(&author.writer);
}

/* -- the readers --------------------------------------------------------------------------------
 */

/* One attachment of a reader. */
struct guest {
    struct support_crowd *crowd;
    uint64_t random;
    struct support_visit visit;
    struct ring_waitset *set; /* NULL: it sleeps on its semaphore */
};

static uint64_t roll(struct guest *guest, uint64_t sides)
{
    return support_random(&guest->random) % sides;
}

static void attach(struct guest *guest)
{
    guest->visit.name = guest->crowd->name;
    guest->visit.slot_sizes = guest->crowd->slot_sizes;
    for (;;) {
        int error = support_visit_attach(&guest->visit);
        if (!error)
            return;
        support_require(error == -ENOBUFS);
        guest->visit.holds = 1;
        if (guest->crowd->hurried)
            sched_yield();
        else
            guest->visit.policy = RING_LOSSLESS; /* which needs no promise */
    }
}

static void join_set(struct guest *guest)
{
    support_require(ring_waitset_create(&guest->set, -1) == 0);
    support_require(ring_waitset_add(guest->set, guest->visit.reader, &guest->visit) == 0);
}

/* 0, or -EPIPE at the end. */
static int receive(struct guest *guest)
{
    struct support_visit *visit = &guest->visit;
    int error;
    while ((error = support_visit_next(&visit, guest->set)) == -EAGAIN)
        support_sleep_for_message(guest->set, visit->reader);
    return error;
}

static void check_account(const struct guest *guest, bool ended)
{
    const struct support_visit *visit = &guest->visit;
    struct ring_reader_counts counts;
    support_visit_account(visit, &counts);
    if (!ended)
        return;
    support_require(counts.pending == 0);
    support_require(visit->received == 0 || visit->next == guest->crowd->messages);
}

/* Takes up to `limit` messages; returns whether the stream has ended. */
static bool stay(struct guest *guest, uint64_t limit)
{
    struct support_visit *visit = &guest->visit;
    bool ended = false;
    while (!ended && visit->received < limit) {
        bool full = visit->count == visit->holds;
        if (full || (visit->count > 0 && roll(guest, 2)))
            support_visit_release(visit, (unsigned)roll(guest, visit->count));
        else
            ended = receive(guest) == -EPIPE;
        linger(&guest->random);
    }
    check_account(guest, ended);
    return ended;
}

static void leave(struct guest *guest)
{
    if (roll(guest, 2)) /* else detaching does it */
        while (guest->visit.count > 0)
            support_visit_release(&guest->visit, guest->visit.count - 1);
    support_visit_detach(&guest->visit);
    ring_waitset_destroy(&guest->set);
}

void support_crowd_read(struct support_crowd *crowd, uint64_t seed)
{
    bool ended = false;
    while (!ended) {
        struct guest guest = {.crowd = crowd, .random = seed};
        guest.visit.policy = crowd->hurried ? RING_LOSSY + (unsigned)roll(&guest, 2)
                                            : (enum ring_policy)roll(&guest, 3);
        guest.visit.holds = 1 + (unsigned)roll(&guest, HOLDS_MAX);
        attach(&guest);
        if (roll(&guest, 2))
            join_set(&guest);
        ended = stay(&guest, roll(&guest, 4) ? 1 + roll(&guest, 100) : UINT64_MAX);
        leave(&guest);
        seed = guest.random;
    }
}

void support_crowd_read_all(struct support_crowd *crowd, uint64_t seed)
{
    struct guest guest = {
        .crowd = crowd,
        .random = seed,
        .visit = {.policy = RING_LOSSLESS, .holds = 1},
    };
    attach(&guest);
    join_set(&guest);
    atomic_store(&crowd->started, true);
    support_require(stay(&guest, UINT64_MAX));
    support_require(guest.visit.received == crowd->messages);
    leave(&guest);
}
