/*
 * What was measured of the nearest system there is, a ring of shared-memory cells with a count in a
 * semaphore: each defect by its name, and that it is none here.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/waitset.h"
#include "tests/support/cast.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/stage.h"

static void publish_without_end(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    for (;;) {
        /* There is no slot while the reader goes along just ahead of who looks for one. */
        struct ring_slot slot;
        support_require(support_acquire(stage->writer, false, &slot) == 0);
        size_t used = support_message_fill(&slot, stage->next++);
        support_require(ring_writer_publish(stage->writer, &slot, used, NULL) == 0);
    }
}

/* Its writer went on in the cell that a reader was looking at, and told nobody. */
Test(defects, change_29_views_under_a_reader_with_no_overflow_told)
{
    enum { looks = 2000 };
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 3);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    pid_t writer = support_fork(publish_without_end, &stage);
    uint64_t next = 0, skipped = 0;
    for (int i = 0; i < looks; i++) {
        struct ring_view view;
        int error;
        while ((error = ring_reader_next(reader, &view)) == -EAGAIN)
            cr_assert_eq(ring_reader_wait(reader, -1), 0);
        cr_assert_eq(error, 0);
        cr_assert_eq(view.seq, next + view.skipped, "what is lost is told");
        cr_assert(support_message_check(&view, stage.slot_size));
        if (i % 16 == 0)
            sched_yield(); /* the writer laps us, many times over */
        cr_assert(support_message_check(&view, stage.slot_size), "unchanged under the reader");
        next = view.seq + 1;
        skipped += view.skipped;
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_expect_gt(skipped, 0, "it was lapped");
    support_kill(writer);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* It lost tens of them in seconds, where the two sides did not keep step. */
Test(defects, lose_wake_ups_in_jittered_use)
{
    enum { messages = 20000 };
    for (int polls = 0; polls < 2; polls++) {
        struct support_cast *cast = support_cast_open(1, 2);
        pid_t owner = support_cast_owner(cast);
        pid_t reader = support_cast_reader(
            cast, (struct support_cast_reader){.polls = polls, .until = messages, .end = -EPIPE});
        support_cast_await(&cast->attached, 1);
        pid_t writer = support_cast_writer(
            cast,
            (struct support_cast_writer){.polls = polls, .finishes = true, .until = messages});
        cr_expect_eq(support_join(reader), 0);
        cr_expect_eq(support_join(writer), 0);
        cr_expect_eq(atomic_load(&cast->got), messages);
        support_kill(owner);
        cr_assert_eq(ring_remove(cast->name[0]), 0);
        support_cast_close(cast);
    }
}

static void publish_five(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    for (int i = 0; i < 5; i++)
        support_stage_publish(stage);
}

/* After a restart its readers got what the dead one had left, over and over. */
Test(defects, hand_out_a_dead_writers_frames_for_ever_after_a_restart)
{
    struct support_stage stage;
    struct ring_view view;
    support_stage_open_without_writer(&stage, 8);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    cr_assert_eq(support_join(support_fork(publish_five, &stage)), 0);
    stage.next = 5;
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
    struct ring_reader *late = support_stage_attach(&stage, RING_LATEST, 1);
    cr_expect_eq(ring_reader_next(late, &view), -EAGAIN, "it gets nothing from before its time");
    for (uint64_t seq = 0; seq < 5; seq++) {
        view = support_stage_next(&stage, reader, seq, 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_expect_eq(ring_reader_next(reader, &view), -EAGAIN, "each once");
    support_stage_publish(&stage);
    view = support_stage_next(&stage, reader, 5, 0);
    cr_assert_eq(ring_reader_release(reader, &view), 0);
    view = support_stage_next(&stage, late, 5, 0);
    cr_assert_eq(ring_reader_release(late, &view), 0);
    ring_reader_detach(&reader);
    ring_reader_detach(&late);
    support_stage_close(&stage);
}

/* Two that waited on the one count had every other frame each. */
Test(defects, split_one_stream_between_two_readers)
{
    enum { messages = 500 };
    struct support_cast *cast = support_cast_open(1, 4);
    pid_t owner = support_cast_owner(cast), readers[2];
    for (int i = 0; i < 2; i++)
        readers[i] = support_cast_reader(
            cast, (struct support_cast_reader){.until = messages, .end = -EPIPE});
    support_cast_await(&cast->attached, 2);
    pid_t writer = support_cast_writer(
        cast, (struct support_cast_writer){.finishes = true, .until = messages});
    for (int i = 0; i < 2; i++)
        cr_expect_eq(support_join(readers[i]), 0, "it had each of them, in order");
    cr_expect_eq(support_join(writer), 0);
    cr_expect_eq(atomic_load(&cast->got), 2 * messages);
    support_kill(owner);
    cr_assert_eq(ring_remove(cast->name[0]), 0);
    support_cast_close(cast);
}

static void hold_one(void *argument)
{
    struct support_stage *stage = argument;
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    support_require(ring_reader_wait(reader, -1) == 0);
    support_stage_next(stage, reader, 0, 0);
    pause();
}

/* Nobody took back what the dead one had left full. */
Test(defects, overflow_for_ever_once_the_reader_died)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open(&stage, 3);
    pid_t reader = support_fork(hold_one, &stage);
    do {
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
        sched_yield();
    } while (info.readers == 0 || info.reader[0].lag > 0);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    do
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    while (info.reader[0].held == 0);
    struct ring_slot slot;
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
    ring_dispatch(stage.ring);
    support_kill(reader);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(ring_writer_wait(stage.writer, -1), 0);
        support_stage_publish(&stage);
    }
    support_stage_close(&stage);
}

/* Cell 10 of ring x and cell 0 of ring x1 were one object. */
Test(defects, collide_ring_x_cell_10_with_ring_x1_cell_0)
{
    char x[RING_NAME_MAX + 1], x1[RING_NAME_MAX + 1];
    struct ring *one, *two;
    struct ring_writer *first, *second;
    const struct ring_config config = {.slot_size = 64, .slots = 12};
    support_stage_name(x, "x");
    support_stage_name(x1, "x1");
    cr_assert_eq(ring_create(&one, x, &config), 0);
    cr_assert_eq(ring_create(&two, x1, &config), 0);
    cr_assert_eq(ring_writer_open(&first, x, one), 0);
    cr_assert_eq(ring_writer_open(&second, x1, two), 0);
    struct ring_slot a[12], b[12];
    for (int i = 0; i < 12; i++) {
        cr_assert_eq(ring_writer_acquire(first, &a[i]), 0);
        cr_assert_eq(ring_writer_acquire(second, &b[i]), 0);
        memset(a[i].data, 'a', 64);
        memset(b[i].data, 'b', 64);
    }
    for (int i = 0; i < 12; i++)
        for (int byte = 0; byte < 64; byte++)
            cr_assert(((char *)a[i].data)[byte] == 'a' && ((char *)b[i].data)[byte] == 'b');
    /* Generations have numbers in their names too. */
    for (int i = 0; i < 10; i++)
        cr_assert_eq(ring_resize(one, 64 + 64 * (size_t)i), 0);
    ring_writer_close(&first);
    ring_destroy(&one);
    struct ring_reader *reader;
    cr_assert_eq(ring_reader_attach(&reader, x1, &(struct ring_reader_config){0}), 0,
                 "the other is as it was");
    ring_reader_detach(&reader);
    ring_writer_close(&second);
    ring_destroy(&two);
}
