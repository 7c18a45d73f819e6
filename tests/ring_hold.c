/* What a writer holds of its own messages stays as it is, and costs the readers nothing they were
 * promised. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/message.h"
#include "tests/support/stage.h"

enum { SLOTS = 6, HOLDS = 3, SIZE = 5000 };

struct scene {
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_writer *writer;
};

static void open_scene(struct scene *scene)
{
    support_stage_name(scene->name, "hold");
    const struct ring_config config = {.slot_size = SIZE, .slots = SLOTS, .writer_holds = HOLDS};
    cr_assert_eq(ring_create(&scene->ring, scene->name, &config), 0);
    cr_assert_eq(ring_writer_open(&scene->writer, scene->name, scene->ring), 0);
}

static void close_scene(struct scene *scene)
{
    ring_writer_close(&scene->writer);
    ring_destroy(&scene->ring);
}

/* Publishes a message whose every byte is `value`. */
static void publish(struct scene *scene, int value)
{
    struct ring_slot slot;
    cr_assert_eq(ring_writer_acquire(scene->writer, &slot), 0);
    memset(slot.data, value, SIZE);
    cr_assert_eq(ring_writer_publish(scene->writer, &slot, SIZE, NULL), 0);
}

/* The same, held: where it lies. */
static const unsigned char *publish_held(struct scene *scene, int value, unsigned *index)
{
    struct ring_slot slot;
    cr_assert_eq(ring_writer_acquire(scene->writer, &slot), 0);
    cr_assert_eq(ring_writer_hold(scene->writer, &slot), 0);
    const unsigned char *data = slot.data;
    *index = slot.index;
    memset(slot.data, value, SIZE);
    cr_assert_eq(ring_writer_publish(scene->writer, &slot, SIZE, NULL), 0);
    return data;
}

static bool is_all(const unsigned char *data, int value)
{
    for (size_t i = 0; i < SIZE; i++)
        if (data[i] != value)
            return false;
    return true;
}

Test(hold, what_is_held_stays_whatever_is_published)
{
    struct scene scene;
    const unsigned char *data[HOLDS];
    unsigned index[HOLDS];
    open_scene(&scene);
    for (int i = 0; i < HOLDS; i++)
        data[i] = publish_held(&scene, 100 + i, &index[i]);
    for (int i = 0; i < 1000; i++)
        publish(&scene, i % 100);
    for (int i = 0; i < HOLDS; i++)
        cr_expect(is_all(data[i], 100 + i), "held message %d has changed", i);
    /* Let go of, one after the other, each is used again. */
    for (int i = 0; i < HOLDS; i++) {
        cr_expect_eq(ring_writer_release(scene.writer, index[i]), 0);
        for (int round = 0; round < 2 * SLOTS; round++)
            publish(&scene, 1);
        cr_expect(is_all(data[i], 1), "slot %u was never used again", index[i]);
    }
    close_scene(&scene);
}

Test(hold, readers_see_what_is_held_like_any_message)
{
    struct scene scene;
    struct ring_reader *reader;
    struct ring_view view;
    unsigned index;
    open_scene(&scene);
    cr_assert_eq(ring_reader_attach(&reader, scene.name, &(struct ring_reader_config){0}), 0);
    publish_held(&scene, 7, &index);
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_expect(is_all(view.data, 7));
    /* Its own hold ends; the reader's does not by that. */
    cr_expect_eq(ring_writer_release(scene.writer, index), 0);
    for (int i = 0; i < SLOTS - 1; i++)
        publish(&scene, 8);
    struct ring_slot slot;
    cr_expect_eq(ring_writer_acquire(scene.writer, &slot), -EAGAIN);
    cr_expect(is_all(view.data, 7));
    cr_expect_eq(ring_reader_release(reader, &view), 0);
    publish(&scene, 9);
    ring_reader_detach(&reader);
    close_scene(&scene);
}

Test(hold, can_end_before_the_message_is_published)
{
    struct scene scene;
    struct ring_slot slot;
    open_scene(&scene);
    for (int i = 0; i < 10 * SLOTS; i++) {
        cr_assert_eq(ring_writer_acquire(scene.writer, &slot), 0);
        unsigned index = slot.index;
        cr_assert_eq(ring_writer_hold(scene.writer, &slot), 0);
        if (i % 2)
            cr_assert_eq(ring_writer_cancel(scene.writer, &slot), 0);
        else
            cr_assert_eq(ring_writer_release(scene.writer, index), 0);
        cr_expect_eq(ring_writer_release(scene.writer, index), -EINVAL, "it ended before");
        if (i % 2 == 0)
            cr_assert_eq(ring_writer_publish(scene.writer, &slot, 0, NULL), 0);
    }
    close_scene(&scene);
}

