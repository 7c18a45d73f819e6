/*
 * Death at every instruction. A reader and a writer are killed at each point of each of their calls
 * (stepper.h), every time in a new ring, and the others have to go on as if nothing had been
 * (survivors.h).
 *
 * A program of its own, since each call is one test case and all are counted together. It reports
 * in TAP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stepper.h"
#include "tests/support/survivors.h"

/* Who dies. */
struct victim {
    const struct scene *scene;
    const char *ring;
    struct ring_reader *reader;
    struct ring_view view;
    struct ring_waitset *set;
    struct ring_writer *writer;
    struct ring_slot slot;
};

/* A call, and how it comes to it: the victim begins, the others do something, the victim prepares
 * itself, and calls. */
struct scene {
    const char *name;
    enum support_guest_kind guest; /* that waits; where it reads, the victim is a writer */
    enum ring_policy policy;       /* of the victim that reads */
    void (*begin)(struct victim *victim);
    void (*ghost)(struct victim *victim); /* one more that dies before the call, unseen */
    void (*others)(struct support_survivors *survivors);
    void (*prepare)(struct victim *victim);
    void (*call)(struct victim *victim);
    void (*wake)(struct support_survivors *survivors); /* when the call sleeps */
    bool unseen; /* the owner sees nothing of the call before the death */
};

/* -- a reader -----------------------------------------------------------------------------------
 */

static void attach(struct victim *v)
{
    const struct ring_reader_config config = {.policy = v->scene->policy,
                                              .holds = v->scene->policy == RING_LOSSLESS ? 2 : 1};
    support_require(ring_reader_attach(&v->reader, v->ring, &config) == 0);
}

static void attach_and_sleep_without_end(struct victim *v)
{
    attach(v);
    support_sleep_without_end();
}

static void attach_to_poll(struct victim *v)
{
    attach(v);
    support_require(ring_waitset_create(&v->set, -1) == 0);
    support_require(ring_waitset_add(v->set, v->reader, NULL) == 0);
}

static void next(struct victim *v)
{
    support_require(ring_reader_next(v->reader, &v->view) == 0);
}

static void next_in_vain(struct victim *v)
{
    struct ring_reader *reader;
    support_require(ring_waitset_next(v->set, &reader, NULL, &v->view) == -EAGAIN);
}

static void release(struct victim *v)
{
    support_require(ring_reader_release(v->reader, &v->view) == 0);
}

static void wait_in_vain(struct victim *v)
{
    support_require(ring_reader_wait(v->reader, 0) == -ETIMEDOUT);
}

static void wait_for_message(struct victim *v)
{
    support_require(ring_reader_wait(v->reader, -1) == 0);
}

static void detach(struct victim *v)
{
    ring_reader_detach(&v->reader);
}

/* -- a writer -----------------------------------------------------------------------------------
 */

static void open_writer(struct victim *v)
{
    support_require(ring_writer_open(&v->writer, v->ring, NULL) == 0);
}

static void acquire(struct victim *v)
{
    support_require(ring_writer_acquire(v->writer, &v->slot) == 0);
}

static void acquire_and_fill(struct victim *v)
{
    acquire(v);
    support_message_fill(&v->slot, 2);
}

static void publish(struct victim *v)
{
    uint64_t seq;
    support_require(
        ring_writer_publish(v->writer, &v->slot, support_message_size(2, v->slot.size), &seq) == 0);
    support_require(seq == 2);
}

/* Every slot carries a message. */
static void fill_the_pool(struct victim *v)
{
    open_writer(v);
    for (uint64_t seq = 2; seq < SUPPORT_SURVIVORS_SLOTS; seq++) {
        acquire(v);
        size_t used = support_message_fill(&v->slot, seq);
        support_require(ring_writer_publish(v->writer, &v->slot, used, NULL) == 0);
    }
}

static void fill_the_pool_to_poll(struct victim *v)
{
    fill_the_pool(v);
    ring_writer_fd(v->writer);
}

static void fill_the_pool_and_sleep_without_end(struct victim *v)
{
    fill_the_pool(v);
    support_sleep_without_end();
}

