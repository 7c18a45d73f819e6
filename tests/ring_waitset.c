/* Many rings behind one descriptor: level-triggered, fair, and nothing forgotten. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

enum { cameras = 4 };

struct hall {
    struct support_stage stage[cameras];
    struct ring_reader *reader[cameras];
    struct ring_waitset *set;
};

static bool readable(const struct hall *hall)
{
    struct pollfd one = {.fd = ring_waitset_fd(hall->set), .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* Rings 0 to 3, with lossless readers of `holds` views in one set. */
static void hall_open(struct hall *hall, unsigned slots, unsigned holds)
{
    const struct ring_config config = {
        .slot_size = SUPPORT_SLOT_SIZE, .slots = slots, .note_size = SUPPORT_NOTE_SIZE};
    cr_assert_eq(ring_waitset_create(&hall->set, -1), 0);
    for (int i = 0; i < cameras; i++) {
        struct support_stage *stage = &hall->stage[i];
        *stage = (struct support_stage){.slot_size = SUPPORT_SLOT_SIZE};
        support_stage_name(stage->name, (const char[]){(char)('0' + i), '\0'});
        cr_assert_eq(ring_create(&stage->ring, stage->name, &config), 0);
        cr_assert_eq(ring_writer_open(&stage->writer, stage->name, stage->ring), 0);
        hall->reader[i] = support_stage_attach(stage, RING_LOSSLESS, holds);
        cr_assert_eq(ring_waitset_add(hall->set, hall->reader[i], &hall->stage[i]), 0);
    }
}

static void hall_close(struct hall *hall)
{
    for (int i = 0; i < cameras; i++) {
        ring_reader_detach(&hall->reader[i]);
        support_stage_close(&hall->stage[i]);
    }
    ring_waitset_destroy(&hall->set);
    cr_expect_null(hall->set);
}

/* The next view must be of `camera`. */
static struct ring_view take(struct hall *hall, int camera)
{
    struct ring_reader *reader;
    struct ring_view view;
    void *user;
    cr_assert_eq(ring_waitset_next(hall->set, &reader, &user, &view), 0);
    cr_assert_eq(reader, hall->reader[camera]);
    cr_assert_eq(user, &hall->stage[camera]);
    cr_assert(support_message_check(&view, SUPPORT_SLOT_SIZE));
    return view;
}

static void take_and_release(struct hall *hall, int camera)
{
    struct ring_view view = take(hall, camera);
    cr_assert_eq(ring_reader_release(hall->reader[camera], &view), 0);
}

static void expect_nothing(struct hall *hall)
{
    struct ring_reader *reader = (void *)1;
    struct ring_view view;
    void *user = (void *)1;
    cr_assert_eq(ring_waitset_next(hall->set, &reader, &user, &view), -EAGAIN);
    cr_expect_null(reader);
    cr_expect_null(user);
    cr_assert_not(readable(hall));
}

Test(waitset, is_readable_as_long_as_something_waits)
{
    struct hall hall;
    hall_open(&hall, 6, 1);
    expect_nothing(&hall);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&hall.stage[2]);
    for (int i = 0; i < 3; i++) {
        cr_assert(readable(&hall));
        take_and_release(&hall, 2);
    }
    expect_nothing(&hall);
    hall_close(&hall);
}

Test(waitset, each_ring_wakes_it_again_and_again)
{
    struct hall hall;
    hall_open(&hall, 4, 1);
    for (int i = 0; i < 100; i++) {
        expect_nothing(&hall);
        support_stage_publish(&hall.stage[i % cameras]);
        cr_assert(readable(&hall));
        take_and_release(&hall, i % cameras);
    }
    expect_nothing(&hall);
    hall_close(&hall);
}

Test(waitset, busy_ring_does_not_starve_a_quiet_one)
{
    struct hall hall;
    hall_open(&hall, 8, 1);
    for (int i = 0; i < cameras; i++)
        support_stage_publish(&hall.stage[i]);
    for (int i = 0; i < 6; i++)
        support_stage_publish(&hall.stage[0]);
    for (int i = 0; i < cameras; i++)
        take_and_release(&hall, i);
    for (int turn = 0; turn < 50; turn++) {
        int quiet = 1 + turn % (cameras - 1);
        take_and_release(&hall, 0);
        support_stage_publish(&hall.stage[0]); /* there is always more of it */
        support_stage_publish(&hall.stage[quiet]);
        take_and_release(&hall, quiet);
    }
    hall_close(&hall);
}

