/* Readers and writers that die: what they held comes back, and nobody waits for them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/layout.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/support/stage.h"

/* A stage, and the control object as its processes see it: to look whether somebody sleeps, and to
 * put it into a state in which a process has died between two instructions. */
struct scene {
    struct support_stage stage;
    struct ring_control *control;
    size_t size;
    bool polls;   /* the writer, and does not sleep on its semaphore */
    int ready[2]; /* a pipe: a byte from each child that has come to its point */
};

static void scene_open(struct scene *scene, unsigned slots, bool polls)
{
    char path[256];
    struct ring_geometry geometry;
    struct support_stage *stage = &scene->stage;
    *stage = (struct support_stage){.slot_size = SUPPORT_SLOT_SIZE};
    scene->polls = polls;
    support_stage_name(stage->name, "scene");
    const struct ring_config config = {
        .slot_size = SUPPORT_SLOT_SIZE,
        .slots = slots,
        .note_size = SUPPORT_NOTE_SIZE,
    };
    cr_assert_eq(ring_create(&stage->ring, stage->name, &config), 0);
    cr_assert_eq(ring_geometry(&geometry, slots, config.note_size, 0), 0);
    scene->size = geometry.control_size;
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.control", stage->name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *memory = mmap(NULL, scene->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq(memory, MAP_FAILED);
    close(fd);
    scene->control = memory;
    cr_assert_eq(pipe(scene->ready), 0);
}

static void scene_close(struct scene *scene)
{
    munmap(scene->control, scene->size);
    close(scene->ready[0]);
    close(scene->ready[1]);
    support_stage_close(&scene->stage);
}

static void open_writer(struct scene *scene)
{
    cr_assert_eq(ring_writer_open(&scene->stage.writer, scene->stage.name, scene->stage.ring), 0);
}

static void say_ready(const struct scene *scene)
{
    support_require(write(scene->ready[1], "", 1) == 1);
}

static void await_ready(const struct scene *scene)
{
    char byte;
    cr_assert_eq(read(scene->ready[0], &byte, 1), 1);
}

static struct ring_info inspect(const struct scene *scene)
{
    struct ring_info info;
    cr_assert_eq(ring_inspect(scene->stage.ring, &info), 0);
    return info;
}

/* -- dead readers -------------------------------------------------------------------------------
 */

struct guest {
    struct scene *scene;
    enum ring_policy policy;
    unsigned holds;
};

/* Attaches, takes all the views it may, and stays until it is killed. */
static void hold_views(void *argument)
{
    const struct guest *guest = argument;
    const struct support_stage *stage = &guest->scene->stage;
    struct ring_reader *reader = support_stage_attach(stage, guest->policy, guest->holds);
    say_ready(guest->scene);
    for (unsigned i = 0; i < guest->holds; i++) {
        struct ring_view view;
        support_require(ring_reader_wait(reader, -1) == 0);
        support_require(ring_reader_next(reader, &view) == 0);
    }
    say_ready(guest->scene);
    pause();
}

static pid_t invite(struct scene *scene, enum ring_policy policy, unsigned holds)
{
    pid_t child = support_fork(hold_views, &(struct guest){scene, policy, holds});
    await_ready(scene);
    return child;
}

