/* Sleeping on the semaphores in the segment, between processes, in both directions. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/owner.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

#define MILLISECOND INT64_C(1000000)

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

Test(wait, ends_when_its_time_is_over_and_not_before)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    static const int64_t timeouts[] = {0, 1, MILLISECOND, 30 * MILLISECOND, 1001 * MILLISECOND};
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
        int64_t start = now();
        cr_expect_eq(ring_reader_wait(reader, timeouts[i]), -ETIMEDOUT);
        cr_expect_geq(now() - start, timeouts[i]);
    }
    support_stage_publish(&stage);
    support_stage_publish(&stage);
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(*timeouts); i++) {
        int64_t start = now();
        cr_expect_eq(ring_writer_wait(stage.writer, timeouts[i]), -ETIMEDOUT);
        cr_expect_geq(now() - start, timeouts[i]);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(wait, is_over_at_once_when_there_is_something)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_expect_eq(ring_writer_wait(stage.writer, -1), 0);
    cr_expect_eq(ring_writer_wait(stage.writer, 0), 0);
    support_stage_publish(&stage);
    cr_expect_eq(ring_reader_wait(reader, -1), 0);
    cr_expect_eq(ring_reader_wait(reader, 0), 0);
    cr_expect_eq(ring_reader_wait(reader, INT64_MAX), 0);
    support_stage_next(&stage, reader, 0, 0);
    cr_expect_eq(ring_writer_finish(stage.writer), 0);
    cr_expect_eq(ring_reader_wait(reader, -1), 0, "the end is something too");
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* Waiting for room takes a slot on trial: no message may be lost by it that need not be. */
Test(wait, of_the_writer_costs_no_reader_a_message)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(ring_writer_wait(stage.writer, -1), 0);
    support_stage_next(&stage, reader, 0, 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* -- signals ------------------------------------------------------------------------------------
 */

static atomic_int *caught;

static void count_signal(int signal)
{
    (void)signal;
    atomic_fetch_add(caught, 1);
}

static void catch_without_restart(int signal)
{
    struct sigaction action = {.sa_handler = count_signal};
    support_require(sigaction(signal, &action, NULL) == 0);
}

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    support_require(memory != MAP_FAILED);
    return memory;
}

static void send_signals(pid_t child)
{
    while (atomic_load(caught) < 0)
        sched_yield();
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(kill(child, SIGUSR1), 0);
        while (atomic_load(caught) == i)
            sched_yield();
    }
}

static void read_one_despite_signals(void *argument)
{
    struct support_stage *stage = argument;
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    catch_without_restart(SIGUSR1);
    atomic_store(caught, 0);
    support_require(ring_reader_wait(reader, -1) == 0);
    support_require(atomic_load(caught) == 200);
    support_stage_next(stage, reader, 0, 0);
    ring_reader_detach(&reader);
}

Test(wait, of_a_reader_is_not_ended_by_a_signal)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    caught = share(sizeof(*caught));
    atomic_store(caught, -1);
    pid_t child = support_fork(read_one_despite_signals, &stage);
    send_signals(child);
    support_stage_publish(&stage);
    cr_expect_eq(support_join(child), 0);
    support_stage_close(&stage);
}

static void write_one_despite_signals(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    support_stage_publish(stage);
    support_stage_publish(stage);
    catch_without_restart(SIGUSR1);
    atomic_store(caught, 0);
    support_require(ring_writer_wait(stage->writer, -1) == 0);
    support_require(atomic_load(caught) == 200);
    support_stage_publish(stage);
}

