/* Deaths, each where somebody waits for the dead one: the others go on, or are told. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/writer.h"
#include "tests/support/cast.h"
#include "tests/support/child.h"
#include "tests/support/control.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

enum { slots = 3 };

static void await_asleep_writer(const char *name, uint32_t kind, pid_t writer)
{
    struct ring_control *control = support_control_map(name);
    while (atomic_load(&control->room.asleep) != kind)
        sched_yield();
    support_await_sleep(writer);
    munmap(control, sizeof(*control));
}

static void await_asleep_reader(const char *name, pid_t reader)
{
    struct ring_control *control = support_control_map(name);
    while (!(atomic_load(&control->sleepers.semaphore) | atomic_load(&control->sleepers.doorbell)))
        sched_yield();
    support_await_sleep(reader);
    munmap(control, sizeof(*control));
}

static void end(struct support_cast *cast)
{
    cr_assert_eq(ring_remove(cast->name[0]), 0);
    support_cast_close(cast);
}

/* -- a reader -----------------------------------------------------------------------------------
 */

static void reader_dies(bool writer_polls)
{
    for (int i = 0; i < 10; i++) {
        struct support_cast *cast = support_cast_open(1, slots);
        pid_t owner = support_cast_owner(cast);
        cast->look = false;
        pid_t reader = support_cast_reader(cast, (struct support_cast_reader){.until = 1});
        support_cast_await(&cast->attached, 1);
        pid_t writer = support_cast_writer(
            cast, (struct support_cast_writer){.polls = writer_polls, .until = 4 * slots});
        await_asleep_writer(cast->name[0],
                            writer_polls ? RING_ASLEEP_DOORBELL : RING_ASLEEP_SEMAPHORE, writer);
        support_kill(reader);
        cr_assert_eq(support_join(writer), 0);
        support_kill(owner);
        end(cast);
    }
}

Test(death, of_a_lossless_reader_frees_a_writer_that_waits)
{
    reader_dies(false);
}

Test(death, of_a_lossless_reader_frees_a_writer_that_polls)
{
    reader_dies(true);
}

static void attach_and_stay(void *argument)
{
    struct support_stage *stage = argument;
    support_stage_attach(stage, RING_LOSSLESS, 1);
    raise(SIGSTOP); /* tells the parent that it is there */
}

static void fill(struct support_stage *stage)
{
    for (unsigned i = 0; i < slots; i++)
        support_stage_publish(stage);
}

static void kill_when_the_writer_sleeps(void *argument)
{
    const struct support_stage *stage = argument;
    await_asleep_writer(stage->name, RING_ASLEEP_DOORBELL, getppid());
    support_require(kill((pid_t)stage->next, SIGKILL) == 0);
}

/* Owner and writer are one thread, which sleeps in ring_writer_wait: nobody else sees a death. */
Test(death, of_a_lossless_reader_frees_a_writer_that_is_its_own_owner)
{
    for (int i = 0; i < 10; i++) {
        struct support_stage stage;
        struct ring_info info;
        support_stage_open(&stage, slots);
        pid_t reader = support_fork(attach_and_stay, &stage);
        do
            cr_assert_eq(ring_inspect(stage.ring, &info), 0);
        while (info.readers == 0);
        fill(&stage);
        struct support_stage victim = stage;
        victim.next = (uint64_t)reader;
        pid_t killer = support_fork(kill_when_the_writer_sleeps, &victim);
        cr_assert_eq(ring_writer_wait(stage.writer, -1), 0);
        support_stage_publish(&stage);
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
        cr_expect_eq(info.readers, 0);
        cr_expect_eq(support_join(reader), SIGKILL);
        cr_expect_eq(support_join(killer), 0);
        support_stage_close(&stage);
    }
}

static void attach_and_become_another(void *argument)
{
    struct support_stage *stage = argument;
    support_stage_attach(stage, RING_LOSSLESS, 1);
    execl("/bin/sleep", "sleep", "1000", NULL);
    support_require(false);
}

/* Its lock has fallen, but its process lives, whose death alone the owner waited for. */
Test(death, is_also_the_end_of_a_reader_whose_process_executes_another_program, .timeout = 60)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open(&stage, slots);
    pid_t reader = support_fork(attach_and_become_another, &stage);
    do
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    while (info.readers == 0 || info.reader[0].alive);
    fill(&stage);
    cr_assert_eq(ring_writer_wait(stage.writer, -1), 0);
    support_stage_publish(&stage);
    support_kill(reader);
    support_stage_close(&stage);
}