static void acquire_in_vain(struct victim *v)
{
    support_require(ring_writer_acquire(v->writer, &v->slot) == -EAGAIN);
}

static void cancel(struct victim *v)
{
    support_require(ring_writer_cancel(v->writer, &v->slot) == 0);
}

static void wait_for_room_in_vain(struct victim *v)
{
    support_require(ring_writer_wait(v->writer, 0) == -ETIMEDOUT);
}

static void wait_for_room(struct victim *v)
{
    support_require(ring_writer_wait(v->writer, -1) == 0);
}

static void finish(struct victim *v)
{
    support_require(ring_writer_finish(v->writer) == 0);
}

static void close_writer(struct victim *v)
{
    ring_writer_close(&v->writer);
}

/* -- what the others do -------------------------------------------------------------------------
 */

static void settle_unserved(struct support_survivors *s)
{
    s->owner_is_busy = true;
    support_survivors_settle(s);
}

static void settle_and_catch_up(struct support_survivors *s)
{
    support_survivors_settle(s);
    support_survivors_catch_up(s);
}

static void stall(struct support_survivors *s)
{
    s->stalls = true;
    support_survivors_settle(s);
}

static void resize(struct support_survivors *s)
{
    support_require(ring_resize(s->stage.ring, SUPPORT_SLOT_SIZE) == 0);
    support_survivors_settle(s);
}

static void resize_and_write(struct support_survivors *s)
{
    support_require(ring_resize(s->stage.ring, SUPPORT_SLOT_SIZE) == 0);
    support_survivors_write(s);
}

static void publish_one(struct support_survivors *s)
{
    support_stage_publish(&s->stage);
}

/* The ghost: one that has died before, without the owner's having seen it. */
static void publish_and_acquire(struct victim *v)
{
    open_writer(v);
    acquire_and_fill(v);
    publish(v);
    acquire(v);
    acquire(v);
}

/* As if that had been about to publish one of the slots it leaves. */
static void publish_by_half(struct support_survivors *s)
{
    support_survivors_settle(s);
    unsigned slot = 0;
    while (atomic_load(&s->control->slot[slot].seq) != RING_NO_SEQ)
        slot++;
    atomic_store(&s->control->slot[slot].seq, 3);
}

/* -- the calls ----------------------------------------------------------------------------------
 */

#define WRITER_WAITS .guest = SUPPORT_GUEST_WRITES
#define READER_WAITS .guest = SUPPORT_GUEST_READS

