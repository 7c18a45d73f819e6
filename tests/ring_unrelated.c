/* Processes that share nothing but a ring's name, in whatever order they come. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/cast.h"
#include "tests/support/child.h"
#include "tests/support/control.h"
#include "tests/support/require.h"

enum { messages = 200, refused = 77 };

/* Until all readers of the first ring have announced that they sleep, and do. */
static void await_sleepers(const struct support_cast *cast, const pid_t *readers, unsigned count)
{
    struct ring_control *control = support_control_map(cast->name[0]);
    for (unsigned bits = 0; bits < count;) {
        uint64_t asleep = atomic_load(&control->sleepers.semaphore);
        asleep |= atomic_load(&control->sleepers.doorbell);
        bits = (unsigned)__builtin_popcountll(asleep);
        sched_yield();
    }
    for (unsigned i = 0; i < count; i++)
        support_await_sleep(readers[i]);
    munmap(control, sizeof(*control));
}

static void end(struct support_cast *cast, pid_t owner)
{
    support_kill(owner);
    for (unsigned i = 0; i < cast->rings; i++)
        cr_assert_eq(ring_remove(cast->name[i]), 0);
    support_cast_close(cast);
}

/* -- who comes first ----------------------------------------------------------------------------
 */

static void reader_first(bool polls, bool writer_polls)
{
    struct support_cast *cast = support_cast_open(1, 3);
    pid_t owner = support_cast_owner(cast);
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = polls, .until = messages, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    await_sleepers(cast, &reader, 1);
    pid_t writer = support_cast_writer(
        cast,
        (struct support_cast_writer){.polls = writer_polls, .finishes = true, .until = messages});
    cr_expect_eq(support_join(reader), 0);
    cr_expect_eq(support_join(writer), 0);
    end(cast, owner);
}

Test(unrelated, reader_that_sleeps_before_there_is_a_writer_is_woken)
{
    reader_first(false, false);
    reader_first(false, true);
}

Test(unrelated, reader_that_polls_before_there_is_a_writer_is_woken)
{
    reader_first(true, false);
    reader_first(true, true);
}

static void writer_first(bool polls, bool writer_polls)
{
    struct support_cast *cast = support_cast_open(1, 3);
    pid_t owner = support_cast_owner(cast);
    cast->may = 0;
    pid_t writer = support_cast_writer(
        cast,
        (struct support_cast_writer){.polls = writer_polls, .finishes = true, .until = messages});
    support_cast_await(&cast->opened, 1);
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = polls, .until = messages, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    await_sleepers(cast, &reader, 1);
    atomic_store(&cast->may, messages);
    cr_expect_eq(support_join(reader), 0);
    cr_expect_eq(support_join(writer), 0);
    end(cast, owner);
}

Test(unrelated, reader_that_comes_after_the_writer_is_woken)
{
    writer_first(false, false);
    writer_first(false, true);
}

Test(unrelated, reader_that_polls_and_comes_after_the_writer_is_woken)
{
    writer_first(true, false);
    writer_first(true, true);
}

/* -- replaced -----------------------------------------------------------------------------------
 */

/* Each writer publishes one message and is gone, while the readers sleep. */
static void writers_in_turn(bool polls)
{
    enum { lives = 20, readers = 3 };
    struct support_cast *cast = support_cast_open(1, 4);
    pid_t owner = support_cast_owner(cast), reader[readers];
    for (unsigned i = 0; i < readers; i++)
        reader[i] =
            support_cast_reader(cast, (struct support_cast_reader){.polls = polls, .until = lives});
    support_cast_await(&cast->attached, readers);
    for (unsigned life = 0; life < lives; life++) {
        await_sleepers(cast, reader, readers);
        pid_t writer = support_cast_writer(
            cast, (struct support_cast_writer){.from = life, .until = life + 1});
        cr_assert_eq(support_join(writer), 0);
        support_cast_await(&cast->got, readers * (life + 1));
    }
    for (unsigned i = 0; i < readers; i++)
        cr_expect_eq(support_join(reader[i]), 0);
    end(cast, owner);
}

Test(unrelated, sleeping_readers_go_on_with_each_new_writer)
{
    writers_in_turn(false);
}

Test(unrelated, polling_readers_go_on_with_each_new_writer)
{
    writers_in_turn(true);
}

/* The place is always the same, and so would the bell be if it were not told whose it is. */
Test(unrelated, each_reader_in_turn_of_one_place_is_rung)
{
    enum { lives = 20 };
    struct support_cast *cast = support_cast_open(1, 4);
    pid_t owner = support_cast_owner(cast);
    cast->may = 0;
    pid_t writer = support_cast_writer(cast, (struct support_cast_writer){.until = lives});
    support_cast_await(&cast->opened, 1);
    for (unsigned life = 0; life < lives; life++) {
        pid_t reader = support_cast_reader(
            cast, (struct support_cast_reader){.polls = true, .from = life, .until = life + 1});
        support_cast_await(&cast->attached, life + 1);
        await_sleepers(cast, &reader, 1);
        atomic_store(&cast->may, life + 1);
        cr_assert_eq(support_join(reader), 0);
    }
    cr_expect_eq(support_join(writer), 0);
    end(cast, owner);
}

