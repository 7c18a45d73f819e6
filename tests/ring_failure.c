/*
 * The system fails, at each call that the ring makes of it and in each way it may: the ring answers
 * with an error of its table, is as it was, and goes on when the system does. Nothing is left
 * behind, and nobody who sleeps is forgotten.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/waitset.h"
#include "tests/support/child.h"
#include "tests/support/failure.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

/* -- what is looked at --------------------------------------------------------------------------
 */

/* What this process has open and mapped. */
struct belongings {
    unsigned descriptors, mappings;
};

static struct belongings belongings(void)
{
    struct belongings mine = {0};
    DIR *directory = opendir("/proc/self/fd");
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    cr_assert(directory && maps);
    while (readdir(directory))
        mine.descriptors++;
    while (fgets(line, sizeof(line), maps))
        mine.mappings += strstr(line, "/dev/shm/") != NULL;
    closedir(directory);
    fclose(maps);
    return mine;
}

static void expect_belongings(struct belongings before, const struct support_failure *failure)
{
    const struct belongings after = belongings();
    cr_expect_eq(after.descriptors, before.descriptors, "%s, %s: %u descriptors, not %u",
                 failure->call, strerrorname_np(failure->error), after.descriptors,
                 before.descriptors);
    cr_expect_eq(after.mappings, before.mappings, "%s, %s: %u mappings, not %u", failure->call,
                 strerrorname_np(failure->error), after.mappings, before.mappings);
}

static void expect_nothing_left(const char *name, const struct support_failure *failure)
{
    char *left = support_shm_entries(name);
    cr_expect_str_eq(left, "", "%s, %s: left:\n%s", failure->call, strerrorname_np(failure->error),
                     left);
    free(left);
}

/* What an errno of the system is in the ring's words; 0: any of them. */
static int in_the_rings_words(const struct support_failure *failure)
{
    switch (failure->error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EPERM:
    case EACCES:
        return -failure->error;
    case ENOBUFS:
    case ENOLCK:
        return -ENOMEM;
    case ETOOMANYREFS:
        return -EMFILE;
    case EROFS:
        return -EACCES;
    case EDQUOT:
        return -ENOSPC;
    case ENOSPC:
        return strcmp(failure->call, "epoll_ctl") == 0 ? -ENOMEM : -ENOSPC;
    default:
        return 0;
    }
}

static void expect_in_table(int error, const struct support_failure *failure)
{
    static const int table[] = {EAGAIN, EBUSY,  ENOENT, EPROTO, ENOSPC, EUSERS, EINVAL,
                                EIO,    EMFILE, ENFILE, ENOMEM, EPERM,  EACCES};
    const int words = in_the_rings_words(failure);
    bool found = error == 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        found |= error == -table[i];
    cr_expect(found && (!error || !words || error == words), "%s, %s: %s", failure->call,
              strerrorname_np(failure->error), strerrorname_np(-error));
    cr_expect(failure->call || !error, "without a failure: %s", strerrorname_np(-error));
}

static bool readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* -- the scene ----------------------------------------------------------------------------------
 */

static struct support_stage stage;
static struct ring_reader *reader;
static struct ring_waitset *set;

/* The owner serves until nothing is to be done. What rests it tries again, as it would within a
 * second. */
static void serve(void)
{
    int i = 0;
    do
        ring_dispatch(stage.ring);
    while (++i < 100 && readable(ring_fd(stage.ring)));
}

/* A message goes through, from a writer to a reader that are there or come. */
static void expect_service(const struct support_failure *failure)
{
    struct ring_writer *guest = NULL;
    struct ring_reader *own = reader;
    if (!stage.writer) {
        cr_assert_eq(ring_writer_open(&guest, stage.name, NULL), 0, "%s", failure->call);
        stage.writer = guest;
    }
    if (!own)
        own = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, own, stage.next - 1, 0);
    cr_assert_eq(ring_reader_release(own, &view), 0);
    if (!reader)
        ring_reader_detach(&own);
    if (guest)
        ring_writer_close(&stage.writer);
    serve();
}

