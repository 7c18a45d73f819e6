#include "tests/support/survivors.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"

enum {
    SLOTS = SUPPORT_SURVIVORS_SLOTS,
    MANY = 2 * SLOTS + 1, /* messages: more than the pool can hide */
    FOR_EVER_MS = 20000,  /* what sleeps as long as that is not woken any more */
    NEVER = INT32_MAX,    /* a message that nobody will publish */
};

/* The readers here, by their places. */
enum { KEEPER, NEWEST, ALL, PLACES };

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* -- opening and closing ------------------------------------------------------------------------
 */

void support_survivors_open(struct support_survivors *s, enum support_guest_kind kind)
{
    *s = (struct support_survivors){.guest_pidfd = -1};
    struct support_stage *stage = &s->stage;
    support_stage_open_without_writer(stage, SLOTS);
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    s->control = support_control_map(stage->name);
    s->keeper = support_stage_attach(stage, RING_LOSSY, 1);
    s->newest = support_stage_attach(stage, RING_LATEST, 1);
    s->all = support_stage_attach(stage, RING_LOSSLESS, 1);
    support_require(ring_waitset_create(&s->set, -1) == 0);
    support_require(ring_waitset_add(s->set, s->all, NULL) == 0);
    s->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    support_require(s->news >= 0);
    s->guest = support_guest_create(stage->name, kind, s->news);
    support_stage_publish(stage);
    s->kept = support_stage_next(stage, s->keeper, 0, 0);
    support_stage_publish(stage);
    s->shown = support_stage_next(stage, s->newest, 1, 1);
    s->may = stage->next;
    if (kind == SUPPORT_NO_GUEST)
        ring_writer_fd(stage->writer);
    else
        ring_writer_close(&stage->writer);
    support_survivors_settle(s);
}

void support_survivors_invite(struct support_survivors *s)
{
    struct support_guest *guest = s->guest;
    guest->next = s->stage.next;
    guest->until = guest->kind == SUPPORT_GUEST_READS ? NEVER : s->stage.next + MANY;
    s->guest_process = support_guest_start(guest);
    s->guest_pidfd = pidfd_open(s->guest_process, 0);
    support_require(s->guest_pidfd >= 0);
    while (!atomic_load(&guest->ready) && !is_readable(s->guest_pidfd))
        sched_yield();
    support_survivors_settle(s);
}

void support_survivors_close(struct support_survivors *s)
{
    ring_reader_detach(&s->keeper);
    ring_reader_detach(&s->newest);
    ring_reader_detach(&s->all);
    ring_waitset_destroy(&s->set);
    munmap(s->control, sizeof *s->control);
    support_guest_destroy(&s->guest);
    close(s->news);
    support_stage_close(&s->stage);
}

/* -- going on -----------------------------------------------------------------------------------
 */

static bool guest_sleeps(const struct support_survivors *s)
{
    if (!s->guest_process)
        return true;
    const uint64_t announced = s->guest->kind == SUPPORT_GUEST_READS
                                   ? atomic_load(&s->control->sleepers.semaphore)
                                   : atomic_load(&s->control->room.asleep);
    return announced && support_is_asleep(s->guest_process, NULL);
}

static void bid_farewell(struct support_survivors *s)
{
    support_require(support_join(s->guest_process) == 0);
    close(s->guest_pidfd);
    s->guest_process = 0;
    s->guest_pidfd = -1;
}

void support_survivors_serve(struct support_survivors *s)
{
    while (is_readable(ring_fd(s->stage.ring)))
        ring_dispatch(s->stage.ring);
}

void support_survivors_read(struct support_survivors *s)
{
    struct ring_reader *reader;
    struct ring_view view;
    int error;
    while ((error = ring_waitset_next(s->set, &reader, NULL, &view)) == 0) {
        support_require(view.seq == s->next && view.skipped == 0);
        support_require(support_message_check(&view, SUPPORT_SLOT_SIZE));
        support_require(ring_reader_release(reader, &view) == 0);
        s->next++;
    }
    support_require(error == -EAGAIN || error == -EPIPE);
    s->reader_sleeps = error == -EAGAIN;
    s->ended = error == -EPIPE;
}