Test(hold, no_more_than_was_agreed)
{
    struct scene scene;
    struct ring_slot slots[HOLDS + 1];
    open_scene(&scene);
    cr_expect_eq(ring_writer_holds(scene.writer), HOLDS);
    for (int i = 0; i <= HOLDS; i++) {
        cr_assert_eq(ring_writer_acquire(scene.writer, &slots[i]), 0);
        cr_expect_eq(ring_writer_hold(scene.writer, &slots[i]), i < HOLDS ? 0 : -ENOBUFS);
    }
    cr_expect_eq(ring_writer_hold(scene.writer, &slots[0]), -EINVAL, "held already");
    cr_expect_eq(ring_writer_release(scene.writer, slots[HOLDS].index), -EINVAL);
    cr_expect_eq(ring_writer_release(scene.writer, SLOTS), -EINVAL);
    cr_expect_eq(ring_writer_hold(scene.writer, &(struct ring_slot){0}), -EINVAL);
    ring_writer_cancel(scene.writer, &slots[1]);
    cr_expect_eq(ring_writer_hold(scene.writer, &slots[HOLDS]), 0);
    close_scene(&scene);
}

Test(hold, is_not_promised_to_readers)
{
    struct scene scene;
    struct ring_reader *lossy, *other;
    struct ring_reader_config config = {.policy = RING_LOSSY, .holds = SLOTS - 2 - HOLDS};
    unsigned index;
    open_scene(&scene);
    cr_assert_eq(ring_reader_attach(&lossy, scene.name, &config), 0);
    config.holds = 1;
    cr_expect_eq(ring_reader_attach(&other, scene.name, &config), -ENOBUFS);
    /* All of it is taken: the writer still waits for nobody. */
    struct ring_view view;
    for (int i = 0; i < HOLDS; i++)
        publish_held(&scene, i, &index);
    publish(&scene, 50);
    while (ring_reader_next(lossy, &view) == 0)
        ;
    for (int i = 0; i < 1000; i++)
        publish(&scene, 60);
    ring_reader_detach(&lossy);
    close_scene(&scene);
}

Test(hold, must_leave_room_for_the_rest)
{
    struct scene scene;
    support_stage_name(scene.name, "hold");
    struct ring_config config = {.slot_size = 1, .slots = 5, .writer_holds = 4};
    cr_expect_eq(ring_create(&scene.ring, scene.name, &config), -EINVAL);
    config.writer_holds = 3;
    cr_assert_eq(ring_create(&scene.ring, scene.name, &config), 0);
    ring_destroy(&scene.ring);
}

Test(hold, is_not_inherited_by_the_next_writer)
{
    struct scene scene;
    struct ring_slot slot;
    unsigned index;
    open_scene(&scene);
    for (int i = 0; i < HOLDS; i++)
        publish_held(&scene, i, &index);
    ring_writer_close(&scene.writer);
    cr_assert_eq(ring_writer_open(&scene.writer, scene.name, scene.ring), 0);
    cr_expect_eq(ring_writer_release(scene.writer, index), -EINVAL);
    for (int i = 0; i < SLOTS - 1; i++)
        cr_expect_eq(ring_writer_acquire(scene.writer, &slot), 0, "all but the newest are free");
    cr_expect_eq(ring_writer_acquire(scene.writer, &slot), -EAGAIN);
    close_scene(&scene);
}

Test(hold, outlives_a_change_of_the_slots_size)
{
    struct scene scene;
    unsigned index;
    open_scene(&scene);
    const unsigned char *data = publish_held(&scene, 77, &index);
    for (size_t size = SIZE; size < SIZE + 5; size++) {
        cr_assert_eq(ring_resize(scene.ring, size), 0);
        for (int i = 0; i < 2 * SLOTS; i++)
            publish(&scene, 1);
        ring_dispatch(scene.ring);
    }
    cr_expect(is_all(data, 77));
    cr_expect_eq(ring_writer_release(scene.writer, index), 0);
    close_scene(&scene);
}