/* A reader in poll() and a writer in poll(), neither of them known to the owner yet. */
static void open_sleepers(unsigned slots)
{
    support_stage_open_without_writer(&stage, slots);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, NULL), 0);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    cr_assert_eq(ring_waitset_create(&set, -1), 0);
    cr_assert_eq(ring_waitset_add(set, reader, NULL), 0);
}

static void close_sleepers(void)
{
    ring_waitset_destroy(&set);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

static void expect_empty_set(void)
{
    struct ring_reader *who;
    struct ring_view view;
    int error = ring_waitset_next(set, &who, NULL, &view);
    cr_assert_eq(error, -EAGAIN, "%s", strerrorname_np(-error));
}

/* The reader that slept in poll() is woken for the message just published. */
static void expect_woken_reader(const struct support_failure *failure)
{
    struct ring_reader *who;
    struct ring_view view;
    cr_expect(readable(ring_waitset_fd(set)), "%s, %s: the reader sleeps on", failure->call,
              strerrorname_np(failure->error));
    cr_assert_eq(ring_waitset_next(set, &who, NULL, &view), 0);
    cr_expect_eq(view.seq, stage.next - 1);
    cr_assert_eq(ring_reader_release(who, &view), 0);
}

static void expect_full(void)
{
    struct ring_slot slot;
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), -EAGAIN);
}

static void expect_woken_writer(const char *call, int error)
{
    struct ring_slot slot;
    cr_expect(readable(ring_writer_fd(stage.writer)), "%s, %s: the writer sleeps on", call,
              strerrorname_np(error));
    cr_assert_eq(ring_writer_acquire(stage.writer, &slot), 0);
    cr_assert_eq(ring_writer_cancel(stage.writer, &slot), 0);
}

/* -- the owner ----------------------------------------------------------------------------------
 */

static struct ring_config config_of_stage(void)
{
    return (struct ring_config){.slot_size = SUPPORT_SLOT_SIZE,
                                .slots = 4,
                                .note_size = SUPPORT_NOTE_SIZE,
                                .has_group = true,
                                .group = getegid()};
}

static void create_and_leave(void *name)
{
    const struct ring_config config = config_of_stage();
    struct ring *ring;
    support_require(ring_create(&ring, name, &config) == 0);
    support_require(ring_resize(ring, 5000) == 0);
}

/* What a dead owner leaves, in two generations. */
static void leave_stale_ring(void)
{
    cr_assert_eq(support_join(support_fork(create_and_leave, stage.name)), 0);
}

static void create_each_way(bool lasting, bool stale)
{
    const struct ring_config config = config_of_stage();
    struct support_failure failure = {.lasting = lasting};
    stage = (struct support_stage){.slot_size = SUPPORT_SLOT_SIZE};
    support_stage_name(stage.name, "create");
    while (support_failure_next(&failure)) {
        if (stale)
            leave_stale_ring();
        const struct belongings before = belongings();
        stage.ring = (void *)1;
        stage.next = 0;
        support_failure_begin(&failure);
        int error = ring_create(&stage.ring, stage.name, &config);
        support_failure_end();
        expect_in_table(error, &failure);
        if (error) {
            cr_expect_null(stage.ring);
            expect_belongings(before, &failure);
            if (!stale)
                expect_nothing_left(stage.name, &failure);
            cr_assert_eq(ring_create(&stage.ring, stage.name, &config), 0, "%s", failure.call);
        }
        expect_service(&failure);
        ring_destroy(&stage.ring);
        expect_belongings(before, &failure);
        expect_nothing_left(stage.name, &failure);
    }
}

Test(failure, create)
{
    create_each_way(false, false);
    create_each_way(true, false);
}

/* Among them: a name that may not be removed, for which it was tried again without end. */
Test(failure, create_in_place_of_a_dead_owners_ring)
{
    create_each_way(false, true);
    create_each_way(true, true);
}