static const struct scene scenes[] = {
    {"attach", .call = attach, .unseen = true},
    {"attach after a dead reader, for which a writer waits", WRITER_WAITS, .ghost = attach,
     .others = support_survivors_write, .call = attach, .unseen = true},
    {"attach after a dead reader, for which a writer polls", .ghost = attach,
     .others = support_survivors_write, .call = attach},
    {"next, for which a writer waits", WRITER_WAITS, .begin = attach,
     .others = support_survivors_write, .call = next},
    {"next, for which a writer polls", .begin = attach, .others = support_survivors_write,
     .call = next},
    {"next of a lossy reader that was lapped", .policy = RING_LOSSY, .begin = attach,
     .others = support_survivors_write, .call = next},
    {"next of a latest reader", .policy = RING_LATEST, .begin = attach,
     .others = support_survivors_write, .call = next},
    {"next in a new generation", .begin = attach, .others = resize_and_write, .call = next},
    {"next of a waitset, in vain", .begin = attach_to_poll, .others = support_survivors_settle,
     .call = next_in_vain},
    {"release, for which a writer waits", WRITER_WAITS, .begin = attach,
     .others = support_survivors_write, .prepare = next, .call = release},
    {"release, for which a writer polls", .begin = attach, .others = support_survivors_write,
     .prepare = next, .call = release},
    {"wait, in vain", .begin = attach, .others = support_survivors_settle, .call = wait_in_vain},
    {"wait", .begin = attach_and_sleep_without_end, .others = support_survivors_settle,
     .call = wait_for_message, .wake = publish_one},
    {"detach, for which a writer waits", WRITER_WAITS, .begin = attach,
     .others = support_survivors_write, .prepare = next, .call = detach},
    {"detach, for which a writer polls", .begin = attach, .others = support_survivors_write,
     .prepare = next, .call = detach},
    {"open", READER_WAITS, .call = open_writer},
    {"open after a dead writer", READER_WAITS, .ghost = publish_and_acquire,
     .others = publish_by_half, .call = open_writer, .unseen = true},
    {"acquire a free slot", READER_WAITS, .begin = open_writer, .others = support_survivors_settle,
     .call = acquire},
    {"acquire what all have passed", READER_WAITS, .begin = fill_the_pool,
     .others = settle_and_catch_up, .call = acquire},
    {"acquire what a lossy reader has not read", READER_WAITS, .begin = fill_the_pool,
     .others = support_survivors_settle, .call = acquire},
    {"acquire in a new generation", READER_WAITS, .begin = open_writer, .others = resize,
     .call = acquire},
    {"acquire, in vain", READER_WAITS, .begin = fill_the_pool_to_poll, .others = stall,
     .call = acquire_in_vain},
    {"publish", READER_WAITS, .begin = open_writer, .others = support_survivors_settle,
     .prepare = acquire_and_fill, .call = publish},
    {"publish before the bells have come", READER_WAITS, .begin = open_writer,
     .others = settle_unserved, .prepare = acquire_and_fill, .call = publish},
    {"cancel", READER_WAITS, .begin = open_writer, .others = support_survivors_settle,
     .prepare = acquire, .call = cancel},
    {"wait for room, in vain", READER_WAITS, .begin = fill_the_pool, .others = stall,
     .call = wait_for_room_in_vain},
    {"wait for room", READER_WAITS, .begin = fill_the_pool_and_sleep_without_end, .others = stall,
     .call = wait_for_room, .wake = support_survivors_read},
    {"finish", READER_WAITS, .begin = open_writer, .others = support_survivors_settle,
     .call = finish},
    {"close", READER_WAITS, .begin = open_writer, .others = support_survivors_settle,
     .prepare = acquire, .call = close_writer},
};

enum { SCENES = sizeof scenes / sizeof *scenes };

/* -- each death ---------------------------------------------------------------------------------
 */