/* -- the owner has other things to do -----------------------------------------------------------
 */

Test(unrelated, owner_that_dispatches_late_wakes_who_polls)
{
    struct support_cast *cast = support_cast_open(1, 3);
    cast->serve = false;
    pid_t owner = support_cast_owner(cast);
    pid_t reader = support_cast_reader(
        cast, (struct support_cast_reader){.polls = true, .until = messages, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    await_sleepers(cast, &reader, 1);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.polls = true, .finishes = true, .until = messages});
    support_cast_await(&cast->opened, 1);
    support_await_sleep(writer); /* the ring is full, and nobody knows anybody */
    cr_expect_eq(atomic_load(&cast->got), 0);
    atomic_store(&cast->serve, true);
    cr_expect_eq(support_join(reader), 0);
    cr_expect_eq(support_join(writer), 0);
    end(cast, owner);
}

/* Nobody who sleeps on a semaphore needs the owner for anything. */
Test(unrelated, waits_need_no_owner_at_work)
{
    struct support_cast *cast = support_cast_open(1, 3);
    cast->serve = false;
    pid_t owner = support_cast_owner(cast);
    pid_t reader =
        support_cast_reader(cast, (struct support_cast_reader){.until = messages, .end = -EPIPE});
    support_cast_await(&cast->attached, 1);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.finishes = true, .until = messages});
    cr_expect_eq(support_join(reader), 0);
    cr_expect_eq(support_join(writer), 0);
    end(cast, owner);
}

Test(unrelated, waitset_over_several_rings_hears_them_all)
{
    struct support_cast *cast = support_cast_open(SUPPORT_CAST_RINGS, 3);
    pid_t owner = support_cast_owner(cast), writers[SUPPORT_CAST_RINGS], readers[2];
    for (int i = 0; i < 2; i++)
        readers[i] = support_cast_reader(
            cast, (struct support_cast_reader){.polls = true, .until = messages});
    support_cast_await(&cast->attached, 2);
    for (unsigned i = 0; i < SUPPORT_CAST_RINGS; i++)
        writers[i] = support_cast_writer(
            cast, (struct support_cast_writer){.polls = i % 2, .ring = i, .until = messages});
    for (int i = 0; i < 2; i++)
        cr_expect_eq(support_join(readers[i]), 0);
    for (unsigned i = 0; i < SUPPORT_CAST_RINGS; i++)
        cr_expect_eq(support_join(writers[i]), 0);
    end(cast, owner);
}

/* -- other pid namespaces -----------------------------------------------------------------------
 */

struct exile {
    struct support_cast *cast;
    bool is_owner;
    struct support_cast_reader reader;
};

/* Runs its part as process 1 of a namespace of its own. */
static void go_abroad(void *argument)
{
    const struct exile *exile = argument;
    if (unshare(CLONE_NEWPID) < 0)
        _exit(refused);
    pid_t child = exile->is_owner ? support_cast_owner(exile->cast)
                                  : support_cast_reader(exile->cast, exile->reader);
    int status = support_join(child);
    if (status)
        _exit(1);
}

static bool is_refused(pid_t child)
{
    int status;
    return waitpid(child, &status, WNOHANG) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == refused;
}

static void await_or_skip(const atomic_uint *counter, pid_t child)
{
    while (atomic_load(counter) == 0) {
        if (is_refused(child))
            cr_skip_test("the kernel refuses pid namespaces");
        sched_yield();
    }
}

Test(unrelated, reader_in_another_pid_namespace_is_served_and_its_death_seen, .timeout = 30)
{
    struct support_cast *cast = support_cast_open(1, 3);
    pid_t owner = support_cast_owner(cast);
    struct exile exile = {.cast = cast, .reader = {.polls = true, .until = messages}};
    cast->may = messages / 2;
    pid_t abroad = support_fork(go_abroad, &exile);
    await_or_skip(&cast->attached, abroad);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.polls = true, .until = 2 * messages});
    support_cast_await(&cast->got, messages / 2);
    support_kill(abroad); /* and with it the reader: it dies with its parent */
    atomic_store(&cast->may, 2 * messages);
    cr_expect_eq(support_join(writer), 0, "it does not wait for the dead one");
    end(cast, owner);
}

Test(unrelated, owner_in_another_pid_namespace_serves_and_sees_deaths, .timeout = 30)
{
    struct support_cast *cast = support_cast_open(1, 3);
    struct exile exile = {.cast = cast, .is_owner = true};
    pid_t owner = support_fork(go_abroad, &exile);
    await_or_skip(&cast->owned, owner);
    cast->may = messages / 2;
    pid_t reader =
        support_cast_reader(cast, (struct support_cast_reader){.polls = true, .until = messages});
    support_cast_await(&cast->attached, 1);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.polls = true, .until = 2 * messages});
    support_cast_await(&cast->got, messages / 2);
    support_kill(reader);
    atomic_store(&cast->may, 2 * messages);
    cr_expect_eq(support_join(writer), 0);
    support_kill(owner);
    int error;
    while ((error = ring_remove(cast->name[0])) == -EBUSY)
        sched_yield(); /* its child dies just after it */
    cr_assert_eq(error, 0);
    support_cast_close(cast);
}