Test(failure, memory_and_what_is_inspected_by_name)
{
    const struct ring_config config = config_of_stage();
    struct support_failure failure = {0};
    support_stage_open(&stage, 4);
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        struct ring_memory memory;
        struct ring_info info;
        char text[80];
        support_failure_begin(&failure);
        int errors[] = {ring_memory(&config, &memory), ring_inspect(stage.ring, &info),
                        ring_inspect_name(stage.name, &info)};
        ring_explain(stage.name, text, sizeof(text));
        support_failure_end();
        for (int i = 0; i < 3; i++)
            if (errors[i])
                expect_in_table(errors[i], &failure);
        cr_expect(errors[2] || !info.stale, "%s: the owner is not dead", failure.call);
        expect_belongings(before, &failure);
        expect_service(&failure);
    }
    support_stage_close(&stage);
}

static int count_name(void *count, const char *name)
{
    *(unsigned *)count += strcmp(name, stage.name) == 0;
    return 0;
}

Test(failure, list)
{
    struct support_failure failure = {0};
    support_stage_open(&stage, 4);
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        unsigned count = 0;
        support_failure_begin(&failure);
        int error = ring_list(count_name, &count);
        support_failure_end();
        expect_in_table(error, &failure);
        cr_expect_eq(count, !error);
        expect_belongings(before, &failure);
    }
    support_stage_close(&stage);
}

/* What could not be removed can still be found, and removed another time. */
Test(failure, remove_a_dead_owners_ring)
{
    struct support_failure failure = {0};
    support_stage_name(stage.name, "remove");
    while (support_failure_next(&failure)) {
        leave_stale_ring();
        const struct belongings before = belongings();
        support_failure_begin(&failure);
        int error = ring_remove(stage.name);
        support_failure_end();
        expect_in_table(error, &failure);
        expect_belongings(before, &failure);
        cr_expect_eq(ring_remove(stage.name), error ? 0 : -ENOENT, "%s", failure.call);
        expect_nothing_left(stage.name, &failure);
    }
}

Test(failure, destroy)
{
    struct support_failure failure = {0};
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        open_sleepers(4);
        serve();
        cr_assert_eq(ring_resize(stage.ring, 5000), 0);
        support_failure_begin(&failure);
        ring_destroy(&stage.ring);
        support_failure_end();
        cr_expect_null(stage.ring);
        if (failure.call && (!strcmp(failure.call, "unlink") || !strcmp(failure.call, "fstat64")))
            cr_expect_eq(ring_remove(stage.name), 0, "it is found where the name stayed");
        expect_nothing_left(stage.name, &failure);
        close_sleepers();
        expect_belongings(before, &failure);
    }
}

Test(failure, resize)
{
    struct support_failure failure = {0};
    support_stage_open(&stage, 4);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    expect_service(&failure);
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        ring_dispatch(stage.ring); /* what is old goes */
        char *names = support_shm_entries(stage.name);
        const size_t size = stage.slot_size == 5000 ? 6000 : 5000;
        support_failure_begin(&failure);
        int error = ring_resize(stage.ring, size);
        support_failure_end();
        expect_in_table(error, &failure);
        expect_belongings(before, &failure);
        if (error) {
            char *after = support_shm_entries(stage.name);
            cr_expect_str_eq(names, after, "%s", failure.call);
            free(after);
        } else {
            stage.slot_size = size;
        }
        free(names);
        expect_service(&failure);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* -- writers and readers come -------------------------------------------------------------------
 */

static void open_each_way(bool lasting)
{
    struct support_failure failure = {.lasting = lasting};
    support_stage_open_without_writer(&stage, 4);
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        stage.writer = (void *)1;
        support_failure_begin(&failure);
        int error = ring_writer_open(&stage.writer, stage.name, NULL);
        support_failure_end();
        expect_in_table(error, &failure);
        if (error)
            cr_expect_null(stage.writer);
        ring_writer_close(&stage.writer);
        expect_service(&failure);
        /* One who could not say goodbye is watched until its process ends. */
        if (!lasting || !failure.call || strcmp(failure.call, "sendmsg") != 0)
            expect_belongings(before, &failure);
    }
    support_stage_close(&stage);
}

Test(failure, open_a_writer)
{
    open_each_way(false);
    open_each_way(true);
}