Test(recovery, reap_takes_back_what_a_dead_reader_held_and_nothing_else)
{
    struct scene scene;
    scene_open(&scene, 8, false);
    pid_t one = invite(&scene, RING_LOSSY, 2);
    pid_t two = invite(&scene, RING_LOSSY, 2);
    struct ring_reader *survivor = support_stage_attach(&scene.stage, RING_LATEST, 2);
    struct ring_view views[2];
    open_writer(&scene);
    for (uint64_t i = 0; i < 2; i++) {
        support_stage_publish(&scene.stage);
        views[i] = support_stage_next(&scene.stage, survivor, i, 0);
    }
    await_ready(&scene);
    await_ready(&scene);
    cr_expect_eq(ring_reap(scene.stage.ring), 0, "all live");

    support_kill(one);
    struct ring_info info = inspect(&scene);
    cr_expect_eq(info.readers, 3);
    cr_expect_eq(info.reader[0].held, 2);
    cr_expect_eq(ring_reap(scene.stage.ring), 1);
    cr_expect_eq(ring_reap(scene.stage.ring), 0, "once");
    info = inspect(&scene);
    cr_expect_eq(info.readers, 2);
    cr_expect_not(info.reader[0].attached);
    cr_expect_eq(info.reader[1].held, 2);
    cr_expect_eq(info.reader[2].held, 2);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(atomic_load(&scene.control->slot[i].holders) & 1, 0);
    for (int i = 0; i < 100; i++)
        support_stage_publish(&scene.stage);
    for (int i = 0; i < 2; i++)
        cr_expect(support_message_check(&views[i], SUPPORT_SLOT_SIZE));
    support_kill(two);
    cr_expect_eq(ring_reap(scene.stage.ring), 1);
    ring_reader_detach(&survivor);
    scene_close(&scene);
}

Test(recovery, attaching_takes_back_too)
{
    struct scene scene;
    scene_open(&scene, 4, false);
    pid_t child = invite(&scene, RING_LOSSY, 2);
    struct ring_reader *reader;
    const struct ring_reader_config config = {.policy = RING_LATEST, .holds = 2};
    cr_expect_eq(ring_reader_attach(&reader, scene.stage.name, &config), -ENOBUFS);
    support_kill(child);
    cr_expect_eq(ring_reader_attach(&reader, scene.stage.name, &config), 0,
                 "what was promised to the dead is free");
    cr_expect_eq(inspect(&scene).readers, 1);
    ring_reader_detach(&reader);
    scene_close(&scene);
}

Test(recovery, all_places_come_back)
{
    struct scene scene;
    scene_open(&scene, 4, false);
    pid_t children[RING_READERS_MAX];
    struct ring_reader *reader;
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    for (int i = 0; i < RING_READERS_MAX; i++)
        children[i] = invite(&scene, RING_LOSSLESS, 1);
    cr_expect_eq(ring_reader_attach(&reader, scene.stage.name, &config), -EUSERS);
    for (int i = 0; i < RING_READERS_MAX; i++)
        support_kill(children[i]);
    cr_expect_eq(ring_reap(scene.stage.ring), RING_READERS_MAX);
    cr_expect_eq(ring_reader_attach(&reader, scene.stage.name, &config), 0);
    ring_reader_detach(&reader);
    scene_close(&scene);
}

/* -- a writer that waits ------------------------------------------------------------------------
 */

/* Fills the pool, sleeps for a slot, publishes one message more. */
static void wait_for_a_slot(void *argument)
{
    struct scene *scene = argument;
    struct support_stage *stage = &scene->stage;
    struct ring_slot slot;
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    struct pollfd one = {.fd = -1, .events = POLLIN};
    if (scene->polls)
        one.fd = ring_writer_fd(stage->writer);
    while (ring_writer_acquire(stage->writer, &slot) == 0) {
        size_t used = support_message_fill(&slot, stage->next++);
        support_require(ring_writer_publish(stage->writer, &slot, used, NULL) == 0);
    }
    do {
        if (scene->polls)
            support_require(poll(&one, 1, -1) == 1);
        else
            support_require(ring_writer_wait(stage->writer, -1) == 0);
    } while (ring_writer_acquire(stage->writer, &slot) != 0);
    size_t used = support_message_fill(&slot, stage->next++);
    support_require(ring_writer_publish(stage->writer, &slot, used, NULL) == 0);
}

/* A writer that has gone to sleep, or is about to: it has announced and will not look again. */
static pid_t sleeping_writer(struct scene *scene)
{
    const uint32_t kind = scene->polls ? RING_ASLEEP_DOORBELL : RING_ASLEEP_SEMAPHORE;
    pid_t child = support_fork(wait_for_a_slot, scene);
    while (atomic_load(&scene->control->room.asleep) != kind)
        sched_yield();
    ring_dispatch(scene->stage.ring);       /* now its bell is known, and rung once */
    while (!support_is_asleep(child, NULL)) /* looked for the last time, and sleeps */
        sched_yield();
    return child;
}

