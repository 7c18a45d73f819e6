/* What those who take part still have when the ring's owner has left, or died, and its names are
 * gone.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

static void resize(struct support_stage *stage, size_t slot_size)
{
    cr_assert_eq(ring_resize(stage->ring, slot_size), 0);
    stage->slot_size = slot_size;
}

static void take(struct ring_reader *reader, uint64_t seq, size_t slot_size)
{
    struct ring_view view;
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_assert_eq(view.seq, seq);
    cr_assert_eq(view.skipped, 0);
    cr_assert(support_message_check(&view, slot_size));
    cr_assert_eq(ring_reader_release(reader, &view), 0);
}

/* -- an owner that dies, and the next one -------------------------------------------------------
 */

struct heir {
    struct support_stage stage;
    int told[2]; /* a pipe: from the owner that is to die, and to it */
    int go[2];
};

/* Makes the ring, and when told makes its slots larger, publishes there and is killed. */
static void own_for_a_while(void *argument)
{
    struct heir *heir = argument;
    struct support_stage *stage = &heir->stage;
    const struct ring_config config = {
        .slot_size = SUPPORT_SLOT_SIZE, .slots = 4, .note_size = SUPPORT_NOTE_SIZE};
    char byte;
    support_require(ring_create(&stage->ring, stage->name, &config) == 0);
    support_require(write(heir->told[1], "", 1) == 1);
    support_require(read(heir->go[0], &byte, 1) == 1);
    resize(stage, 5000);
    if (byte) {
        support_require(ring_writer_open(&stage->writer, stage->name, stage->ring) == 0);
        support_stage_publish(stage);
    }
    support_require(write(heir->told[1], "", 1) == 1);
    pause();
}

static pid_t predecessor(struct heir *heir)
{
    char byte;
    *heir = (struct heir){0};
    support_stage_name(heir->stage.name, "heir");
    cr_assert_eq(pipe(heir->told), 0);
    cr_assert_eq(pipe(heir->go), 0);
    pid_t child = support_fork(own_for_a_while, heir);
    cr_assert_eq(read(heir->told[0], &byte, 1), 1);
    return child;
}

/* The owner resizes, publishes if it is to, and dies; the next one makes the ring again. */
static void succeed(struct heir *heir, pid_t child, bool publishes)
{
    const struct ring_config config = {.slot_size = SUPPORT_SLOT_SIZE, .slots = 4};
    char byte = publishes;
    cr_assert_eq(write(heir->go[1], &byte, 1), 1);
    cr_assert_eq(read(heir->told[0], &byte, 1), 1);
    support_kill(child);
    cr_assert_eq(ring_create(&heir->stage.ring, heir->stage.name, &config), 0);
}

/* It lost what it had not opened yet, and which was gone with the names. */
Test(abandoned, reader_of_a_replaced_ring_gets_what_was_published)
{
    struct heir heir;
    struct ring_view view;
    pid_t child = predecessor(&heir);
    struct ring_reader *reader = support_stage_attach(&heir.stage, RING_LOSSLESS, 1);
    succeed(&heir, child, true);
    take(reader, 0, 5000);
    cr_expect_eq(ring_reader_next(reader, &view), -EAGAIN);
    cr_expect_eq(ring_reader_wait(reader, -1), 0);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    ring_reader_detach(&reader);
    support_stage_close(&heir.stage);
}

