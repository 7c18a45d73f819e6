/* Sleeping on the semaphores in the segment, between processes, in both directions. That no wake-up
 * is lost is the subject of ring_wakeups and ring_interleaving. */
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
#include "libring/writer.h"
#include "tests/support/child.h"
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

static bool readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

static void attach_and_die(void *argument)
{
    const struct support_stage *stage = argument;
    support_stage_attach(stage, RING_LOSSLESS, 1);
    raise(SIGKILL);
}

/* In its own poll loop, for as long as nobody reads. */
Test(wait, of_the_writer_for_a_reader)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    int fd = ring_writer_fd(stage.writer);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
    cr_expect_not(readable(fd));
    struct ring_reader *first = support_stage_attach(&stage, RING_LATEST, 1);
    ring_dispatch(stage.ring);
    cr_expect(readable(fd));
    cr_expect_eq(ring_writer_readers(stage.writer), 1);
    struct ring_reader *second = support_stage_attach(&stage, RING_LOSSY, 1);
    cr_expect_eq(ring_writer_readers(stage.writer), 2);
    ring_reader_detach(&first);
    cr_expect_eq(ring_writer_readers(stage.writer), 1);
    ring_reader_detach(&second);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
    cr_expect_not(readable(fd));
    support_stage_close(&stage);
}

Test(wait, of_the_writer_for_a_reader_counts_no_dead)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    ring_writer_fd(stage.writer);
    cr_expect_neq(support_join(support_fork(attach_and_die, &stage)), 0);
    ring_dispatch(stage.ring);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
    support_stage_close(&stage);
}

Test(wait, of_the_writer_for_a_reader_ends_with_the_owner)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 3);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, NULL), 0);
    int fd = ring_writer_fd(stage.writer);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
    ring_destroy(&stage.ring);
    cr_expect(readable(fd));
    cr_expect_eq(ring_writer_readers(stage.writer), -EPIPE);
    support_stage_close(&stage);
}