static void expect_writer_goes_on(struct scene *scene, pid_t writer, uint64_t published)
{
    cr_expect_eq(support_join(writer), 0);
    cr_expect_eq(inspect(scene).published, published);
}

static void dead_lossless_reader(bool polls)
{
    struct scene scene;
    scene_open(&scene, 4, polls);
    pid_t reader = invite(&scene, RING_LOSSLESS, 1);
    pid_t writer = sleeping_writer(&scene);
    support_kill(reader);
    cr_expect_eq(ring_reap(scene.stage.ring), 1);
    expect_writer_goes_on(&scene, writer, 5);
    scene_close(&scene);
}

Test(recovery, writer_does_not_wait_for_a_dead_lossless_reader)
{
    dead_lossless_reader(false);
}

Test(recovery, writer_in_poll_does_not_wait_for_a_dead_lossless_reader)
{
    dead_lossless_reader(true);
}

/* Who wakes the writer takes its announcement back, then wakes. One that died in between left a
 * writer asleep whom nobody took for asleep. */
static void died_before_the_wake_up(bool polls)
{
    struct scene scene;
    scene_open(&scene, 4, polls);
    pid_t reader = invite(&scene, RING_LOSSLESS, 1);
    pid_t writer = sleeping_writer(&scene);
    atomic_store(&scene.control->room.asleep, 0);
    support_kill(reader);
    cr_expect_eq(ring_reap(scene.stage.ring), 1);
    expect_writer_goes_on(&scene, writer, 5);
    scene_close(&scene);
}

Test(recovery, wake_up_owed_by_a_dead_reader_is_given)
{
    died_before_the_wake_up(false);
}

Test(recovery, wake_up_owed_by_a_dead_reader_is_given_in_poll)
{
    died_before_the_wake_up(true);
}

/* The same, by one that was detaching and had already cleared its place: there is nothing to take
 * back any more, and still a wake-up is owed. */
static void died_while_detaching(bool polls, bool took_announcement)
{
    struct scene scene;
    scene_open(&scene, 4, polls);
    pid_t reader = invite(&scene, RING_LOSSLESS, 1);
    pid_t writer = sleeping_writer(&scene);
    await_ready(&scene);
    support_kill(reader);
    for (int i = 0; i < 4; i++)
        atomic_store(&scene.control->slot[i].holders, 0);
    atomic_store(&scene.control->place[0].holds, 0);
    atomic_store(&scene.control->table.attached, 0);
    if (took_announcement)
        atomic_store(&scene.control->room.asleep, 0);
    cr_expect_eq(ring_reap(scene.stage.ring), 0);
    expect_writer_goes_on(&scene, writer, 5);
    scene_close(&scene);
}

Test(recovery, wake_up_owed_by_one_that_died_detaching_is_given)
{
    died_while_detaching(false, false);
    died_while_detaching(false, true);
    died_while_detaching(true, false);
    died_while_detaching(true, true);
}

/* A dead one is cleared away by who attaches, who does not have the writer's bell: the owner rings
 * it when it makes them known to each other. */
Test(recovery, owner_rings_for_those_who_can_not)
{
    struct scene scene;
    scene_open(&scene, 4, true);
    pid_t dead = invite(&scene, RING_LOSSLESS, 1);
    pid_t writer = sleeping_writer(&scene);
    support_kill(dead);
    struct ring_reader *reader = support_stage_attach(&scene.stage, RING_LOSSLESS, 1);
    cr_expect_eq(inspect(&scene).readers, 1, "attaching has taken back already");
    ring_dispatch(scene.stage.ring);
    expect_writer_goes_on(&scene, writer, 5);
    ring_reader_detach(&reader);
    scene_close(&scene);
}