static void attach_each_way(bool lasting)
{
    const struct ring_reader_config config = {.policy = RING_LOSSLESS, .holds = 3};
    struct support_failure failure = {.lasting = lasting};
    support_stage_open(&stage, 4);
    serve();
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        struct ring_info info;
        reader = (void *)1;
        support_failure_begin(&failure);
        int error = ring_reader_attach(&reader, stage.name, &config);
        support_failure_end();
        expect_in_table(error, &failure);
        if (error)
            cr_expect_null(reader);
        ring_reader_detach(&reader);
        serve();
        expect_belongings(before, &failure);
        cr_assert_eq(ring_inspect(stage.ring, &info), 0);
        cr_expect_eq(info.readers, 0, "%s: the place is given back", failure.call);
        expect_service(&failure);
    }
    support_stage_close(&stage);
}

Test(failure, attach_a_reader)
{
    attach_each_way(false);
    attach_each_way(true);
}

/* -- waitsets -----------------------------------------------------------------------------------
 */

static void fill_set_each_way(int eventfd_)
{
    struct support_failure failure = {0};
    support_stage_open(&stage, 4);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        set = (void *)1;
        support_failure_begin(&failure);
        int error = ring_waitset_create(&set, eventfd_);
        if (error)
            cr_expect_null(set);
        else
            error = ring_waitset_add(set, reader, NULL);
        support_failure_end();
        expect_in_table(error == -EPIPE && failure.call ? 0 : error, &failure);
        if (error && set)
            cr_expect_eq(ring_waitset_add(set, reader, NULL), 0, "%s", failure.call);
        if (set)
            cr_expect_eq(ring_waitset_remove(set, reader), 0);
        ring_waitset_destroy(&set);
        expect_belongings(before, &failure);
        expect_service(&failure);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(failure, waitset_with_an_eventfd_of_its_own)
{
    fill_set_each_way(-1);
}

Test(failure, waitset_with_the_callers_eventfd)
{
    int own = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    fill_set_each_way(own);
    close(own);
    cr_expect_eq(ring_waitset_create(&set, own), -EINVAL, "which must be one");
}

/* -- the stream goes on -------------------------------------------------------------------------
 */

/* The reader sleeps and the owner has passed all bells on, which nobody has looked at yet. */
static void put_reader_to_sleep(void)
{
    open_sleepers(4);
    expect_empty_set();
    serve();
    expect_empty_set();
}

static void publish_each_way(bool lasting)
{
    struct support_failure failure = {.lasting = lasting};
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        put_reader_to_sleep();
        support_failure_begin(&failure);
        support_stage_publish(&stage);
        support_failure_end();
        serve();
        expect_woken_reader(&failure);
        close_sleepers();
        expect_belongings(before, &failure);
    }
}

/* A writer that had no room for a bell lost it, and with it the reader for ever. */
Test(failure, publish_wakes_the_reader_whose_bell_can_not_be_taken)
{
    publish_each_way(false);
    publish_each_way(true);
}

static void release_each_way(bool lasting, bool detaches)
{
    struct support_failure failure = {.lasting = lasting};
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        open_sleepers(3);
        ring_writer_fd(stage.writer);
        for (int i = 0; i < 3; i++)
            support_stage_publish(&stage);
        struct ring_view view = support_stage_next(&stage, reader, 0, 0);
        expect_full();
        serve();
        expect_full();
        support_failure_begin(&failure);
        if (detaches)
            ring_reader_detach(&reader);
        else
            cr_expect_eq(ring_reader_release(reader, &view), 0);
        support_failure_end();
        serve();
        expect_woken_writer(failure.call, failure.error);
        close_sleepers();
        expect_belongings(before, &failure);
    }
}

Test(failure, release_wakes_the_writer_whose_bell_can_not_be_taken)
{
    release_each_way(false, false);
    release_each_way(true, false);
}

Test(failure, detach_wakes_the_writer_whose_bell_can_not_be_taken)
{
    release_each_way(false, true);
    release_each_way(true, true);
}

/* Whom it can't watch the owner sends away, which is no sleep for ever either. */
static bool sends_away(const struct support_failure *failure)
{
    return failure->call &&
           (strcmp(failure->call, "epoll_ctl") == 0 || strcmp(failure->call, "getsockopt") == 0);
}

/* A connection said to have ended, where it has not: then nobody sleeps at the other end. */
static bool ends_connection(const struct support_failure *failure)
{
    return failure->call && (failure->error == EPIPE || failure->error == ECONNRESET);
}

