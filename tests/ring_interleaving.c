/*
 * Going to sleep, and the other side acting at each moment of it. Chance seldom hits the few
 * instructions between looking, announcing and sleeping, so this program is linked with --wrap for
 * the calls that stand between them: the other side acts inside of the call, before or after what
 * the call does. Where a wake-up is lost, the test sleeps for ever.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/object.h"
#include "libring/src/place.h"
#include "libring/src/wake.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

enum moment {
    BEFORE_DRAIN,
    AFTER_DRAIN,
    BEFORE_SLEEP,
    MOMENTS,
    BEFORE_HELLO,
    BEFORE_PLACE,
    AFTER_PLACE,
    AFTER_OPEN,
    AFTER_FRAMES,
};

/* What the other side does at `moment`, once. */
static enum moment moment;
static void (*act)(void);

static void now_is(enum moment now)
{
    if (!act || now != moment)
        return;
    void (*once)(void) = act;
    act = NULL;
    once();
}

void __real_ring_semaphore_drain(struct ring_semaphore *semaphore);
void __wrap_ring_semaphore_drain(struct ring_semaphore *semaphore);
int __real_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline);
int __wrap_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                 const sigset_t *mask);
int __real_eventfd_read(int fd, eventfd_t *value);
int __wrap_eventfd_read(int fd, eventfd_t *value);
int __real_ring_object_open(const char *path, int access);
int __wrap_ring_object_open(const char *path, int access);
int __real_ring_place_take(struct ring_map *map, enum ring_policy policy, unsigned holds);
int __wrap_ring_place_take(struct ring_map *map, enum ring_policy policy, unsigned holds);
int __real_pidfd_open(pid_t process, unsigned flags);
int __wrap_pidfd_open(pid_t process, unsigned flags);

int __wrap_ring_object_open(const char *path, int access)
{
    int fd = __real_ring_object_open(path, access);
    now_is(AFTER_OPEN);
    if (strstr(path, ".frames"))
        now_is(AFTER_FRAMES);
    return fd;
}

int __wrap_ring_place_take(struct ring_map *map, enum ring_policy policy, unsigned holds)
{
    now_is(BEFORE_PLACE);
    int place = __real_ring_place_take(map, policy, holds);
    now_is(AFTER_PLACE);
    return place;
}

int __wrap_pidfd_open(pid_t process, unsigned flags)
{
    now_is(BEFORE_HELLO);
    return __real_pidfd_open(process, flags);
}

void __wrap_ring_semaphore_drain(struct ring_semaphore *semaphore)
{
    now_is(BEFORE_DRAIN);
    __real_ring_semaphore_drain(semaphore);
    now_is(AFTER_DRAIN);
}

int __wrap_ring_semaphore_sleep(struct ring_semaphore *semaphore,
                                const struct ring_deadline *deadline)
{
    now_is(BEFORE_SLEEP);
    return __real_ring_semaphore_sleep(semaphore, deadline);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                 const sigset_t *mask)
{
    now_is(BEFORE_SLEEP);
    return __real_ppoll(fds, count, time, mask);
}

int __wrap_eventfd_read(int fd, eventfd_t *value)
{
    now_is(BEFORE_DRAIN);
    int result = __real_eventfd_read(fd, value);
    int error = errno;
    now_is(AFTER_DRAIN);
    errno = error;
    return result;
}

/* -- the scene ----------------------------------------------------------------------------------
 */

static struct support_stage stage;
static struct ring_reader *reader;
static struct ring_view held;

/* A full pool behind a lossless reader that holds the first message: nothing to write into. */
static void fill_pool(bool with_owner)
{
    support_stage_open_without_writer(&stage, 3);
    support_require(ring_writer_open(&stage.writer, stage.name, with_owner ? stage.ring : NULL) ==
                    0);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    held = support_stage_next(&stage, reader, 0, 0);
}

static void open_empty(void)
{
    support_stage_open(&stage, 3);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
}

