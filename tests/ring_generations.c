/* Slots that change their size while readers are behind: all pass over in order, and lose nothing.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/src/layout.h"
#include "tests/support/child.h"
#include "tests/support/control.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

/* Which generations are there, a bit for each of the first 15; and the bytes of all objects. */
static unsigned generations(const struct support_stage *stage, uint64_t *bytes)
{
    char path[256];
    struct stat status;
    struct ring_frames_header header;
    unsigned found = 0;
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.control", stage->name);
    cr_assert_eq(stat(path, &status), 0);
    *bytes = (uint64_t)status.st_size;
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.frames", stage->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fstat(fd, &status), 0);
    *bytes += (uint64_t)status.st_blocks * 512;
    cr_assert_eq(pread(fd, (void *)&header, sizeof(header), 0), sizeof(header));
    for (int i = 0; i < RING_GENERATIONS_MAX; i++)
        found |= header.part[i].generation ? 1U << header.part[i].generation : 0;
    close(fd);
    return found;
}

static void expect_generations(const struct support_stage *stage, unsigned expected)
{
    struct ring_info info;
    uint64_t bytes;
    ring_dispatch(stage->ring);
    cr_expect_eq(generations(stage, &bytes), expected);
    cr_assert_eq(ring_inspect(stage->ring, &info), 0);
    cr_expect_eq(info.bytes, bytes);
    cr_expect_eq(info.slot_size, stage->slot_size);
}

static void resize(struct support_stage *stage, size_t slot_size)
{
    cr_assert_eq(ring_resize(stage->ring, slot_size), 0);
    stage->slot_size = slot_size;
}

static void take(const struct support_stage *stage, struct ring_reader *reader, uint64_t seq,
                 size_t slot_size)
{
    struct ring_view view;
    (void)stage;
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_assert_eq(view.seq, seq);
    cr_assert_eq(view.skipped, 0);
    cr_assert(support_message_check(&view, slot_size));
    cr_assert_eq(ring_reader_release(reader, &view), 0);
}

Test(generations, reader_that_is_behind_gets_every_message_of_each)
{
    static const size_t sizes[] = {SUPPORT_SLOT_SIZE, 70000, 300};
    struct support_stage stage;
    support_stage_open(&stage, 8);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_reader *lossy = support_stage_attach(&stage, RING_LOSSY, 1);
    for (unsigned i = 0; i < 3; i++) {
        if (i)
            resize(&stage, sizes[i]);
        support_stage_publish(&stage);
        support_stage_publish(&stage);
    }
    expect_generations(&stage, 1 << 1 | 1 << 2 | 1 << 3);
    for (uint64_t seq = 0; seq < 6; seq++) {
        take(&stage, reader, seq, sizes[seq / 2]);
        take(&stage, lossy, seq, sizes[seq / 2]);
    }
    for (uint64_t seq = 6; seq < 30; seq++) {
        support_stage_publish(&stage);
        take(&stage, reader, seq, sizes[2]);
        take(&stage, lossy, seq, sizes[2]);
    }
    expect_generations(&stage, 1 << 3);
    ring_reader_detach(&reader);
    ring_reader_detach(&lossy);
    support_stage_close(&stage);
}

Test(generations, views_stay_as_they_are)
{
    struct support_stage stage;
    support_stage_open(&stage, 5);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 2);
    support_stage_publish(&stage);
    struct ring_view old = support_stage_next(&stage, reader, 0, 0);
    resize(&stage, 50000);
    support_stage_publish(&stage);
    struct ring_view middle = support_stage_next(&stage, reader, 1, 0);
    resize(&stage, 100);
    for (int i = 0; i < 50; i++)
        support_stage_publish(&stage);
    cr_expect(support_message_check(&old, SUPPORT_SLOT_SIZE));
    cr_expect(support_message_check(&middle, 50000));
    expect_generations(&stage, 1 << 1 | 1 << 2 | 1 << 3);
    cr_assert_eq(ring_reader_release(reader, &old), 0);
    cr_assert_eq(ring_reader_release(reader, &middle), 0);
    for (int i = 0; i < 10; i++)
        support_stage_publish(&stage);
    expect_generations(&stage, 1 << 3);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* One acquired before the change is published in the size it has. */