/* A reader that attaches stands in the table before it knows where it starts, and holds everything
 * back from there. A writer that came to wait for it in that moment was not woken when it knew. */
Test(recovery, attaching_wakes_a_writer_that_saw_it_half_way)
{
    struct scene scene;
    scene_open(&scene, 4, false);
    struct ring_reader *half = support_stage_attach(&scene.stage, RING_LOSSLESS, 1);
    pid_t writer = sleeping_writer(&scene);
    /* Its cursor moves to the head without a word, as at the end of attaching. */
    atomic_store(&scene.control->place[0].cursor, 4);
    struct ring_reader *reader = support_stage_attach(&scene.stage, RING_LOSSLESS, 1);
    expect_writer_goes_on(&scene, writer, 5);
    ring_reader_detach(&half);
    ring_reader_detach(&reader);
    scene_close(&scene);
}

/* -- dead writers -------------------------------------------------------------------------------
 */

Test(recovery, second_writer_has_to_wait_for_the_first_to_go)
{
    struct scene scene;
    struct ring_writer *second = (void *)1;
    scene_open(&scene, 4, false);
    open_writer(&scene);
    cr_expect_eq(ring_writer_open(&second, scene.stage.name, NULL), -EBUSY);
    cr_expect_null(second);
    support_stage_publish(&scene.stage);
    ring_writer_close(&scene.stage.writer);
    open_writer(&scene);
    support_stage_publish(&scene.stage);
    scene_close(&scene);
}

/* Publishes three messages and has two slots half-written when it dies, one of them all but
 * published: labelled, in the queue, and only the head not moved. */
static void die_half_way(void *argument)
{
    struct scene *scene = argument;
    struct support_stage *stage = &scene->stage;
    struct ring_slot slots[2];
    support_require(ring_writer_open(&stage->writer, stage->name, NULL) == 0);
    for (int i = 0; i < 3; i++)
        support_stage_publish(stage);
    for (int i = 0; i < 2; i++) {
        support_require(ring_writer_acquire(stage->writer, &slots[i]) == 0);
        support_message_fill(&slots[i], 666);
    }
    atomic_store(&scene->control->slot[slots[1].index].seq, 3);
}

static pid_t start_and_await(void (*body)(void *), struct scene *scene)
{
    pid_t child = support_fork(body, scene);
    cr_assert_eq(support_join(child), 0);
    return child;
}

Test(recovery, new_writer_continues_and_nothing_half_written_is_seen)
{
    struct scene scene;
    scene_open(&scene, 6, false);
    struct ring_reader *lossless = support_stage_attach(&scene.stage, RING_LOSSLESS, 1);
    struct ring_reader *lossy = support_stage_attach(&scene.stage, RING_LOSSY, 1);
    struct ring_reader *latest = support_stage_attach(&scene.stage, RING_LATEST, 1);
    start_and_await(die_half_way, &scene);

    struct ring_view view = support_stage_next(&scene.stage, latest, 2, 2);
    cr_assert_eq(ring_reader_release(latest, &view), 0);
    scene.stage.next = 3;
    open_writer(&scene);
    cr_expect_eq(ring_reader_next(latest, &view), -EAGAIN);
    for (uint64_t seq = 0; seq < 3; seq++) {
        view = support_stage_next(&scene.stage, lossless, seq, 0);
        cr_assert_eq(ring_reader_release(lossless, &view), 0);
        view = support_stage_next(&scene.stage, lossy, seq, 0);
        cr_assert_eq(ring_reader_release(lossy, &view), 0);
    }
    cr_expect_eq(ring_reader_next(lossless, &view), -EAGAIN);

    struct ring_slot slots[5], none;
    for (int i = 0; i < 5; i++)
        cr_expect_eq(ring_writer_acquire(scene.stage.writer, &slots[i]), 0, "slot %d came back", i);
    cr_expect_eq(ring_writer_acquire(scene.stage.writer, &none), -EAGAIN, "but not the newest");
    for (int i = 0; i < 5; i++)
        cr_assert_eq(ring_writer_cancel(scene.stage.writer, &slots[i]), 0);
    for (uint64_t seq = 3; seq < 50; seq++) {
        support_stage_publish(&scene.stage);
        view = support_stage_next(&scene.stage, lossless, seq, 0);
        cr_assert_eq(ring_reader_release(lossless, &view), 0);
    }
    ring_reader_detach(&lossless);
    ring_reader_detach(&lossy);
    ring_reader_detach(&latest);
    scene_close(&scene);
}