static void close_all(void)
{
    cr_expect_null(act, "the other side has acted");
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

static bool readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* -- what the other side does -------------------------------------------------------------------
 */

static void publish(void)
{
    support_stage_publish(&stage);
}

static void finish(void)
{
    support_require(ring_writer_finish(stage.writer) == 0);
}

static void release(void)
{
    support_require(ring_reader_release(reader, &held) == 0);
}

static void detach(void)
{
    ring_reader_detach(&reader);
}

static void (*const writer_acts[])(void) = {publish, finish};
static void (*const reader_acts[])(void) = {release, detach};

/* -- each sleeper -------------------------------------------------------------------------------
 */

Test(interleaving, reader_on_its_semaphore_misses_nothing, .timeout = 30)
{
    for (int i = 0; i < 2; i++) {
        for (moment = BEFORE_DRAIN; moment < MOMENTS; moment++) {
            open_empty();
            act = writer_acts[i];
            cr_expect_eq(ring_reader_wait(reader, -1), 0);
            struct ring_view view;
            cr_expect_eq(ring_reader_next(reader, &view), i == 0 ? 0 : -EPIPE);
            close_all();
        }
    }
}

/* `met`: the owner has made them known to each other before, and not only now. */
static void read_in_poll(void (*what)(void), bool met)
{
    struct ring_waitset *set;
    struct ring_reader *who;
    struct ring_view view;
    open_empty();
    cr_assert_eq(ring_waitset_create(&set, -1), 0);
    cr_assert_eq(ring_waitset_add(set, reader, NULL), 0);
    if (met)
        ring_dispatch(stage.ring);
    act = what;
    int error = ring_waitset_next(set, &who, NULL, &view);
    if (error == -EAGAIN) {
        cr_expect(readable(ring_waitset_fd(set)));
        error = ring_waitset_next(set, &who, NULL, &view);
    }
    cr_expect_eq(error, what == publish ? 0 : -EPIPE);
    ring_waitset_destroy(&set);
    close_all();
}

Test(interleaving, reader_in_poll_misses_nothing, .timeout = 30)
{
    for (int i = 0; i < 2; i++) {
        for (moment = BEFORE_DRAIN; moment <= AFTER_DRAIN; moment++) {
            read_in_poll(writer_acts[i], false);
            read_in_poll(writer_acts[i], true);
        }
    }
}

static void wait_for_room(bool with_owner)
{
    for (int i = 0; i < 2; i++) {
        for (moment = BEFORE_DRAIN; moment < MOMENTS; moment++) {
            fill_pool(with_owner);
            act = reader_acts[i];
            cr_expect_eq(ring_writer_wait(stage.writer, -1), 0);
            publish();
            close_all();
        }
    }
}

Test(interleaving, writer_on_its_semaphore_misses_nothing, .timeout = 30)
{
    wait_for_room(false);
}

Test(interleaving, writer_that_does_the_owners_work_misses_nothing, .timeout = 30)
{
    wait_for_room(true);
}

static void acquire_in_poll(void (*what)(void), bool met)
{
    struct ring_slot slot;
    fill_pool(false);
    int bell = ring_writer_fd(stage.writer);
    if (met)
        ring_dispatch(stage.ring);
    act = what;
    int error = ring_writer_acquire(stage.writer, &slot);
    if (!met)
        ring_dispatch(stage.ring);
    if (error == -EAGAIN) {
        cr_expect(readable(bell));
        error = ring_writer_acquire(stage.writer, &slot);
    }
    cr_expect_eq(error, 0);
    close_all();
}

Test(interleaving, writer_in_poll_misses_nothing, .timeout = 30)
{
    for (int i = 0; i < 2; i++) {
        for (moment = BEFORE_DRAIN; moment <= AFTER_DRAIN; moment++) {
            acquire_in_poll(reader_acts[i], false);
            acquire_in_poll(reader_acts[i], true);
        }
    }
}

static void introduce(void)
{
    ring_dispatch(stage.ring);
}

static void introduce_and_look(void)
{
    ring_dispatch(stage.ring);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
}

/* The owner rings the writer as it makes the two known to each other, which is before the reader
 * has its place: there is nobody yet when the writer looks. */
static void attach_after(void (*meeting)(void))
{
    moment = BEFORE_PLACE;
    act = meeting;
    reader = support_stage_attach(&stage, RING_LATEST, 1);
}

static void attach(void)
{
    attach_after(introduce);
}

static void open_for_writing(void)
{
    support_stage_open_without_writer(&stage, 3);
    support_require(ring_writer_open(&stage.writer, stage.name, NULL) == 0);
}

Test(interleaving, writer_that_looks_for_a_reader_misses_none, .timeout = 30)
{
    for (enum moment when = BEFORE_DRAIN; when <= AFTER_DRAIN; when++) {
        open_for_writing();
        ring_writer_fd(stage.writer);
        moment = when;
        act = attach;
        cr_expect_eq(ring_writer_readers(stage.writer), 1);
        close_all();
    }
}

Test(interleaving, writer_that_waits_for_a_reader_misses_none, .timeout = 30)
{
    open_for_writing();
    int bell = ring_writer_fd(stage.writer);
    cr_expect_eq(ring_writer_readers(stage.writer), 0);
    attach_after(introduce_and_look);
    cr_expect(readable(bell));
    cr_expect_eq(ring_writer_readers(stage.writer), 1);
    close_all();
}

/* -- coming, while the owner goes ---------------------------------------------------------------
 */

static void owner_leaves(void)
{
    ring_destroy(&stage.ring);
}

/* It has the connection, and nobody will read the hello. */
Test(interleaving, owner_that_dies_before_the_hello_is_not_there)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    struct ring_writer *writer;
    support_stage_open_without_writer(&stage, 3);
    moment = BEFORE_HELLO;
    act = owner_leaves;
    cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -ENOENT);
    support_stage_open_without_writer(&stage, 3);
    act = owner_leaves;
    cr_expect_eq(ring_writer_open(&writer, stage.name, NULL), -ENOENT);
    cr_expect_null(reader);
    cr_expect_null(writer);
}