static void write_here(struct support_survivors *s)
{
    struct support_stage *stage = &s->stage;
    struct ring_slot slot;
    while (stage->next < s->may) {
        uint64_t seq;
        int error = ring_writer_acquire(stage->writer, &slot);
        support_require(error == 0 || error == -EAGAIN);
        s->writer_sleeps = error == -EAGAIN;
        if (error)
            break;
        size_t used = support_message_fill(&slot, stage->next);
        support_require(ring_writer_publish(stage->writer, &slot, used, &seq) == 0);
        support_require(seq == stage->next);
        stage->next++;
    }
}

/* Who is awake does what it can. */
static void act(struct support_survivors *s)
{
    if (s->stage.writer && !s->writer_sleeps)
        write_here(s);
    if (!s->stalls && !s->ended && !s->reader_sleeps)
        support_survivors_read(s);
}

/* Sleeps in poll for whatever comes next, at most so long. False: nothing came. */
static bool sleep_in_poll(struct support_survivors *s, int timeout_ms)
{
    enum { OWNER, READER, WRITER, GUEST, NEWS, COUNT };
    struct pollfd fds[COUNT] = {
        [OWNER] = {.fd = s->owner_is_busy ? -1 : ring_fd(s->stage.ring)},
        [READER] = {.fd = s->reader_sleeps && !s->stalls ? ring_waitset_fd(s->set) : -1},
        [WRITER] = {.fd = s->writer_sleeps ? ring_writer_fd(s->stage.writer) : -1},
        [GUEST] = {.fd = s->guest_pidfd},
        [NEWS] = {.fd = s->news},
    };
    for (int i = 0; i < COUNT; i++)
        fds[i].events = POLLIN;
    if (poll(fds, COUNT, timeout_ms) == 0)
        return false;
    if (fds[OWNER].revents)
        ring_dispatch(s->stage.ring);
    if (fds[READER].revents)
        s->reader_sleeps = false;
    if (fds[WRITER].revents)
        s->writer_sleeps = false;
    if (fds[GUEST].revents)
        bid_farewell(s);
    eventfd_t count;
    if (fds[NEWS].revents)
        eventfd_read(s->news, &count);
    return true;
}

static uint64_t head(const struct support_survivors *s)
{
    return atomic_load(&s->control->stream.head);
}

void support_survivors_settle(struct support_survivors *s)
{
    for (;;) {
        act(s);
        if (sleep_in_poll(s, 0))
            continue;
        if (!s->stalls && s->next != head(s))
            support_require(sleep_in_poll(s, FOR_EVER_MS));
        else if (guest_sleeps(s))
            break;
        sched_yield();
    }
}

void support_survivors_write(struct support_survivors *s)
{
    s->may = s->stage.next + MANY;
    support_survivors_settle(s);
    s->may = s->stage.next;
}

void support_survivors_catch_up(struct support_survivors *s)
{
    support_require(ring_reader_release(s->keeper, &s->kept) == 0);
    while (ring_reader_next(s->keeper, &s->kept) == 0 && s->kept.seq + 1 < head(s))
        support_require(ring_reader_release(s->keeper, &s->kept) == 0);
}

/* -- after a death ------------------------------------------------------------------------------
 */

/* Held are what keeper and newest hold; and what a reader has left is nowhere. */
static void require_holds(const struct support_survivors *s)
{
    const struct ring_control *control = s->control;
    uint64_t expected[SLOTS] = {0};
    expected[s->kept.index] |= 1 << KEEPER;
    expected[s->shown.index] |= 1 << NEWEST;
    for (unsigned i = 0; i < SLOTS; i++)
        support_require(atomic_load(&control->slot[i].holders) == expected[i]);
    support_require(support_message_check(&s->kept, SUPPORT_SLOT_SIZE));
    support_require(support_message_check(&s->shown, SUPPORT_SLOT_SIZE));
}

static void require_no_others(const struct support_survivors *s)
{
    const struct ring_control *control = s->control;
    for (unsigned i = PLACES; i < RING_READERS_MAX; i++)
        support_require(atomic_load(&control->place[i].holds) == 0);
    support_require(atomic_load(&control->sleepers.semaphore) >> PLACES == 0);
    support_require(atomic_load(&control->sleepers.doorbell) >> PLACES == 0);
    support_require(atomic_load(&control->table.attached) == (1 << PLACES) - 1);
}

static bool guest_reads(const struct support_survivors *s)
{
    return s->guest_process && s->guest->kind == SUPPORT_GUEST_READS;
}