/* Shuts down the sockets of this process: what the kernel does first of all as a process dies. */
static void hang_up(void)
{
    DIR *directory = opendir("/proc/self/fd");
    support_require(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        shutdown(atoi(entry->d_name), SHUT_RDWR);
    closedir(directory);
}

static void attach_and_hang_up(void *argument)
{
    struct support_cast *cast = argument;
    struct ring_reader *reader;
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    support_require(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
    support_require(ring_reader_attach(&reader, cast->name[0], &config) == 0);
    hang_up();
    atomic_fetch_add(&cast->attached, 1);
    pause();
}

/* The owner took the end of the connection for the end of the reader's part, and was not there any
 * more when the lock fell. */
Test(death, is_seen_though_the_connection_ends_before)
{
    struct support_cast *cast = support_cast_open(1, slots);
    pid_t owner = support_cast_owner(cast);
    pid_t reader = support_fork(attach_and_hang_up, cast);
    support_cast_await(&cast->attached, 1);
    pid_t writer =
        support_cast_writer(cast, (struct support_cast_writer){.polls = true, .until = 4 * slots});
    await_asleep_writer(cast->name[0], RING_ASLEEP_DOORBELL, writer);
    support_await_sleep(owner); /* it has seen the one end, and waits for the other */
    support_kill(reader);
    cr_expect_eq(support_join(writer), 0);
    support_kill(owner);
    end(cast);
}

/* -- the writer ---------------------------------------------------------------------------------
 */

/* Killed for good while readers sleep: the owner, as the next writer, ends the stream. */
static void writer_dies(bool polls)
{
    struct support_stage stage;
    struct support_cast *cast = support_cast_open(1, slots);
    support_stage_open_without_writer(&stage, slots);
    memcpy(cast->name[0], stage.name, sizeof(stage.name));
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = polls, .until = 2, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    cast->may = 2;
    pid_t writer = support_cast_writer(cast, (struct support_cast_writer){.until = 3});
    while (atomic_load(&cast->got) < 2) {
        ring_dispatch(stage.ring);
        sched_yield();
    }
    await_asleep_reader(stage.name, reader);
    support_kill(writer);
    struct ring_info info;
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.writer, 0);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
    cr_assert_eq(ring_writer_finish(stage.writer), 0);
    cr_expect_eq(support_join(reader), 0);
    support_stage_close(&stage);
    support_cast_close(cast);
}

Test(death, of_the_writer_is_the_owners_to_tell_to_those_who_wait)
{
    writer_dies(false);
}

Test(death, of_the_writer_is_the_owners_to_tell_to_those_who_poll)
{
    writer_dies(true);
}

/* -- the owner ----------------------------------------------------------------------------------
 */

static void owner_dies_over_a_sleeping_reader(bool polls)
{
    struct support_cast *cast = support_cast_open(1, slots);
    pid_t owner = support_cast_owner(cast);
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = polls, .until = 2, .end = -EPIPE});
    pid_t writer;
    support_cast_await(&cast->attached, 1);
    writer = support_cast_writer(cast, (struct support_cast_writer){.until = 2});
    support_cast_await(&cast->got, 2);
    cr_expect_eq(support_join(writer), 0);
    await_asleep_reader(cast->name[0], reader);
    support_kill(owner);
    cr_expect_eq(support_join(reader), 0);
    end(cast);
}

Test(death, of_the_owner_ends_a_wait)
{
    owner_dies_over_a_sleeping_reader(false);
}

Test(death, of_the_owner_ends_a_poll)
{
    owner_dies_over_a_sleeping_reader(true);
}

static void owner_dies_before_all_is_read(bool polls)
{
    struct support_cast *cast = support_cast_open(1, slots);
    pid_t owner = support_cast_owner(cast);
    cast->look = false;
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = polls, .until = slots, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    pid_t writer = support_cast_writer(cast, (struct support_cast_writer){.until = slots});
    cr_expect_eq(support_join(writer), 0);
    support_kill(owner);
    atomic_store(&cast->look, true);
    cr_expect_eq(support_join(reader), 0);
    end(cast);
}

Test(death, of_the_owner_leaves_what_was_published)
{
    owner_dies_before_all_is_read(false);
    owner_dies_before_all_is_read(true);
}

/* The reader for which it waits is alive, and does nothing. */
static void owner_dies_over_a_sleeping_writer(bool polls)
{
    struct support_cast *cast = support_cast_open(1, slots);
    pid_t owner = support_cast_owner(cast);
    cast->look = false;
    pid_t reader = support_cast_reader(cast, (struct support_cast_reader){.until = slots});
    support_cast_await(&cast->attached, 1);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.polls = polls, .until = 4 * slots, .end = -EPIPE});
    await_asleep_writer(cast->name[0], polls ? RING_ASLEEP_DOORBELL : RING_ASLEEP_SEMAPHORE,
                        writer);
    support_kill(owner);
    cr_expect_eq(support_join(writer), 0);
    support_kill(reader);
    end(cast);
}

Test(death, of_the_owner_is_told_to_a_writer_that_waits)
{
    owner_dies_over_a_sleeping_writer(false);
}

/* It slept for ever. */
Test(death, of_the_owner_is_told_to_a_writer_that_polls)
{
    owner_dies_over_a_sleeping_writer(true);
}

/* Likewise where the owner gives the ring up in order. */
Test(death, is_not_the_only_end_of_an_owner)
{
    for (int polls = 0; polls < 2; polls++) {
        struct support_stage stage;
        struct support_cast *cast = support_cast_open(1, slots);
        support_stage_open_without_writer(&stage, slots);
        memcpy(cast->name[0], stage.name, sizeof(stage.name));
        pid_t reader = support_cast_reader(
            cast, (struct support_cast_reader){.polls = polls, .until = 0, .end = -EPIPE});
        support_cast_await(&cast->attached, 1);
        ring_dispatch(stage.ring);
        await_asleep_reader(stage.name, reader);
        ring_destroy(&stage.ring);
        cr_expect_eq(support_join(reader), 0);
        support_stage_close(&stage);
        support_cast_close(cast);
    }
}