Test(waitset, reader_that_may_hold_no_more_is_left_out_until_it_releases)
{
    struct hall hall;
    hall_open(&hall, 6, 2);
    for (int i = 0; i < 4; i++)
        support_stage_publish(&hall.stage[1]);
    struct ring_view one = take(&hall, 1), two = take(&hall, 1);
    expect_nothing(&hall);
    support_stage_publish(&hall.stage[1]);
    expect_nothing(&hall);
    support_stage_publish(&hall.stage[3]);
    take_and_release(&hall, 3);
    expect_nothing(&hall);

    cr_assert_eq(ring_reader_release(hall.reader[1], &one), 0);
    cr_assert(readable(&hall), "messages wait for the hold that became free");
    one = take(&hall, 1);
    cr_expect_eq(one.seq, 2);
    expect_nothing(&hall);
    cr_assert_eq(ring_reader_release(hall.reader[1], &two), 0);
    cr_assert_eq(ring_reader_release(hall.reader[1], &one), 0);
    cr_assert(readable(&hall));
    take_and_release(&hall, 1);
    take_and_release(&hall, 1);
    expect_nothing(&hall);
    hall_close(&hall);
}

Test(waitset, end_of_a_stream_wakes_it_and_is_told_until_the_reader_is_gone)
{
    struct hall hall;
    hall_open(&hall, 4, 1);
    struct ring_reader *reader;
    struct ring_view view;
    support_stage_publish(&hall.stage[1]);
    take_and_release(&hall, 1);
    expect_nothing(&hall);
    cr_assert_eq(ring_writer_finish(hall.stage[1].writer), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert(readable(&hall));
        cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), -EPIPE);
        cr_assert_eq(reader, hall.reader[1]);
    }
    support_stage_publish(&hall.stage[2]);
    take_and_release(&hall, 2);
    cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), -EPIPE);
    cr_assert_eq(ring_waitset_remove(hall.set, hall.reader[1]), 0);
    expect_nothing(&hall);
    hall_close(&hall);
}

Test(waitset, reader_added_with_something_pending_is_seen)
{
    struct hall hall;
    hall_open(&hall, 4, 1);
    cr_assert_eq(ring_waitset_remove(hall.set, hall.reader[2]), 0);
    cr_expect_eq(ring_waitset_remove(hall.set, hall.reader[2]), -ENOENT);
    expect_nothing(&hall);
    support_stage_publish(&hall.stage[2]);
    cr_expect_not(readable(&hall), "it is in no set");
    cr_assert_eq(ring_waitset_add(hall.set, hall.reader[2], &hall.stage[2]), 0);
    cr_expect_eq(ring_waitset_add(hall.set, hall.reader[2], NULL), -EBUSY);
    cr_assert(readable(&hall));
    take_and_release(&hall, 2);
    expect_nothing(&hall);
    hall_close(&hall);
}

/* The reader is first, and asleep; only then does the writer come and learn of its bell. */
Test(waitset, writer_that_comes_later_rings)
{
    struct support_stage stage;
    struct hall hall;
    struct ring_reader *reader;
    struct ring_view view;
    support_stage_open_without_writer(&stage, 4);
    cr_assert_eq(ring_waitset_create(&hall.set, -1), 0);
    hall.reader[0] = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_assert_eq(ring_waitset_add(hall.set, hall.reader[0], NULL), 0);
    cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), -EAGAIN);

    for (int life = 0; life < 3; life++) { /* of the writer: each has to be told anew */
        cr_assert_eq(ring_writer_open(&stage.writer, stage.name, stage.ring), 0);
        support_stage_publish(&stage);
        cr_assert(readable(&hall));
        cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
        cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), -EAGAIN);
        cr_expect_not(readable(&hall));
        support_stage_publish(&stage);
        cr_assert(readable(&hall));
        cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
        cr_assert_eq(ring_waitset_next(hall.set, &reader, NULL, &view), -EAGAIN);
        ring_writer_close(&stage.writer);
    }
    ring_reader_detach(&hall.reader[0]);
    ring_waitset_destroy(&hall.set);
    support_stage_close(&stage);
}