Test(recovery, views_outlast_their_writer)
{
    struct scene scene;
    scene_open(&scene, 5, false);
    struct ring_reader *reader = support_stage_attach(&scene.stage, RING_LOSSY, 3);
    start_and_await(die_half_way, &scene);
    struct ring_view views[3];
    for (uint64_t seq = 0; seq < 3; seq++)
        views[seq] = support_stage_next(&scene.stage, reader, seq, 0);
    scene.stage.next = 3;
    open_writer(&scene);
    for (int i = 0; i < 100; i++)
        support_stage_publish(&scene.stage);
    for (int i = 0; i < 3; i++)
        cr_expect(support_message_check(&views[i], SUPPORT_SLOT_SIZE));
    ring_reader_detach(&reader);
    scene_close(&scene);
}

Test(recovery, owner_ends_the_stream_of_a_dead_writer)
{
    struct scene scene;
    scene_open(&scene, 6, false);
    struct ring_reader *reader = support_stage_attach(&scene.stage, RING_LOSSLESS, 1);
    start_and_await(die_half_way, &scene);
    open_writer(&scene);
    cr_assert_eq(ring_writer_finish(scene.stage.writer), 0);
    struct ring_view view;
    for (uint64_t seq = 0; seq < 3; seq++) {
        view = support_stage_next(&scene.stage, reader, seq, 0);
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    cr_expect_eq(ring_reader_next(reader, &view), -EPIPE);
    ring_reader_detach(&reader);
    scene_close(&scene);
}

static void read_four(void *argument)
{
    struct scene *scene = argument;
    struct ring_reader *reader = support_stage_attach(&scene->stage, RING_LOSSLESS, 1);
    say_ready(scene);
    for (uint64_t seq = 0; seq < 4; seq++) {
        support_require(ring_reader_wait(reader, -1) == 0);
        struct ring_view view = support_stage_next(&scene->stage, reader, seq, 0);
        support_require(ring_reader_release(reader, &view) == 0);
    }
    ring_reader_detach(&reader);
}

static void await_sleeper(const struct scene *scene)
{
    while (!atomic_load(&scene->control->sleepers.semaphore))
        sched_yield();
}

Test(recovery, reader_that_sleeps_goes_on_with_the_next_writer)
{
    struct scene scene;
    scene_open(&scene, 6, false);
    pid_t reader = support_fork(read_four, &scene);
    await_ready(&scene);
    await_sleeper(&scene);
    start_and_await(die_half_way, &scene);
    await_sleeper(&scene);
    scene.stage.next = 3;
    open_writer(&scene);
    support_stage_publish(&scene.stage);
    cr_expect_eq(support_join(reader), 0);
    scene_close(&scene);
}

/* A writer that took the announcement back and died before it woke the reader. */
Test(recovery, wake_up_owed_by_a_dead_writer_is_given)
{
    struct scene scene;
    scene_open(&scene, 6, false);
    pid_t reader = support_fork(read_four, &scene);
    await_ready(&scene);
    for (int i = 0; i < 3; i++) {
        await_sleeper(&scene);
        atomic_store(&scene.control->sleepers.semaphore, 0);
        open_writer(&scene);
        ring_writer_close(&scene.stage.writer);
    }
    await_sleeper(&scene); /* awake, and asleep again */
    open_writer(&scene);
    for (int i = 0; i < 4; i++)
        support_stage_publish(&scene.stage);
    cr_expect_eq(support_join(reader), 0);
    scene_close(&scene);
}