/* It goes on with what it can reach, and ends when there is no room or it looks for the owner. */
Test(abandoned, writer_of_a_replaced_ring_is_at_its_end)
{
    struct heir heir;
    struct ring_writer *writer;
    struct ring_slot slot;
    int error;
    pid_t child = predecessor(&heir);
    cr_assert_eq(ring_writer_open(&writer, heir.stage.name, NULL), 0);
    ring_writer_fd(writer);
    succeed(&heir, child, false);
    struct ring_reader *reader = support_stage_attach(&heir.stage, RING_LOSSLESS, 1);
    for (int i = 0; (error = ring_writer_acquire(writer, &slot)) == 0; i++) {
        cr_assert_lt(i, 4);
        cr_expect_eq(slot.size, 5000);
    }
    cr_expect_eq(error, -EPIPE);
    cr_expect_eq(ring_writer_wait(writer, -1), 0);
    struct ring_view view;
    cr_expect_eq(ring_reader_next(reader, &view), -EAGAIN, "nothing of it is in the new ring");
    ring_reader_detach(&reader);
    ring_writer_close(&writer);
    support_stage_close(&heir.stage);
}

/* -- an owner that leaves -----------------------------------------------------------------------
 */

/* Three sizes, and a reader that has been left behind in the first. */
static struct ring_reader *leave_behind(struct support_stage *stage, const size_t sizes[3])
{
    support_stage_open(stage, 8);
    struct ring_reader *reader = support_stage_attach(stage, RING_LOSSLESS, 1);
    for (unsigned i = 0; i < 3; i++) {
        if (i)
            resize(stage, sizes[i]);
        support_stage_publish(stage);
        support_stage_publish(stage);
    }
    return reader;
}

/* It was told -EPROTO, or -EPIPE, at the first message in slots that it had not opened yet. */
Test(abandoned, reader_that_is_behind_loses_nothing_when_the_ring_is_destroyed)
{
    static const size_t sizes[] = {SUPPORT_SLOT_SIZE, 70000, 300};
    struct support_stage stage;
    struct ring_view view;
    struct ring_reader *reader = leave_behind(&stage, sizes);
    ring_destroy(&stage.ring);
    for (uint64_t seq = 0; seq < 6; seq++)
        take(reader, seq, sizes[seq / 2]);
    cr_expect_eq(ring_reader_wait(reader, -1), 0);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* Likewise when the owner was killed, and somebody took away what it left. */
Test(abandoned, reader_that_is_behind_loses_nothing_when_a_stale_ring_is_removed)
{
    struct heir heir;
    struct ring_view view;
    char byte = 1;
    pid_t child = predecessor(&heir);
    struct ring_reader *reader = support_stage_attach(&heir.stage, RING_LOSSLESS, 1);
    cr_assert_eq(write(heir.go[1], &byte, 1), 1);
    cr_assert_eq(read(heir.told[0], &byte, 1), 1);
    support_kill(child);
    cr_assert_eq(ring_remove(heir.stage.name), 0);
    take(reader, 0, 5000);
    cr_expect_eq(ring_reader_wait(reader, -1), 0);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    ring_reader_detach(&reader);
}

/* It was told -EPROTO where the size had just changed: the names were gone, the ring not yet. */
Test(abandoned, writer_finds_no_damage_in_a_ring_that_goes)
{
    struct support_stage stage;
    struct ring_slot slot;
    support_stage_open_without_writer(&stage, 4);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, NULL), 0);
    ring_writer_fd(stage.writer);
    resize(&stage, 5000);
    char path[256];
    static const char *const objects[] = {"frames", "hub", "control"};
    for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
        snprintf(path, sizeof(path), "/dev/shm/ring.%s.%s", stage.name, objects[i]);
        cr_assert_eq(unlink(path), 0);
    }
    /* Here is a moment of ring_destroy. */
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
    cr_expect_eq(slot.size, 5000);
    ring_destroy(&stage.ring);
    int error;
    while ((error = ring_writer_acquire(stage.writer, &slot)) == 0)
        ;
    cr_expect_eq(error, -EPIPE);
    support_stage_close(&stage);
}

/* A process that may open nothing any more takes part as before. */
Test(abandoned, process_that_may_open_nothing_goes_on)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    resize(&stage, 5000);
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    support_stage_publish(&stage);
    take(reader, 0, 5000);
    limit.rlim_cur = before;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}