static void dispatch_each_way(bool lasting)
{
    struct support_failure failure = {.lasting = lasting};
    while (support_failure_next(&failure)) {
        const struct belongings before = belongings();
        open_sleepers(4);
        expect_empty_set();
        support_failure_begin(&failure);
        for (int i = 0; i < 20; i++)
            ring_dispatch(stage.ring);
        support_failure_end();
        for (int i = 0; i < 2 && !ends_connection(&failure); i++) {
            serve();
            support_stage_publish(&stage);
            serve();
            expect_woken_reader(&failure);
            if (!sends_away(&failure))
                expect_empty_set();
        }
        close_sleepers();
        expect_belongings(before, &failure);
    }
}

/* What the owner can't do now it does another time. */
Test(failure, dispatch)
{
    dispatch_each_way(false);
    dispatch_each_way(true);
}

Test(failure, reap_takes_the_dead_back_another_time)
{
    struct support_failure failure = {0};
    support_stage_open(&stage, 4);
    while (support_failure_next(&failure)) {
        reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
        support_failure_begin(&failure);
        int error = ring_reap(stage.ring);
        support_failure_end();
        cr_expect_leq(error, 0, "nobody is dead");
        expect_in_table(error, &failure);
        expect_service(&failure);
        ring_reader_detach(&reader);
    }
    support_stage_close(&stage);
}

/* Larger slots are in memory of their own, opened by each at the first message in it. */
Test(failure, new_generation)
{
    struct support_failure writers = {0}, readers = {0};
    support_stage_open(&stage, 4);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    expect_service(&writers);
    size_t size = SUPPORT_SLOT_SIZE;
    for (bool more = true; more;) {
        struct ring_slot slot;
        struct ring_view view;
        more = support_failure_next(&writers) || support_failure_next(&readers);
        cr_assert_eq(ring_resize(stage.ring, ++size), 0);
        stage.slot_size = size;
        const struct belongings before = belongings();

        support_failure_begin(&writers);
        int error = ring_writer_acquire(stage.writer, &slot);
        support_failure_end();
        expect_in_table(error, &writers);
        if (error)
            expect_belongings(before, &writers);
        else
            cr_assert_eq(ring_writer_cancel(stage.writer, &slot), 0);
        support_stage_publish(&stage);

        const struct belongings published = belongings();
        support_failure_begin(&readers);
        error = ring_reader_next(reader, &view);
        support_failure_end();
        expect_in_table(error, &readers);
        if (error) {
            expect_belongings(published, &readers);
            view = support_stage_next(&stage, reader, stage.next - 1, 0);
        }
        cr_assert_eq(ring_reader_release(reader, &view), 0);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* -- waiting ------------------------------------------------------------------------------------
 */

/* Not being able to ask for the owner's lock does not make the owner dead. */
Test(failure, reader_waits_on)
{
    struct support_failure failure = {.lasting = true};
    support_stage_open(&stage, 4);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    while (support_failure_next(&failure)) {
        support_failure_begin(&failure);
        int error = ring_reader_wait(reader, 1);
        support_failure_end();
        cr_expect_eq(error, -ETIMEDOUT, "%s", failure.call);
        expect_service(&failure);
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

static void writer_waits(bool with_owner)
{
    struct support_failure failure = {.lasting = true};
    support_stage_open_without_writer(&stage, 3);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, with_owner ? stage.ring : NULL), 0);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    serve(); /* whom the owner meets now, and can't look at, it sends away */
    while (support_failure_next(&failure)) {
        for (int i = 0; i < 3; i++)
            support_stage_publish(&stage);
        support_failure_begin(&failure);
        int error = ring_writer_wait(stage.writer, 1);
        support_failure_end();
        cr_expect_eq(error, -ETIMEDOUT, "%s", failure.call);
        for (int i = 0; i < 3; i++) {
            struct ring_view view =
                support_stage_next(&stage, reader, stage.next - 3 + (uint64_t)i, 0);
            cr_assert_eq(ring_reader_release(reader, &view), 0);
        }
    }
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(failure, writer_waits_on)
{
    writer_waits(false);
    writer_waits(true);
}