/* All go on until they have read everything, and the writer until it may not write more. */
static void await_everything(struct support_survivors *s, uint64_t until)
{
    s->may = until;
    for (;;) {
        act(s);
        bool written = !s->stage.writer || s->stage.next == until;
        bool read =
            s->next == head(s) && (!guest_reads(s) || atomic_load(&s->guest->next) == s->next);
        if (written && read && head(s) == until)
            break;
        support_require(sleep_in_poll(s, FOR_EVER_MS));
    }
    s->stage.next = until;
}

static void await_the_guests_end(struct support_survivors *s)
{
    while (s->guest_process) {
        act(s);
        support_require(sleep_in_poll(s, FOR_EVER_MS));
    }
}

static void take_the_writers_role(struct support_survivors *s)
{
    support_require(ring_writer_open(&s->stage.writer, s->stage.name, NULL) == 0);
    ring_writer_fd(s->stage.writer);
}

void support_survivors_bury_reader(struct support_survivors *s)
{
    support_survivors_serve(s);
    require_holds(s);
    require_no_others(s);
    if (s->stage.writer) {
        await_everything(s, s->stage.next + MANY);
        return;
    }
    await_everything(s, atomic_load(&s->guest->until));
    await_the_guests_end(s);
    take_the_writers_role(s);
}

/* The stream is at its end: nobody goes on, and all know it. */
static void await_the_end(struct support_survivors *s)
{
    struct ring_slot slot;
    while (!s->ended) {
        act(s);
        support_require(s->ended || sleep_in_poll(s, FOR_EVER_MS));
    }
    support_require(s->next == head(s));
    await_the_guests_end(s);
    take_the_writers_role(s);
    support_require(ring_writer_acquire(s->stage.writer, &slot) == -EPIPE);
}

void support_survivors_bury_writer(struct support_survivors *s)
{
    support_survivors_serve(s);
    s->stalls = false;
    if (atomic_load(&s->control->stream.ended)) {
        await_the_end(s);
        return;
    }
    /* Whatever it has published, they have to be woken for now, and not by the next writer. */
    await_everything(s, head(s));
    take_the_writers_role(s);
    s->guest->until = s->stage.next + MANY;
    await_everything(s, s->guest->until);
    await_the_guests_end(s);
}

/* -- service ------------------------------------------------------------------------------------
 */

/* It gets the place that is free, and what is published from then on, and what it holds is its
 * own. */
static void require_place(struct support_survivors *s)
{
    struct ring_view view;
    struct ring_reader *reader = support_stage_attach(&s->stage, RING_LOSSLESS, 2);
    support_require(ring_reader_place(reader) == PLACES);
    await_everything(s, s->stage.next + 1);
    view = support_stage_next(&s->stage, reader, s->stage.next - 1, 0);
    support_require(ring_reap(s->stage.ring) == 0);
    support_require(atomic_load(&s->control->slot[view.index].holders) >> PLACES & 1);
    await_everything(s, s->stage.next + 1);
    support_require(ring_reader_release(reader, &view) == 0);
    view = support_stage_next(&s->stage, reader, s->stage.next - 1, 0);
    support_require(ring_reader_release(reader, &view) == 0);
    ring_reader_detach(&reader);
}

/* All but the newest message's and the one that keeper holds. */
static void require_slots(struct support_survivors *s)
{
    struct ring_slot slot[SLOTS];
    unsigned count = 0;
    support_require(ring_reader_release(s->newest, &s->shown) == 0);
    while (count < SLOTS && ring_writer_acquire(s->stage.writer, &slot[count]) == 0)
        count++;
    support_require(count == SLOTS - 2);
    while (count-- > 0)
        support_require(ring_writer_cancel(s->stage.writer, &slot[count]) == 0);
}

static void require_counts(const struct support_survivors *s)
{
    const struct ring_reader *readers[] = {s->keeper, s->newest, s->all};
    struct ring_reader_counts counts;
    for (unsigned i = 0; i < PLACES; i++) {
        ring_reader_counts(readers[i], &counts);
        support_require(counts.received + counts.skipped + counts.pending == head(s));
    }
    support_require(counts.received == head(s));
}

void support_survivors_require_service(struct support_survivors *s)
{
    if (!s->ended)
        require_place(s);
    require_holds(s);
    require_no_others(s);
    support_require(ring_reap(s->stage.ring) == 0);
    if (!s->ended)
        require_slots(s);
    support_require(s->ended || ring_reader_next(s->newest, &s->shown) == 0);
    require_counts(s);
}