static void live(void *argument)
{
    struct victim *v = argument;
    support_require(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
    if (v->scene->begin)
        v->scene->begin(v);
    support_tracee_mark();
    if (v->scene->prepare)
        v->scene->prepare(v);
    support_tracee_mark();
    v->scene->call(v);
}

/* Begins, and when the others have done something takes a view and dies. */
static void live_before(void *argument)
{
    struct victim *v = argument;
    support_require(close_range(STDERR_FILENO + 1, ~0U, 0) == 0);
    v->scene->ghost(v);
    support_tracee_mark();
    if (v->reader)
        next(v);
    support_tracee_mark();
}

struct set {
    const struct scene *scene;
    struct support_survivors survivors;
    struct support_stepper stepper;
    struct victim victim;
};

static void wake(void *argument)
{
    struct set *set = argument;
    set->scene->wake(&set->survivors);
}

/* Up to the call. */
static void open_set(struct set *set, const struct scene *scene)
{
    struct support_survivors *survivors = &set->survivors;
    pid_t ghost = 0;
    set->scene = scene;
    support_survivors_open(survivors, scene->guest);
    if (scene->guest == SUPPORT_GUEST_READS)
        support_survivors_invite(survivors);
    set->victim = (struct victim){.scene = scene, .ring = survivors->stage.name};
    set->stepper = (struct support_stepper){
        .library = "libring.so", .wake = scene->wake ? wake : NULL, .argument = set};
    support_require(support_stepper_start(&set->stepper, live, &set->victim) == 0);
    if (scene->ghost)
        support_require(support_tracee_start(&ghost, live_before, &set->victim) == 0);
    if (scene->guest == SUPPORT_GUEST_WRITES)
        support_survivors_invite(survivors);
    if (scene->others)
        scene->others(survivors);
    if (ghost) {
        support_tracee_go(ghost, PTRACE_CONT);
        support_kill(ghost);
    }
    support_guest_hold(survivors->guest);
    support_stepper_run(&set->stepper);
}

/* The victim stands where it is to die. The others do what they can do while it stands there; and
 * when it is dead, they go on. */
static void die(struct set *set)
{
    struct support_survivors *survivors = &set->survivors;
    survivors->owner_is_busy = set->scene->unseen;
    if (set->scene->guest == SUPPORT_NO_GUEST)
        support_survivors_write(survivors);
    else if (!set->scene->unseen)
        support_survivors_serve(survivors);
    support_stepper_kill(&set->stepper);
    support_guest_let_go(survivors->guest);
    survivors->owner_is_busy = false;
    if (set->scene->guest == SUPPORT_GUEST_READS)
        support_survivors_bury_writer(survivors);
    else
        support_survivors_bury_reader(survivors);
    support_survivors_require_service(survivors);
    support_survivors_close(survivors);
}

/* Told by the process that plays a scene, to the one that reports. */
struct progress {
    unsigned instructions, deaths;
    char where[64]; /* it dies */
};
static struct progress *progress;

static void play(void *argument)
{
    const struct scene *scene = argument;
    struct support_path path;
    struct set set;
    strcpy(progress->where, "behind the call");
    open_set(&set, scene);
    support_stepper_record(&set.stepper, &path);
    progress->instructions = path.instructions;
    die(&set);
    progress->deaths = 1;
    for (unsigned point = 0; point + 1 < path.count; point++) {
        support_path_describe(&path, &set.stepper, point, progress->where, sizeof progress->where);
        open_set(&set, scene);
        support_stepper_advance(&set.stepper, &path, point);
        die(&set);
        progress->deaths++;
    }
    support_path_free(&path);
}

/* -- the report ---------------------------------------------------------------------------------
 */

static void stop(void *argument)
{
    (void)argument;
    support_tracee_mark();
}

/* Where it is forbidden, as in some containers, there is nothing to be learnt. */
static bool may_trace(void)
{
    pid_t child;
    if (support_tracee_start(&child, stop, NULL) != 0)
        return false;
    support_kill(child);
    return true;
}

/* libring's calls are to be bound when a call is made, not in the middle of it. */
static void bind_now(char **arguments)
{
    if (getenv("LD_BIND_NOW"))
        return;
    setenv("LD_BIND_NOW", "1", 1);
    execv("/proc/self/exe", arguments);
    abort();
}

/* Whether one of the words begins the call's name; none: all are asked for. */
static bool is_asked_for(const struct scene *scene, char *const *words)
{
    bool asked = !*words;
    for (; *words && !asked; words++)
        asked = strncmp(scene->name, *words, strlen(*words)) == 0;
    return asked;
}

int main(int argc, char **argv)
{
    (void)argc;
    bind_now(argv);
    setlinebuf(stdout);
    puts("TAP version 13");
    if (!may_trace()) {
        puts("1..0 # SKIP ptrace is forbidden here");
        return EXIT_SUCCESS;
    }
    progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    support_require(progress != MAP_FAILED);
    unsigned calls = 0, instructions = 0, deaths = 0, failed = 0;
    printf("1..%d\n", SCENES);
    for (int i = 0; i < SCENES; i++) {
        *progress = (struct progress){0};
        if (!is_asked_for(&scenes[i], argv + 1)) {
            printf("ok %d - %s # SKIP not asked for\n", i + 1, scenes[i].name);
            continue;
        }
        bool passed = support_join(support_fork(play, (void *)&scenes[i])) == 0;
        printf("%s %d - %s: %u instructions, %u deaths\n", passed ? "ok" : "not ok", i + 1,
               scenes[i].name, progress->instructions, progress->deaths);
        if (!passed)
            printf("  died at point %u, %s\n", progress->deaths, progress->where);
        calls++;
        failed += !passed;
        instructions += progress->instructions;
        deaths += progress->deaths;
    }
    printf("# %u calls, %u instructions in libring, %u deaths\n", calls, instructions, deaths);
    return failed || !calls ? EXIT_FAILURE : EXIT_SUCCESS;
}
