/* The figures an observer sees. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/layout.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

Test(inspect, empty_ring)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open_without_writer(&stage, 5);
    memset(&info, 0xff, sizeof(info));
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.published, 0);
    cr_expect_eq(info.first_seq, 0);
    cr_expect_not(info.ended);
    cr_expect_eq(info.writer, 0);
    cr_expect_eq(info.slots, 5);
    cr_expect_eq(info.slot_size, SUPPORT_SLOT_SIZE);
    cr_expect_eq(info.readers, 0);
    for (int i = 0; i < RING_READERS_MAX; i++)
        cr_expect_not(info.reader[i].attached);
    support_stage_close(&stage);
}

Test(inspect, follows_every_reader)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open(&stage, 4);
    struct ring_reader *latest = support_stage_attach(&stage, RING_LATEST, 1);
    struct ring_reader *lossy = support_stage_attach(&stage, RING_LOSSY, 1);
    for (int i = 0; i < 10; i++)
        support_stage_publish(&stage);
    struct ring_reader *lossless = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (int i = 0; i < 2; i++)
        support_stage_publish(&stage);
    support_stage_next(&stage, latest, 11, 11);
    support_stage_next(&stage, lossy, 8, 8);
    support_stage_next(&stage, lossless, 10, 0);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.published, 12);
    cr_expect_eq(info.writer, getpid());
    cr_expect_eq(info.readers, 3);
    static const struct ring_reader_info expected[] = {
        {.policy = RING_LATEST, .held = 1, .received = 1, .skipped = 11, .lag = 0},
        {.policy = RING_LOSSY, .held = 1, .received = 1, .skipped = 8, .lag = 3},
        {.policy = RING_LOSSLESS, .held = 1, .received = 1, .skipped = 0, .lag = 1},
    };
    for (int i = 0; i < 3; i++) {
        cr_expect(info.reader[i].attached);
        cr_expect_eq(info.reader[i].pid, getpid());
        cr_expect_eq(info.reader[i].policy, expected[i].policy);
        cr_expect_eq(info.reader[i].held, expected[i].held);
        cr_expect_eq(info.reader[i].received, expected[i].received);
        cr_expect_eq(info.reader[i].skipped, expected[i].skipped);
        cr_expect_eq(info.reader[i].lag, expected[i].lag);
    }
    ring_reader_detach(&lossy);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.readers, 2);
    cr_expect_not(info.reader[1].attached);
    cr_assert_eq(ring_writer_finish(stage.writer), 0);
    ring_writer_close(&stage.writer);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect(info.ended);
    cr_expect_eq(info.writer, 0);
    ring_reader_detach(&latest);
    ring_reader_detach(&lossless);
    support_stage_close(&stage);
}

static void open_and_die(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    support_stage_publish(stage);
}

Test(inspect, dead_writer_is_none)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open_without_writer(&stage, 3);
    cr_assert_eq(support_join(support_fork(open_and_die, &stage)), 0);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.published, 1);
    cr_expect_eq(info.writer, 0);
    support_stage_close(&stage);
}

static void write_many(void *argument)
{
    struct support_stage *stage = argument;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    for (int i = 0; i < 20000; i++) {
        struct ring_slot slot;
        while (ring_writer_acquire(stage->writer, &slot) == -EAGAIN)
            support_require(ring_writer_wait(stage->writer, -1) == 0);
        support_require(ring_writer_publish(stage->writer, &slot, 0, NULL) == 0);
    }
    support_require(ring_writer_finish(stage->writer) == 0);
}

/* Comes and goes, so that the figures of a place that is being entered are looked at too. */
static void read_all(void *argument)
{
    struct support_stage *stage = argument;
    int error;
    do {
        struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
        for (int i = 0; i < 5; i++) {
            struct ring_view view;
            error = ring_reader_next(reader, &view);
            if (error == -EAGAIN)
                support_require(ring_reader_wait(reader, -1) == 0);
            if (error == 0)
                support_require(ring_reader_release(reader, &view) == 0);
        }
        ring_reader_detach(&reader);
    } while (error != -EPIPE);
}

/* Between two instructions of attaching it starts ahead of where it is. */
Test(inspect, reader_half_attached_has_lost_nothing)
{
    struct support_stage stage;
    struct ring_info info;
    char path[256];
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.control", stage.name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct ring_control *control =
        mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq((void *)control, MAP_FAILED);
    close(fd);
    atomic_store(&control->place[0].start, 2);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_eq(info.reader[0].skipped, 0);
    cr_expect_eq(info.reader[0].received, 0);
    cr_expect_eq(info.reader[0].lag, 3);
    munmap(control, sizeof(*control));
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* It did: the number of messages passed was read at one moment, that of messages received at
 * another, and their difference was told as messages lost. */
Test(inspect, never_shows_a_loss_that_was_none)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open_without_writer(&stage, 3);
    pid_t reader = support_fork(read_all, &stage);
    pid_t writer = support_fork(write_many, &stage);
    do {
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
        for (int i = 0; i < RING_READERS_MAX; i++) {
            cr_assert_eq(info.reader[i].skipped, 0);
            cr_assert_leq(info.reader[i].received, 20000);
            cr_assert_leq(info.reader[i].lag, 20000);
            cr_assert_leq(info.reader[i].held, 1);
        }
    } while (!info.ended);
    cr_expect_eq(info.published, 20000);
    cr_expect_eq(support_join(writer), 0);
    cr_expect_eq(support_join(reader), 0);
    support_stage_close(&stage);
}
