/* What a reader that falls behind gets, by its policy, and what it may cost the writer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

static void expect_counts(const struct ring_reader *reader, uint64_t received, uint64_t skipped,
                          uint64_t pending, unsigned held)
{
    struct ring_reader_counts counts;
    ring_reader_counts(reader, &counts);
    cr_expect_eq(counts.received, received);
    cr_expect_eq(counts.skipped, skipped);
    cr_expect_eq(counts.pending, pending);
    cr_expect_eq(counts.held, held);
}

static void release(struct ring_reader *reader, struct ring_view *view)
{
    cr_assert_eq(ring_reader_release(reader, view), 0);
}

Test(policy, lossless_reader_makes_the_writer_wait)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 2);
    struct ring_slot slot;
    for (int i = 0; i < 4; i++)
        support_stage_publish(&stage);
    cr_expect_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
    expect_counts(reader, 0, 0, 4, 0);

    struct ring_view first = support_stage_next(&stage, reader, 0, 0);
    struct ring_view second = support_stage_next(&stage, reader, 1, 0);
    struct ring_view third;
    cr_expect_eq(ring_reader_next(reader, &third), -ENOBUFS);
    cr_expect_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN, "passed, but still looked at");
    expect_counts(reader, 2, 0, 2, 2);
    release(reader, &second);
    support_stage_publish(&stage);
    cr_expect_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
    release(reader, &first);
    support_stage_publish(&stage);
    for (uint64_t seq = 2; seq < 6; seq++) {
        first = support_stage_next(&stage, reader, seq, 0);
        release(reader, &first);
    }
    expect_counts(reader, 6, 0, 0, 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(policy, lossless_reader_that_detaches_makes_the_writer_wait_no_more)
{
    struct support_stage stage;
    support_stage_open(&stage, 2);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_slot slot;
    support_stage_publish(&stage);
    support_stage_publish(&stage);
    support_stage_next(&stage, reader, 0, 0);
    cr_expect_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
    ring_reader_detach(&reader);
    for (int i = 0; i < 10; i++)
        support_stage_publish(&stage);
    support_stage_close(&stage);
}

Test(policy, lossy_reader_loses_the_oldest_and_is_told_how_many)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    struct ring_view view;
    for (uint64_t lap = 0; lap < 10; lap++) {
        uint64_t before = stage.next;
        for (int i = 0; i < 11; i++)
            support_stage_publish(&stage);
        /* The pool holds the four newest of the eleven. */
        view = support_stage_next(&stage, reader, before + 7, 7);
        release(reader, &view);
        for (uint64_t seq = before + 8; seq < before + 11; seq++) {
            view = support_stage_next(&stage, reader, seq, 0);
            release(reader, &view);
        }
        cr_assert_eq(ring_reader_next(reader, &view), -EAGAIN);
        expect_counts(reader, 4 * (lap + 1), 7 * (lap + 1), 0, 0);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(policy, lossy_reader_that_keeps_up_loses_nothing)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    for (uint64_t seq = 0; seq < 100; seq++) {
        support_stage_publish(&stage);
        struct ring_view view = support_stage_next(&stage, reader, seq, 0);
        release(reader, &view);
    }
    expect_counts(reader, 100, 0, 0, 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(policy, latest_reader_gets_the_newest)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LATEST, 1);
    uint64_t received = 0, skipped = 0;
    for (unsigned burst = 1; burst < 20; burst++) {
        for (unsigned i = 0; i < burst; i++)
            support_stage_publish(&stage);
        expect_counts(reader, received, skipped, burst, 0);
        struct ring_view view = support_stage_next(&stage, reader, stage.next - 1, burst - 1);
        received++;
        skipped += burst - 1;
        expect_counts(reader, received, skipped, 0, 1);
        release(reader, &view);
        cr_assert_eq(ring_reader_next(reader, &view), -EAGAIN);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* Promised holds, all used for ever: the rest of the pool is the writer's. */
static void hold_for_ever(enum ring_policy policy, unsigned readers, unsigned holds)
{
    struct support_stage stage;
    support_stage_open(&stage, 2 + readers * holds);
    struct ring_reader *reader[8];
    struct ring_view held[8][8];
    for (unsigned i = 0; i < readers; i++) {
        reader[i] = support_stage_attach(&stage, policy, holds);
        for (unsigned k = 0; k < holds; k++) {
            support_stage_publish(&stage);
            held[i][k] = support_stage_next(&stage, reader[i], stage.next - 1, 0);
        }
    }
    for (int i = 0; i < 1000; i++)
        support_stage_publish(&stage);
    for (unsigned i = 0; i < readers; i++) {
        for (unsigned k = 0; k < holds; k++)
            cr_expect(support_message_check(&held[i][k], stage.slot_size));
        expect_counts(reader[i], holds, 0, stage.next - (i + 1) * holds, holds);
        ring_reader_detach(&reader[i]);
    }
    support_stage_close(&stage);
}

Test(policy, lossy_reader_that_holds_for_ever_never_stops_the_writer)
{
    hold_for_ever(RING_LOSSY, 1, 1);
    hold_for_ever(RING_LOSSY, 1, 5);
    hold_for_ever(RING_LOSSY, 6, 3);
}

Test(policy, latest_reader_that_holds_for_ever_never_stops_the_writer)
{
    hold_for_ever(RING_LATEST, 1, 1);
    hold_for_ever(RING_LATEST, 1, 5);
    hold_for_ever(RING_LATEST, 6, 3);
}

Test(policy, lossless_reader_that_holds_for_ever_stops_the_writer)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    support_stage_next(&stage, reader, 0, 0);
    support_stage_publish(&stage);
    support_stage_publish(&stage);
    struct ring_slot slot;
    for (int i = 0; i < 100; i++)
        cr_assert_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
    cr_expect_eq(ring_writer_wait(stage.writer, 0), -ETIMEDOUT);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

static int try_attach(const struct support_stage *stage, struct ring_reader **reader,
                      enum ring_policy policy, unsigned holds)
{
    return ring_reader_attach(reader, stage->name,
                              &(struct ring_reader_config){.policy = policy, .holds = holds});
}

Test(policy, pool_is_never_promised_twice)
{
    struct support_stage stage;
    support_stage_open(&stage, 6);
    struct ring_reader *one, *two, *three;
    cr_expect_eq(try_attach(&stage, &one, RING_LOSSY, 5), -ENOBUFS, "one to fill, one the newest");
    cr_assert_eq(try_attach(&stage, &one, RING_LOSSY, 3), 0);
    cr_expect_eq(try_attach(&stage, &two, RING_LATEST, 2), -ENOBUFS);
    cr_assert_eq(try_attach(&stage, &two, RING_LATEST, 1), 0);
    cr_expect_eq(try_attach(&stage, &three, RING_LATEST, 0), -ENOBUFS, "0 is one view");
    cr_expect_eq(try_attach(&stage, &three, RING_LOSSLESS, 2), -ENOBUFS);
    cr_assert_eq(try_attach(&stage, &three, RING_LOSSLESS, 1), 0, "it is waited for");
    ring_reader_detach(&one);
    cr_assert_eq(try_attach(&stage, &one, RING_LATEST, 3), 0, "what was given back is there again");
    ring_reader_detach(&one);
    ring_reader_detach(&two);
    ring_reader_detach(&three);
    support_stage_close(&stage);
}

/* Two that each held a view and waited for the next took the last free slots of a small pool: both
 * waited for the writer, and the writer for them. */
Test(policy, lossless_readers_that_hold_while_they_wait_do_not_stop_the_writer)
{
    struct support_stage stage;
    struct ring_reader *one, *two;
    struct ring_view first[2], second[2];
    support_stage_open(&stage, 3);
    cr_expect_eq(try_attach(&stage, &one, RING_LOSSLESS, 3), -ENOBUFS);
    cr_assert_eq(try_attach(&stage, &one, RING_LOSSLESS, 2), 0);
    cr_expect_eq(try_attach(&stage, &two, RING_LOSSLESS, 2), -ENOBUFS);
    ring_reader_detach(&one);
    support_stage_close(&stage);

    support_stage_open(&stage, 4);
    cr_assert_eq(try_attach(&stage, &one, RING_LOSSLESS, 2), 0);
    cr_assert_eq(try_attach(&stage, &two, RING_LOSSLESS, 2), 0);
    support_stage_publish(&stage);
    support_stage_publish(&stage);
    first[0] = support_stage_next(&stage, one, 0, 0);
    second[0] = support_stage_next(&stage, two, 0, 0);
    second[1] = support_stage_next(&stage, two, 1, 0);
    release(two, &second[0]);
    first[1] = support_stage_next(&stage, one, 1, 0);
    release(one, &first[1]);
    support_stage_publish(&stage);
    for (int i = 0; i < 2; i++) {
        struct ring_view view = support_stage_next(&stage, i ? one : two, 2, 0);
        release(i ? one : two, &view);
    }
    /* Message 0 is held by one, 1 by the other, 2 is the newest, and there is room for the next. */
    support_stage_publish(&stage);
    support_stage_next(&stage, one, 3, 0);
    support_stage_next(&stage, two, 3, 0);
    ring_reader_detach(&one);
    ring_reader_detach(&two);
    support_stage_close(&stage);
}

Test(policy, refused_attach_leaves_the_ring_as_it_was)
{
    struct support_stage stage;
    support_stage_open(&stage, 3);
    struct ring_reader *reader;
    for (int i = 0; i < 2 * RING_READERS_MAX; i++) {
        cr_assert_eq(try_attach(&stage, &reader, RING_LOSSY, 2), -ENOBUFS);
        cr_expect_null(reader);
    }
    cr_expect_eq(ring_reap(stage.ring), 0);
    cr_assert_eq(try_attach(&stage, &reader, RING_LOSSY, 1), 0);
    cr_expect_eq(ring_reader_place(reader), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(policy, readers_of_all_policies_share_one_ring)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *lossless = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_reader *lossy = support_stage_attach(&stage, RING_LOSSY, 1);
    struct ring_reader *latest = support_stage_attach(&stage, RING_LATEST, 1);
    struct ring_view view, kept;
    support_stage_publish(&stage);
    kept = support_stage_next(&stage, lossy, 0, 0);
    for (uint64_t seq = 0; seq < 50; seq++) {
        if (seq > 0)
            support_stage_publish(&stage);
        view = support_stage_next(&stage, lossless, seq, 0);
        release(lossless, &view);
    }
    view = support_stage_next(&stage, latest, 49, 49);
    release(latest, &view);
    cr_expect(support_message_check(&kept, stage.slot_size));
    release(lossy, &kept);
    /* Three slots went round while the fourth was held. */
    view = support_stage_next(&stage, lossy, 47, 46);
    release(lossy, &view);
    expect_counts(lossless, 50, 0, 0, 0);
    expect_counts(lossy, 2, 46, 2, 0);
    expect_counts(latest, 1, 49, 0, 0);
    ring_reader_detach(&lossless);
    ring_reader_detach(&lossy);
    ring_reader_detach(&latest);
    support_stage_close(&stage);
}

/* Under strict seccomp any call but read, write and exit is the end. */
static void publish_without_the_kernel(void *argument)
{
    struct support_stage *stage = argument;
    struct ring_reader *lossy = support_stage_attach(stage, RING_LOSSY, 1);
    struct ring_reader *latest = support_stage_attach(stage, RING_LATEST, 1);
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    support_stage_publish(stage);
    support_stage_next(stage, lossy, 0, 0);
    support_require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    for (int i = 0; i < 1000; i++) {
        support_stage_publish(stage);
        struct ring_view view = support_stage_next(stage, latest, stage->next - 1, i == 0);
        support_require(ring_reader_release(latest, &view) == 0);
    }
    syscall(SYS_exit, 0);
}

Test(policy, nothing_calls_the_kernel_while_nobody_sleeps)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 4);
    cr_expect_eq(support_join(support_fork(publish_without_the_kernel, &stage)), 0);
    support_stage_close(&stage);
}