Test(wait, of_the_writer_is_not_ended_by_a_signal)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    caught = share(sizeof(*caught));
    atomic_store(caught, -1);
    pid_t child = support_fork(write_one_despite_signals, &stage);
    send_signals(child);
    struct ring_view view = support_stage_next(&stage, reader, 0, 0);
    cr_assert_eq(ring_reader_release(reader, &view), 0);
    cr_expect_eq(support_join(child), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(wait, has_its_full_time_and_no_more_under_a_storm_of_signals)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    caught = share(sizeof(*caught));
    catch_without_restart(SIGALRM);
    const struct itimerval each = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &each, NULL);
    int64_t start = now();
    cr_expect_eq(ring_reader_wait(reader, 100 * MILLISECOND), -ETIMEDOUT);
    cr_expect_geq(now() - start, 100 * MILLISECOND);
    setitimer(ITIMER_REAL, &none, NULL);
    cr_expect_gt(atomic_load(caught), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* -- ping-pong ----------------------------------------------------------------------------------
 *
 * Two processes that wait for each other: one lost wake-up and both sleep for ever. A delay of
 * random length before each step moves the moment of going to sleep over that of the wake-up. */

enum { rounds = 5000 };

static void delay(uint64_t *random)
{
    for (uint64_t i = support_random(random) % 4096; i > 0; i--)
        __asm__ volatile("");
}

struct side {
    struct support_stage *in, *out;
    bool polls;
    bool serves;       /* makes the first move */
    atomic_uint *here; /* how many have attached */
};

static void wait_for_message(struct side *side, struct ring_waitset *set,
                             struct ring_reader *reader, struct ring_view *view)
{
    struct ring_reader *who = reader;
    for (;;) {
        int error = set ? ring_waitset_next(set, &who, NULL, view) : ring_reader_next(reader, view);
        if (!error)
            break;
        support_require(error == -EAGAIN);
        if (set) {
            struct pollfd one = {.fd = ring_waitset_fd(set), .events = POLLIN};
            support_require(poll(&one, 1, -1) == 1);
        } else {
            support_require(ring_reader_wait(reader, -1) == 0);
        }
    }
    support_require(who == reader && support_message_check(view, side->in->slot_size));
}

static void play(void *argument)
{
    struct side *side = argument;
    struct ring_reader *reader = support_stage_attach(side->in, RING_LOSSLESS, 1);
    struct ring_waitset *set = NULL;
    uint64_t random = 1 + (uint64_t)getpid();
    support_require(ring_writer_open(&side->out->writer, side->out->name, NULL) == 0);
    if (side->polls) {
        support_require(ring_waitset_create(&set, -1) == 0);
        support_require(ring_waitset_add(set, reader, NULL) == 0);
    }
    atomic_fetch_add(side->here, 1);
    while (atomic_load(side->here) < 2)
        sched_yield();
    for (uint64_t round = 0; round < rounds; round++) {
        struct ring_view view;
        if (side->serves)
            support_stage_publish(side->out);
        delay(&random);
        wait_for_message(side, set, reader, &view);
        support_require(view.seq == round && view.skipped == 0);
        delay(&random);
        support_require(ring_reader_release(reader, &view) == 0);
        if (!side->serves)
            support_stage_publish(side->out);
    }
    ring_reader_detach(&reader);
    ring_waitset_destroy(&set);
    ring_writer_close(&side->out->writer);
}

static void ping_pong(bool polls)
{
    struct support_stage there = {.slot_size = 64}, back = {.slot_size = 64};
    const struct ring_config config = {.slot_size = 64, .slots = 3};
    atomic_uint *here = share(sizeof(*here));
    support_stage_name(there.name, "there");
    support_stage_name(back.name, "back");
    cr_assert_eq(ring_create(&there.ring, there.name, &config), 0);
    cr_assert_eq(ring_create(&back.ring, back.name, &config), 0);
    struct ring *const rings[] = {there.ring, back.ring};
    pid_t first = support_fork(play, &(struct side){&back, &there, polls, true, here});
    pid_t second = support_fork(play, &(struct side){&there, &back, polls, false, here});
    cr_expect_eq(support_serve(rings, 2, first), 0);
    cr_expect_eq(support_serve(rings, 2, second), 0);
    support_stage_close(&there);
    support_stage_close(&back);
}

Test(wait, loses_no_wake_up_between_two_processes)
{
    ping_pong(false);
}

Test(wait, loses_no_wake_up_between_two_processes_in_poll)
{
    ping_pong(true);
}

/* -- both directions on one ring: the writer sleeps for a slot, the reader for a message ----------
 */

struct relay {
    struct support_stage stage;
    bool polls; /* the writer, and does not sleep on its semaphore */
    atomic_uint *attached;
};

static void write_all(void *argument)
{
    struct relay *relay = argument;
    struct support_stage *stage = &relay->stage;
    uint64_t random = 4711;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    struct pollfd one = {.fd = -1, .events = POLLIN};
    if (relay->polls)
        one.fd = ring_writer_fd(stage->writer);
    while (stage->next < 4 * rounds) {
        struct ring_slot slot;
        while (ring_writer_acquire(stage->writer, &slot) == -EAGAIN) {
            if (relay->polls)
                support_require(poll(&one, 1, -1) == 1);
            else
                support_require(ring_writer_wait(stage->writer, -1) == 0);
        }
        delay(&random);
        size_t used = support_message_fill(&slot, stage->next++);
        support_require(ring_writer_publish(stage->writer, &slot, used, NULL) == 0);
    }
    support_require(ring_writer_finish(stage->writer) == 0);
    ring_writer_close(&stage->writer);
}

static void read_all(void *argument)
{
    struct relay *relay = argument;
    struct support_stage *stage = &relay->stage;
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    struct ring_view view;
    uint64_t random = 815, seq = 0;
    int error;
    atomic_store(relay->attached, 1);
    while ((error = ring_reader_next(reader, &view)) != -EPIPE) {
        if (error == -EAGAIN) {
            support_require(ring_reader_wait(reader, -1) == 0);
            continue;
        }
        support_require(error == 0 && view.seq == seq++);
        support_require(support_message_check(&view, stage->slot_size));
        delay(&random);
        support_require(ring_reader_release(reader, &view) == 0);
    }
    support_require(seq == 4 * rounds);
    ring_reader_detach(&reader);
}

static void relay_all(bool polls)
{
    struct relay relay = {.polls = polls, .attached = share(sizeof(atomic_uint))};
    support_stage_open_without_writer(&relay.stage, 2);
    struct ring *const rings[] = {relay.stage.ring};
    pid_t reader = support_fork(read_all, &relay);
    while (!atomic_load(relay.attached))
        sched_yield();
    pid_t writer = support_fork(write_all, &relay);
    cr_expect_eq(support_serve(rings, 1, reader), 0);
    cr_expect_eq(support_serve(rings, 1, writer), 0);
    support_stage_close(&relay.stage);
}

Test(wait, loses_no_wake_up_of_the_writer)
{
    relay_all(false);
}

Test(wait, loses_no_wake_up_of_the_writer_in_poll)
{
    relay_all(true);
}
