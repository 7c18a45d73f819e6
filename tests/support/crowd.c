#include "tests/support/crowd.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

#define HOLDS_MAX 2

static void sleep_in_poll(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (poll(&one, 1, -1) < 0)
        support_require(errno == EINTR);
}

/* A little work, of a length that varies. */
static void linger(uint64_t *random)
{
    for (uint64_t i = support_random(random) % 512; i > 0; i--)
        __asm__ volatile("");
}

void support_crowd_open(struct support_crowd *crowd, unsigned slots, uint64_t messages, bool polls)
{
    *crowd = (struct support_crowd){.slot_size = 300, .messages = messages, .polls = polls};
    support_stage_name(crowd->name, "crowd");
    const struct ring_config config = {
        .slot_size = crowd->slot_size,
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

static void acquire(struct author *author, struct ring_slot *slot)
{
    int error;
    while ((error = ring_writer_acquire(author->writer, slot)) == -EAGAIN) {
        if (author->crowd->polls)
            sleep_in_poll(ring_writer_fd(author->writer));
        else
            support_require(ring_writer_wait(author->writer, -1) == 0);
    }
    support_require(error == 0);
}

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
    acquire(author, &slot);
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
struct visit {
    struct support_crowd *crowd;
    uint64_t random;
    struct ring_reader *reader;
    struct ring_waitset *set; /* NULL: it sleeps on its semaphore */
    enum ring_policy policy;
    struct ring_view held[HOLDS_MAX];
    unsigned count, holds;
    uint64_t next, received, skipped;
};

static uint64_t roll(struct visit *visit, uint64_t sides)
{
    return support_random(&visit->random) % sides;
}

static void attach(struct visit *visit)
{
    for (;;) {
        const struct ring_reader_config config = {
            .policy = visit->policy,
            .holds = visit->holds,
        };
        int error = ring_reader_attach(&visit->reader, visit->crowd->name, &config);
        if (!error)
            return;
        support_require(error == -ENOBUFS);
        visit->holds = 1;
        if (visit->crowd->hurried)
            sched_yield();
        else
            visit->policy = RING_LOSSLESS; /* which needs no promise */
    }
}

static void join_set(struct visit *visit)
{
    support_require(ring_waitset_create(&visit->set, -1) == 0);
    support_require(ring_waitset_add(visit->set, visit->reader, visit) == 0);
}

static void release(struct visit *visit, unsigned which)
{
    support_require(support_message_check(&visit->held[which], visit->crowd->slot_size));
    support_require(ring_reader_release(visit->reader, &visit->held[which]) == 0);
    visit->held[which] = visit->held[--visit->count];
}

static int ask(struct visit *visit, struct ring_view *view)
{
    if (!visit->set)
        return ring_reader_next(visit->reader, view);
    struct ring_reader *reader;
    void *user;
    int error = ring_waitset_next(visit->set, &reader, &user, view);
    support_require(error == -EAGAIN || (reader == visit->reader && user == visit));
    return error;
}

/* 0, or -EPIPE at the end. */
static int receive(struct visit *visit)
{
    struct ring_view *view = &visit->held[visit->count];
    int error;
    while ((error = ask(visit, view)) == -EAGAIN) {
        if (visit->set)
            sleep_in_poll(ring_waitset_fd(visit->set));
        else
            support_require(ring_reader_wait(visit->reader, -1) == 0);
    }
    if (error == -EPIPE)
        return error;
    support_require(error == 0);
    support_require(support_message_check(view, visit->crowd->slot_size));
    support_require(view->skipped == 0 || visit->policy != RING_LOSSLESS);
    support_require(visit->received == 0 || view->seq == visit->next + view->skipped);
    visit->next = view->seq + 1;
    visit->received++;
    visit->skipped += view->skipped;
    visit->count++;
    return 0;
}

static void check_account(const struct visit *visit, bool ended)
{
    struct ring_reader_counts counts;
    ring_reader_counts(visit->reader, &counts);
    support_require(counts.received == visit->received);
    support_require(counts.skipped == visit->skipped);
    support_require(counts.held == visit->count);
    if (!ended)
        return;
    support_require(counts.pending == 0);
    support_require(visit->received == 0 || visit->next == visit->crowd->messages);
}

/* Takes up to `limit` messages; returns whether the stream has ended. */
static bool stay(struct visit *visit, uint64_t limit)
{
    bool ended = false;
    while (!ended && visit->received < limit) {
        bool full = visit->count == visit->holds;
        if (full || (visit->count > 0 && roll(visit, 2)))
            release(visit, (unsigned)roll(visit, visit->count));
        else
            ended = receive(visit) == -EPIPE;
        linger(&visit->random);
    }
    check_account(visit, ended);
    return ended;
}

static void leave(struct visit *visit)
{
    if (roll(visit, 2)) /* else detaching does it */
        while (visit->count > 0)
            release(visit, visit->count - 1);
    ring_reader_detach(&visit->reader);
    ring_waitset_destroy(&visit->set);
}

void support_crowd_read(struct support_crowd *crowd, uint64_t seed)
{
    bool ended = false;
    while (!ended) {
        struct visit visit = {.crowd = crowd, .random = seed};
        visit.policy = crowd->hurried ? RING_LOSSY + (unsigned)roll(&visit, 2)
                                      : (enum ring_policy)roll(&visit, 3);
        visit.holds = 1 + (unsigned)roll(&visit, HOLDS_MAX);
        attach(&visit);
        if (roll(&visit, 2))
            join_set(&visit);
        ended = stay(&visit, roll(&visit, 4) ? 1 + roll(&visit, 100) : UINT64_MAX);
        leave(&visit);
        seed = visit.random;
    }
}

void support_crowd_read_all(struct support_crowd *crowd, uint64_t seed)
{
    struct visit visit = {.crowd = crowd, .random = seed, .policy = RING_LOSSLESS, .holds = 1};
    attach(&visit);
    join_set(&visit);
    atomic_store(&crowd->started, true);
    support_require(stay(&visit, UINT64_MAX));
    support_require(visit.received == crowd->messages);
    leave(&visit);
}
