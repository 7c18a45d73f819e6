/* A key opens a ring for writing to who may open nothing by its name. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

enum { SLOTS = 4, LARGER = 10 * SUPPORT_SLOT_SIZE };

struct scene {
    struct support_stage stage;
    struct ring_key key;
    size_t used; /* bytes of the message */
};

static void remove_names(const char *name)
{
    static const char *const parts[] = {"control", "frames", "hub"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char path[128];
        snprintf(path, sizeof path, "/dev/shm/ring.%s.%s", name, parts[i]);
        cr_assert_eq(unlink(path), 0, "%s", path);
    }
}

static void open_scene(struct scene *scene)
{
    support_stage_open_without_writer(&scene->stage, SLOTS);
    cr_assert_eq(ring_key_make(&scene->key, scene->stage.name), 0);
}

static void check_empty(const struct ring_key *key)
{
    cr_expect(key->lock == -1 && key->control == -1 && key->frames == -1 && key->hub == -1);
}

static void check_nothing_leaked(int first)
{
    const int next = dup(STDERR_FILENO);
    cr_expect_eq(next, first, "%d, not %d, is the first that is free", next, first);
    close(next);
}

/* In a process that has the descriptors of the key and no other of the ring. */
static void write_by_key(void *argument)
{
    struct scene *scene = argument;
    struct ring_writer *writer;
    struct ring_slot slot;
    support_require(ring_writer_open_by_key(&writer, &scene->key) == 0);
    support_require(ring_writer_acquire(writer, &slot) == 0);
    support_require(slot.size >= scene->used);
    memset(slot.data, 'k', scene->used);
    support_require(ring_writer_publish(writer, &slot, scene->used, NULL) == 0);
    ring_writer_finish(writer);
    ring_writer_close(&writer);
}

static void check_message(struct scene *scene)
{
    struct ring_view view;
    struct ring_reader *reader = support_stage_attach(&scene->stage, RING_LOSSLESS, 1);
    remove_names(scene->stage.name);
    pid_t child = support_fork(write_by_key, scene);
    cr_assert_eq(support_join(child), 0);
    cr_assert_eq(ring_reader_next(reader, &view), 0);
    cr_expect_eq(view.size, scene->used);
    cr_expect_eq(((const char *)view.data)[scene->used - 1], 'k');
    cr_assert_eq(ring_reader_release(reader, &view), 0);
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    ring_reader_detach(&reader);
    ring_key_drop(&scene->key);
    ring_destroy(&scene->stage.ring);
}

Test(key, opens_a_ring_whose_names_are_gone)
{
    struct scene scene = {.used = SUPPORT_SLOT_SIZE};
    open_scene(&scene);
    check_message(&scene);
}

Test(key, reaches_slots_that_were_enlarged_since)
{
    struct scene scene = {.used = LARGER};
    open_scene(&scene);
    cr_assert_eq(ring_resize(scene.stage.ring, LARGER), 0);
    check_message(&scene);
}

Test(key, does_not_open_beside_a_writer)
{
    struct scene scene;
    struct ring_writer *writer;
    struct ring_writer *second;
    open_scene(&scene);
    cr_assert_eq(ring_writer_open(&writer, scene.stage.name, NULL), 0);
    cr_expect_eq(ring_writer_open_by_key(&second, &scene.key), -EBUSY);
    cr_expect_null(second);
    check_empty(&scene.key);
    ring_writer_close(&writer);
    support_stage_close(&scene.stage);
}

Test(key, that_is_not_used_takes_no_part)
{
    struct scene scene;
    open_scene(&scene);
    cr_assert_eq(ring_writer_open(&scene.stage.writer, scene.stage.name, NULL), 0);
    ring_key_drop(&scene.key);
    check_empty(&scene.key);
    support_stage_publish(&scene.stage);
    support_stage_close(&scene.stage);
}

Test(key, of_no_ring)
{
    struct ring_key key;
    struct ring_writer *writer;
    const int first = dup(STDERR_FILENO);
    close(first);
    cr_expect_eq(ring_key_make(&key, "there-is-no-such-ring"), -ENOENT);
    check_empty(&key);
    cr_expect_eq(ring_writer_open_by_key(&writer, &key), -EPROTO);
    cr_expect_null(writer);
    check_nothing_leaked(first);
}

Test(key, with_a_gap_or_of_something_else_is_refused)
{
    struct scene scene;
    struct ring_writer *writer;
    const int first = dup(STDERR_FILENO);
    close(first);
    support_stage_open_without_writer(&scene.stage, SLOTS);
    const int with_ring = dup(STDERR_FILENO);
    close(with_ring);
    cr_assert_eq(ring_key_make(&scene.key, scene.stage.name), 0);
    close(scene.key.hub);
    scene.key.hub = -1;
    cr_expect_eq(ring_writer_open_by_key(&writer, &scene.key), -EPROTO);
    cr_assert_eq(ring_key_make(&scene.key, scene.stage.name), 0);
    cr_assert_eq(dup2(scene.key.frames, scene.key.lock), scene.key.lock);
    cr_expect_eq(ring_writer_open_by_key(&writer, &scene.key), -EPROTO);
    check_empty(&scene.key);
    check_nothing_leaked(with_ring);
    support_stage_close(&scene.stage);
    check_nothing_leaked(first);
}