Test(generations, acquired_slots_stay_as_they_are)
{
    struct support_stage stage;
    struct ring_slot small, large;
    support_stage_open(&stage, 6);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_assert_eq(ring_writer_acquire(stage.writer, &small), 0);
    resize(&stage, 9000);
    cr_assert_eq(ring_writer_acquire(stage.writer, &large), 0);
    cr_expect_eq(small.size, SUPPORT_SLOT_SIZE);
    cr_expect_eq(large.size, 9000);
    size_t used = support_message_fill(&large, 0);
    cr_assert_eq(ring_writer_publish(stage.writer, &large, used, NULL), 0);
    expect_generations(&stage, 1 << 1 | 1 << 2);
    used = support_message_fill(&small, 1);
    cr_assert_eq(ring_writer_publish(stage.writer, &small, used, NULL), 0);
    stage.next = 2;
    take(&stage, reader, 0, 9000);
    take(&stage, reader, 1, SUPPORT_SLOT_SIZE);
    for (uint64_t seq = 2; seq < 20; seq++) {
        support_stage_publish(&stage);
        take(&stage, reader, seq, 9000);
    }
    expect_generations(&stage, 1 << 2);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(generations, next_writer_takes_over_in_the_newest)
{
    struct support_stage stage;
    support_stage_open(&stage, 6);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    ring_writer_close(&stage.writer);
    resize(&stage, 20000);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
    support_stage_publish(&stage);
    take(&stage, reader, 0, SUPPORT_SLOT_SIZE);
    take(&stage, reader, 1, 20000);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(generations, sizes_that_can_not_be_leave_the_ring_as_it_is)
{
    struct support_stage stage;
    support_stage_open(&stage, 4096);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_expect_eq(ring_resize(stage.ring, 0), -EINVAL);
    cr_expect_eq(ring_resize(stage.ring, RING_SLOT_SIZE_MAX + (size_t)1), -EINVAL);
    cr_expect_eq(ring_resize(stage.ring, RING_SLOT_SIZE_MAX), -ENOSPC);
    expect_generations(&stage, 1 << 1);
    support_stage_publish(&stage);
    take(&stage, reader, 0, SUPPORT_SLOT_SIZE);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* The owner's account of them had room for 16, and was asked for more. */
Test(generations, that_readers_still_need_are_limited)
{
    struct support_stage stage;
    struct ring_view view;
    struct ring_info info;
    unsigned made = 1;
    int error;
    support_stage_open(&stage, 40);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (;;) {
        support_stage_publish(&stage);
        error = ring_resize(stage.ring, SUPPORT_SLOT_SIZE + 100 * made);
        if (error)
            break;
        made++;
        cr_assert_lt(made, 40);
    }
    cr_expect_eq(error, -EAGAIN);
    for (uint64_t seq = 0; seq < stage.next; seq++) {
        cr_assert_eq(ring_reader_next(reader, &view), 0);
        cr_assert_eq(view.seq, seq);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    for (int i = 0; i < 100; i++) {
        support_stage_publish(&stage);
        cr_assert_eq(ring_reader_next(reader, &view), 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_expect_eq(ring_resize(stage.ring, SUPPORT_SLOT_SIZE), 0);
    support_stage_publish(&stage);
    cr_assert_eq(ring_inspect(stage.ring, &info), 0);
    cr_expect_lt(info.bytes, 1000000);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* A message that a writer tries to claim, and has to give back, carries no number for a moment, and
 * the reader for whom it does so may have let go again: the owner took the memory for unused. */
Test(generations, of_a_message_that_is_just_being_claimed_stay)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    support_stage_publish(&stage);
    resize(&stage, 5000);
    support_stage_publish(&stage);
    struct ring_control *control = support_control_map(stage.name);
    int slot = 0;
    while (atomic_load(&control->slot[slot].seq) != 0)
        slot++;
    atomic_store(&control->slot[slot].seq, RING_NO_SEQ);
    expect_generations(&stage, 1 << 1 | 1 << 2);
    atomic_store(&control->slot[slot].seq, 0);
    take(&stage, reader, 0, SUPPORT_SLOT_SIZE);
    take(&stage, reader, 1, 5000);
    munmap(control, sizeof(*control));
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* It died between taking the number away and giving it back, and a reader's hold stood. What it
 * left in a slot that was not used again kept the memory for ever. */
Test(generations, that_a_dead_writer_was_just_claiming_go_in_the_end)
{
    struct support_stage stage;
    support_stage_open(&stage, 20);
    support_stage_publish(&stage);
    struct ring_control *control = support_control_map(stage.name);
    int slot = 0;
    while (atomic_load(&control->slot[slot].seq) != 0)
        slot++;
    resize(&stage, 600000); /* so large that few of the slots are in use */
    support_stage_publish(&stage);
    ring_writer_close(&stage.writer);
    atomic_store(&control->slot[slot].seq, RING_NO_SEQ);
    atomic_fetch_or(&control->slot[slot].holders, 1);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
    for (int i = 0; i < 20; i++)
        support_stage_publish(&stage);
    expect_generations(&stage, 1 << 1 | 1 << 2);
    atomic_fetch_and(&control->slot[slot].holders, ~UINT64_C(1));
    resize(&stage, 600001);
    for (int i = 0; i < 50; i++)
        support_stage_publish(&stage);
    expect_generations(&stage, 1 << 3);
    munmap(control, sizeof(*control));
    support_stage_close(&stage);
}

struct restless {
    struct support_stage stage;
    int over[2]; /* closed by the parent: end */
};

static void resize_all_the_time(void *argument)
{
    struct restless *restless = argument;
    struct support_stage *stage = &restless->stage;
    struct ring_slot slot;
    char byte;
    close(restless->over[1]);
    support_stage_open(stage, 3);
    for (size_t i = 0; read(restless->over[0], &byte, 1) < 0; i++) {
        int error = ring_resize(stage->ring, 100 + i % 50);
        support_require(error == 0 || error == -EAGAIN);
        if (ring_writer_acquire(stage->writer, &slot) == 0)
            support_require(ring_writer_publish(stage->writer, &slot, 0, NULL) == 0);
        ring_dispatch(stage->ring);
    }
    support_stage_close(stage);
}

/* A reader looked up the newest, and it was gone when it came to open it. Nor may it miss a message
 * whose slot the writer just tries to claim. */
Test(generations, come_and_go_under_readers_that_do_so_too)
{
    struct restless restless;
    const struct ring_reader_config config = {.policy = RING_LOSSY};
    struct ring_reader *reader;
    int error;
    cr_assert_eq(pipe2(restless.over, O_NONBLOCK), 0);
    pid_t child = support_fork(resize_all_the_time, &restless);
    snprintf(restless.stage.name, sizeof(restless.stage.name), "test-%d-stage", child);
    while ((error = ring_reader_attach(&reader, restless.stage.name, &config)) == -ENOENT)
        sched_yield(); /* not made yet */
    for (int i = 0; i < 2000; i++) {
        cr_assert_eq(error, 0, "%d", error);
        for (int k = 0; k < 20; k++) {
            struct ring_view view;
            error = ring_reader_next(reader, &view);
            cr_assert(error == 0 || error == -EAGAIN, "%d", error);
            if (!error)
                cr_assert_eq(ring_reader_release(reader, &view), 0);
        }
        ring_reader_detach(&reader);
        error = ring_reader_attach(&reader, restless.stage.name, &config);
    }
    cr_assert_eq(error, 0);
    ring_reader_detach(&reader);
    close(restless.over[1]);
    cr_expect_eq(support_join(child), 0);
}

/* The frames made from then on were somebody else's than the ring, and refused. */
Test(generations, of_an_owner_that_changed_its_user_are_still_its_own)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else");
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_assert_eq(seteuid(65534), 0);
    resize(&stage, 5000);
    support_stage_publish(&stage);
    take(&stage, reader, 0, 5000);
    cr_assert_eq(seteuid(0), 0);
    struct ring_reader *late = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    take(&stage, late, 1, 5000);
    ring_reader_detach(&late);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}