/* A place that changes hands: the writer still has the bell of the one before. */
Test(waitset, bell_of_a_place_is_that_of_its_present_reader)
{
    struct hall hall, other;
    hall_open(&hall, 4, 1);
    expect_nothing(&hall);
    support_stage_publish(&hall.stage[0]); /* by now the writer has it */
    take_and_release(&hall, 0);
    expect_nothing(&hall);
    ring_reader_detach(&hall.reader[0]);
    cr_assert_eq(ring_waitset_create(&other.set, -1), 0);
    hall.reader[0] = support_stage_attach(&hall.stage[0], RING_LOSSLESS, 1);
    cr_assert_eq(ring_reader_place(hall.reader[0]), 0);
    cr_assert_eq(ring_waitset_add(other.set, hall.reader[0], &hall.stage[0]), 0);
    expect_nothing(&other);
    support_stage_publish(&hall.stage[0]);
    cr_expect_not(readable(&hall));
    cr_assert(readable(&other));
    other.reader[0] = hall.reader[0];
    struct ring_reader *reader;
    struct ring_view view;
    cr_assert_eq(ring_waitset_next(other.set, &reader, NULL, &view), 0);
    cr_assert_eq(ring_reader_release(reader, &view), 0);
    expect_nothing(&other);
    support_stage_publish(&hall.stage[0]);
    cr_assert(readable(&other));
    ring_waitset_destroy(&other.set);
    hall_close(&hall);
}

/* The writer had the bell of the set before, for the same reader, and went on ringing that. */
Test(waitset, reader_that_changes_sets_is_rung_in_the_one_it_is_in)
{
    struct hall hall, other;
    hall_open(&hall, 4, 1);
    expect_nothing(&hall);
    support_stage_publish(&hall.stage[0]); /* by now the writer has it */
    take_and_release(&hall, 0);
    cr_assert_eq(ring_waitset_create(&other.set, -1), 0);
    other.reader[0] = hall.reader[0];
    for (int i = 0; i < 3; i++) {
        struct hall *from = i % 2 ? &other : &hall, *to = i % 2 ? &hall : &other;
        expect_nothing(from);
        cr_assert_eq(ring_waitset_remove(from->set, hall.reader[0]), 0);
        cr_assert_eq(ring_waitset_add(to->set, hall.reader[0], &to->stage[0]), 0);
        for (int j = 0; j < 2; j++) {
            ring_dispatch(hall.stage[0].ring);
            expect_nothing(to);
            support_stage_publish(&hall.stage[0]);
            cr_expect_not(readable(from));
            cr_assert(readable(to));
            take_and_release(to, 0);
        }
    }
    ring_waitset_destroy(&other.set);
    hall_close(&hall);
}

Test(waitset, grows_shrinks_and_forgets_detached_readers)
{
    struct support_stage stage;
    struct ring_waitset *set;
    struct ring_reader *readers[RING_READERS_MAX], *reader;
    struct ring_view view;
    support_stage_open(&stage, 3);
    cr_assert_eq(ring_waitset_create(&set, -1), 0);
    for (int i = 0; i < RING_READERS_MAX; i++) {
        readers[i] = support_stage_attach(&stage, RING_LOSSLESS, 1);
        cr_assert_eq(ring_waitset_add(set, readers[i], &readers[i]), 0);
    }
    support_stage_publish(&stage);
    for (int i = 0; i < RING_READERS_MAX; i += 2)
        ring_reader_detach(&readers[i]);
    for (int i = 1; i < RING_READERS_MAX; i += 2) {
        void *user;
        cr_assert_eq(ring_waitset_next(set, &reader, &user, &view), 0);
        cr_assert_eq(user, &readers[i], "in turn");
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_assert_eq(ring_waitset_next(set, &reader, NULL, &view), -EAGAIN);
    ring_waitset_destroy(&set);
    support_stage_publish(&stage);
    for (int i = 1; i < RING_READERS_MAX; i += 2) {
        support_stage_next(&stage, readers[i], 1, 0);
        ring_reader_detach(&readers[i]);
    }
    support_stage_close(&stage);
}

Test(waitset, uses_the_descriptor_it_was_given)
{
    int given = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct hall hall;
    cr_assert_eq(ring_waitset_create(&hall.set, given), 0);
    cr_expect_neq(ring_waitset_fd(hall.set), given, "a duplicate of its own");
    cr_assert_not(readable(&hall));
    cr_assert_eq(eventfd_write(given, 1), 0);
    cr_expect(readable(&hall));
    expect_nothing(&hall); /* an empty set drains it too */
    ring_waitset_destroy(&hall.set);
    cr_expect_eq(eventfd_write(given, 1), 0, "the given one is still the caller's");
    ring_waitset_destroy(&hall.set);
    ring_waitset_destroy(NULL);
    cr_expect_eq(ring_waitset_create(&hall.set, 100000), -EINVAL);
    cr_expect_null(hall.set);
    close(given);
}