static void owner_is_replaced(void)
{
    ring_destroy(&stage.ring);
    support_stage_open_without_writer(&stage, 3);
}

/* Who comes opens the control object more than once, and must get the same one each time. */
Test(interleaving, ring_that_is_replaced_while_one_comes_is_not_there)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    static void (*const acts[])(void) = {owner_leaves, owner_is_replaced};
    struct ring_info info;
    moment = AFTER_OPEN;
    for (int i = 0; i < 2; i++) {
        support_stage_open_without_writer(&stage, 3);
        act = acts[i];
        cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -ENOENT);
        cr_expect_null(reader);
        support_stage_close(&stage);
        support_stage_open_without_writer(&stage, 3);
        act = acts[i];
        cr_expect_eq(ring_inspect_name(stage.name, &info), -ENOENT);
        support_stage_close(&stage);
    }
}

/* It met the owner of the next ring, and would have slept in poll() until that one went. */
Test(interleaving, owner_of_the_next_ring_is_not_taken_for_its_own)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    struct ring_writer *writer;
    moment = AFTER_FRAMES;
    support_stage_open_without_writer(&stage, 3);
    act = owner_is_replaced;
    cr_expect_eq(ring_reader_attach(&reader, stage.name, &config), -ENOENT);
    cr_expect_null(reader);
    act = owner_is_replaced;
    cr_expect_eq(ring_writer_open(&writer, stage.name, NULL), -ENOENT);
    cr_expect_null(writer);
    support_stage_close(&stage);
}

/* In the course of `left_opens` more opens. */
static int left_opens;

static void owner_is_replaced_later(void)
{
    if (left_opens-- > 0)
        act = owner_is_replaced_later;
    else
        owner_is_replaced();
}

/* It was told that the ring is damaged, when what it had opened was of two rings. */
Test(interleaving, ring_that_is_replaced_at_any_moment_is_there_or_not)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    struct ring_writer *writer;
    moment = AFTER_OPEN;
    for (int opens = 0; opens < 5; opens++) {
        support_stage_open_without_writer(&stage, 3);
        left_opens = opens;
        act = owner_is_replaced_later;
        int error = ring_writer_open(&writer, stage.name, NULL);
        cr_expect(error == 0 || error == -ENOENT, "after %d opens: %d", opens + 1, error);
        ring_writer_close(&writer);
        left_opens = opens;
        act = owner_is_replaced_later;
        error = ring_reader_attach(&reader, stage.name, &config);
        cr_expect(error == 0 || error == -ENOENT, "after %d opens: %d", opens + 1, error);
        ring_reader_detach(&reader);
        act = NULL;
        support_stage_close(&stage);
    }
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

static void die_attaching(void *argument)
{
    (void)argument;
    act = die;
    support_stage_attach(&stage, RING_LOSSLESS, 1);
}

/* It stood in the table with a place, and the owner knew nothing of it. */
Test(interleaving, reader_that_dies_half_attached_holds_nobody_back)
{
    for (moment = BEFORE_HELLO; moment <= AFTER_PLACE; moment++) {
        support_stage_open(&stage, 3);
        pid_t child = support_fork(die_attaching, NULL);
        cr_expect_neq(support_join(child), 0);
        ring_dispatch(stage.ring);
        for (int i = 0; i < 10; i++)
            support_stage_publish(&stage);
        support_stage_close(&stage);
    }
}
