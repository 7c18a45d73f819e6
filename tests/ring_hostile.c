/* Objects that are no rings, and rings that a peer has damaged: an answer, not a crash. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/layout.h"
#include "libring/src/wake.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/control.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

struct target {
    struct support_stage stage;
    char control_path[256], frames_path[256];
    struct ring_control *control;
    _Atomic uint32_t *queue;
    size_t size;
};

static void target_open(struct target *target)
{
    struct ring_geometry geometry;
    support_stage_open(&target->stage, 4);
    const char *name = target->stage.name;
    snprintf(target->control_path, 256, "/dev/shm/ring.%s.control", name);
    snprintf(target->frames_path, 256, "/dev/shm/ring.%s.frames", name);
    cr_assert_eq(ring_geometry(&geometry, 4, SUPPORT_NOTE_SIZE, 0), 0);
    int fd = open(target->control_path, O_RDWR | O_CLOEXEC);
    void *memory = mmap(NULL, geometry.control_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq(memory, MAP_FAILED);
    close(fd);
    target->control = memory;
    target->queue = (void *)((uint8_t *)memory + geometry.queue_offset);
    target->size = geometry.control_size;
}

static void target_close(struct target *target)
{
    munmap(target->control, target->size);
    support_stage_close(&target->stage);
}

/* Both ways in. */
static void expect_no_entry(const struct target *target, int expected)
{
    const char *name = target->stage.name;
    struct ring_reader *reader = (void *)1;
    struct ring_writer *writer = (void *)1;
    int error = ring_reader_attach(&reader, name, &(struct ring_reader_config){0});
    cr_expect_eq(error, expected, "attach: %d", error);
    cr_expect_null(reader);
    error = ring_writer_open(&writer, name, NULL);
    cr_expect_eq(error, expected, "open: %d", error);
    cr_expect_null(writer);
}

Test(hostile, header_of_something_else_is_refused)
{
    struct target target;
    target_open(&target);
    struct ring_header *header = &target.control->header;
    struct {
        void *field;
        size_t size;
        uint64_t values[6];
    } cases[] = {
        {&header->magic, 8, {1, RING_MAGIC + 1, UINT64_MAX}},
        {&header->version, 4, {RING_VERSION + 1, 0xff, UINT32_MAX}},
        {&header->word, 4, {4 << 16 | 16, 1, UINT32_MAX}},
        {&header->slots, 4, {1, 1000, RING_SLOTS_MAX, RING_SLOTS_MAX + 1, UINT32_MAX}},
        {&header->note_size, 4, {RING_NOTE_MAX + 1, UINT32_MAX}},
        {&header->writer_holds, 4, {3, UINT32_MAX}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t good = 0;
        memcpy(&good, cases[i].field, cases[i].size);
        for (int k = 0; k < 6 && cases[i].values[k]; k++) {
            memcpy(cases[i].field, &cases[i].values[k], cases[i].size);
            expect_no_entry(&target, -EPROTO);
        }
        memcpy(cases[i].field, &good, cases[i].size);
    }
    struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
    ring_reader_detach(&reader);
    target_close(&target);
}

Test(hostile, truncated_objects_are_refused)
{
    static const off_t sizes[] = {0, 1, 127, 4096, 8192};
    struct target target;
    target_open(&target);
    struct stat status;
    cr_assert_eq(stat(target.frames_path, &status), 0);
    const off_t frames_sizes[] = {status.st_size - 4096, status.st_size - 1, 4096, 4095, 0};
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(truncate(target.frames_path, frames_sizes[i]), 0);
        struct ring_reader *reader;
        cr_expect_eq(
            ring_reader_attach(&reader, target.stage.name, &(struct ring_reader_config){0}),
            -EPROTO);
    }
    /* Last: our own mapping loses its memory. */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        cr_assert_eq(truncate(target.control_path, sizes[i]), 0);
        expect_no_entry(&target, -EPROTO);
    }
    cr_assert_eq(truncate(target.control_path, (off_t)target.size), 0);
    target_close(&target);
}

static void put_file(const char *path, size_t size, int byte)
{
    uint8_t block[4096];
    memset(block, byte, sizeof(block));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    for (; size > 0; size -= size < 4096 ? size : 4096)
        cr_assert_gt(write(fd, block, size < 4096 ? size : 4096), 0);
    close(fd);
}

/* What stands under the names of a ring that was never made. */
static void false_name(struct target *target)
{
    support_stage_name(target->stage.name, "false");
    snprintf(target->control_path, 256, "/dev/shm/ring.%s.control", target->stage.name);
    snprintf(target->frames_path, 256, "/dev/shm/ring.%s.frames", target->stage.name);
}

static void expect_nothing_left(const char *name)
{
    char *left = support_shm_entries(name);
    cr_expect_str_eq(left, "");
    free(left);
}

Test(hostile, garbage_is_refused_and_replaced)
{
    struct target target;
    false_name(&target);
    static const size_t sizes[] = {0, 7, 4096, 8575, 8576, 12288, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        put_file(target.control_path, sizes[i], 0xa5);
        expect_no_entry(&target, -EPROTO);
        put_file(target.frames_path, sizes[i], 0x5a);
        expect_no_entry(&target, -EPROTO);
        struct ring *ring;
        const struct ring_config config = {.slot_size = 8, .slots = 2};
        cr_assert_eq(ring_create(&ring, target.stage.name, &config), 0, "nobody owns it");
        struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
        ring_reader_detach(&reader);
        ring_destroy(&ring);
    }
    expect_nothing_left(target.stage.name);
}

Test(hostile, symbolic_link_is_not_followed)
{
    struct target target, decoy;
    target_open(&decoy);
    false_name(&target);
    cr_assert_eq(symlink(decoy.control_path, target.control_path), 0);
    cr_assert_eq(symlink(decoy.frames_path, target.frames_path), 0);
    expect_no_entry(&target, -EPROTO);
    struct ring *ring;
    const struct ring_config config = {.slot_size = 8, .slots = 2};
    cr_expect_eq(ring_create(&ring, target.stage.name, &config), -EPROTO);
    cr_expect_null(ring);
    cr_expect_eq(access(decoy.control_path, F_OK), 0);

    cr_assert_eq(unlink(target.control_path), 0);
    cr_assert_eq(link(decoy.control_path, target.control_path), 0);
    ring_writer_close(&decoy.stage.writer);
    expect_no_entry(&target, -EPROTO); /* the link that is left is that of the frames */
    cr_assert_eq(unlink(target.control_path) | unlink(target.frames_path), 0);
    target_close(&decoy);
}

Test(hostile, directory_and_fifo_are_no_rings)
{
    struct target target;
    struct ring *ring;
    const struct ring_config config = {.slot_size = 8, .slots = 2};
    false_name(&target);
    cr_assert_eq(mkdir(target.control_path, 0700), 0);
    expect_no_entry(&target, -EPROTO);
    cr_expect_eq(ring_create(&ring, target.stage.name, &config), -EPROTO);
    cr_assert_eq(rmdir(target.control_path), 0);
    cr_assert_eq(mkfifo(target.control_path, 0600), 0);
    expect_no_entry(&target, -EPROTO);
    cr_assert_eq(unlink(target.control_path), 0);
    expect_nothing_left(target.stage.name);
}

/* Opening a FIFO to read waits for its writer, unless one says not to. */
Test(hostile, fifo_in_place_of_the_frames_keeps_nobody)
{
    struct target target;
    target_open(&target);
    cr_assert_eq(unlink(target.frames_path), 0);
    cr_assert_eq(mkfifo(target.frames_path, 0600), 0);
    ring_writer_close(&target.stage.writer);
    expect_no_entry(&target, -EPROTO);
    target_close(&target);
}

Test(hostile, frames_of_another_ring_are_not_taken_for_its_own)
{
    struct target target;
    target_open(&target);
    int fd = open(target.frames_path, O_RDWR | O_CLOEXEC);
    const uint64_t identity = 0;
    cr_assert_eq(pwrite(fd, &identity, sizeof(identity), 0), sizeof(identity));
    close(fd);
    ring_writer_close(&target.stage.writer);
    expect_no_entry(&target, -ENOENT);
    target_close(&target);
}

/* One that may write the control object, but not these frames, can say which generation is the
 * newest and put a file of its own there: a descriptor for writing, and a name for it, it had. */
Test(hostile, frames_that_somebody_else_can_write_are_refused)
{
    static const mode_t modes[] = {0602, 0620, 0660, 0666};
    struct target target;
    target_open(&target);
    ring_writer_close(&target.stage.writer);
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        cr_assert_eq(chmod(target.frames_path, modes[i]), 0);
        expect_no_entry(&target, -EPROTO);
    }
    cr_assert_eq(chmod(target.frames_path, 0640), 0);
    if (geteuid() == 0) {
        cr_assert_eq(chown(target.frames_path, 65534, (gid_t)-1), 0);
        expect_no_entry(&target, -EPROTO);
        cr_assert_eq(chown(target.frames_path, geteuid(), (gid_t)-1), 0);
    }
    struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
    ring_reader_detach(&reader);
    target_close(&target);
}

/* -- a damaged control object under a living reader ----------------------------------------------
 */

static void expect_damaged(struct target *target, enum ring_policy policy,
                           void (*damage)(struct target *))
{
    struct ring_view view;
    target_open(target);
    struct ring_reader *reader = support_stage_attach(&target->stage, policy, 1), *who;
    struct ring_waitset *set;
    support_stage_publish(&target->stage);
    view = support_stage_next(&target->stage, reader, 0, 0);
    cr_assert_eq(ring_reader_release(reader, &view), 0);
    support_stage_publish(&target->stage);
    damage(target);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(ring_reader_next(reader, &view), -EPROTO, "policy %d", policy);
        cr_expect_eq(ring_reader_wait(reader, 0), 0);
    }
    cr_assert_eq(ring_waitset_create(&set, -1), 0);
    cr_assert_eq(ring_waitset_add(set, reader, NULL), 0);
    cr_expect_eq(ring_waitset_next(set, &who, NULL, &view), -EPROTO);
    cr_expect_eq(who, reader);
    ring_waitset_destroy(&set);
    struct ring_info info;
    cr_expect_eq(ring_inspect(target->stage.ring, &info), 0);
    ring_reader_detach(&reader);
    target_close(target);
}

static void all_policies(void (*damage)(struct target *))
{
    struct target target;
    for (int policy = RING_LOSSLESS; policy <= RING_LATEST; policy++)
        expect_damaged(&target, (enum ring_policy)policy, damage);
}

static void queue_out_of_range(struct target *target)
{
    for (int i = 0; i < 4; i++)
        atomic_store(&target->queue[i], 4 + (uint32_t)i);
}

static void queue_far_out_of_range(struct target *target)
{
    for (int i = 0; i < 4; i++)
        atomic_store(&target->queue[i], UINT32_MAX - (uint32_t)i);
}

static void head_behind_cursor(struct target *target)
{
    atomic_store(&target->control->stream.head, 0);
    /* Where it was is the reader's own knowledge. */
    atomic_store(&target->control->place[0].cursor, 0);
}

static void wrong_seq(struct target *target)
{
    for (int i = 0; i < 4; i++)
        atomic_store(&target->control->slot[i].seq, 1000);
}

static void head_far_ahead(struct target *target)
{
    atomic_store(&target->control->stream.head, UINT64_MAX);
}

/* The words agree with each other, but the label in the frames object does not. */
static void forged_message(struct target *target)
{
    struct ring_control *control = target->control;
    const uint64_t head = 7;
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t seq = head - 4 + i;
        atomic_store(&control->slot[i].seq, seq);
        atomic_store(&control->slot[i].generation, 1);
        atomic_store(&target->queue[seq % 4], i);
    }
    if (atomic_load(&control->place[0].policy) == RING_LOSSLESS) {
        atomic_store(&control->slot[0].seq, 1);
        atomic_store(&target->queue[1], 2);
        atomic_store(&control->slot[2].seq, 1);
    }
    atomic_store(&control->stream.head, head);
}

Test(hostile, queue_entry_out_of_range_is_damage)
{
    all_policies(queue_out_of_range);
    all_policies(queue_far_out_of_range);
}

Test(hostile, head_behind_the_cursor_is_damage)
{
    all_policies(head_behind_cursor);
}

Test(hostile, slot_that_never_matches_is_damage)
{
    struct target target;
    all_policies(wrong_seq);
    expect_damaged(&target, RING_LOSSY, head_far_ahead);
    expect_damaged(&target, RING_LATEST, head_far_ahead);
}

Test(hostile, message_without_its_label_is_damage)
{
    all_policies(forged_message);
}

struct poster {
    struct ring_control *control;
    atomic_bool enough;
};

static void *post_without_end(void *argument)
{
    struct poster *poster = argument;
    while (!atomic_load(&poster->enough)) {
        ring_semaphore_post(&poster->control->place[0].semaphore);
        ring_semaphore_post(&poster->control->room.semaphore);
    }
    return NULL;
}

/* A waiting reader was kept beyond its time by posts without a message. */
Test(hostile, posts_without_end_do_not_prolong_a_wait, .timeout = 30)
{
    struct target target;
    pthread_t thread;
    target_open(&target);
    ring_writer_close(&target.stage.writer);
    cr_assert_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), 0);
    struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
    struct poster poster = {.control = target.control};
    cr_assert_eq(pthread_create(&thread, NULL, post_without_end, &poster), 0);
    cr_expect_eq(ring_reader_wait(reader, 1000000), -ETIMEDOUT);
    for (int i = 0; i < 4; i++)
        support_stage_publish(&target.stage);
    cr_expect_eq(ring_writer_wait(target.stage.writer, 1000000), -ETIMEDOUT);
    atomic_store(&poster.enough, true);
    pthread_join(thread, NULL);
    ring_reader_detach(&reader);
    target_close(&target);
}

/* Everybody's semaphore becomes `value`, and what lies beside it. */
static void scribble_on_semaphores(struct target *target, uint64_t value)
{
    uint64_t words[4] = {value, value, value, value};
    struct ring_control *control = target->control;
    for (int i = 0; i < RING_READERS_MAX; i++)
        memcpy(&control->place[i].semaphore, words, sizeof(words));
    memcpy(&control->room.semaphore, words, sizeof(words));
}

/* A sem_t keeps beside its count which futex operation to use. With another one there, glibc
 * aborted the process that posted or waited, or it went round without looking at the clock. */
Test(hostile, scribbled_semaphore_neither_ends_nor_keeps_anybody, .timeout = 60)
{
    struct target target;
    struct ring_view view;
    target_open(&target);
    ring_writer_close(&target.stage.writer);
    cr_assert_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), 0);
    for (int i = 0; i < 130; i++) {
        const uint64_t one = UINT64_C(1) << (i % 64), value = i < 64 ? one : i < 128 ? ~one : 0;
        struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
        scribble_on_semaphores(&target, value - (i == 129));
        cr_expect_eq(ring_reader_wait(reader, 1000), -ETIMEDOUT);
        scribble_on_semaphores(&target, value - (i == 129));
        atomic_store(&target.control->sleepers.semaphore, UINT64_MAX);
        for (int k = 0; k < 4; k++)
            support_stage_publish(&target.stage);
        scribble_on_semaphores(&target, value - (i == 129));
        cr_expect_eq(ring_writer_wait(target.stage.writer, 1000), -ETIMEDOUT);
        atomic_store(&target.control->room.asleep, UINT32_MAX);
        view = support_stage_next(&target.stage, reader, 4 * (uint64_t)i, 0);
        cr_expect_eq(ring_reader_release(reader, &view), 0);
        cr_expect_eq(ring_reap(target.stage.ring), 0);
        ring_reader_detach(&reader);
    }
    target_close(&target);
}

Test(hostile, takeover_of_a_damaged_ring_does_not_crash)
{
    struct target target;
    target_open(&target);
    support_stage_publish(&target.stage);
    ring_writer_close(&target.stage.writer);
    for (int i = 0; i < 4; i++)
        atomic_store(&target.control->slot[i].holders, UINT64_MAX);
    atomic_store(&target.control->table.attached, UINT64_MAX);
    atomic_store(&target.control->sleepers.semaphore, UINT64_MAX);
    atomic_store(&target.control->sleepers.doorbell, UINT64_MAX);
    struct ring_slot slot;
    cr_assert_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), 0);
    cr_expect_eq(ring_writer_acquire(target.stage.writer, &slot), -EAGAIN);
    cr_expect_eq(ring_writer_wait(target.stage.writer, 1000000), -ETIMEDOUT);
    cr_expect_eq(ring_reap(target.stage.ring), RING_READERS_MAX,
                 "nobody lives who could hold them");
    support_stage_publish(&target.stage);
    target_close(&target);
}

/* The writer asked for the frames of whatever generation it was told of, and passed on that they
 * are not there. */
Test(hostile, newest_generation_that_is_not_there_is_damage)
{
    static const uint32_t generations[] = {0, 2, 1000, UINT32_MAX};
    struct target target;
    struct ring_slot slot;
    target_open(&target);
    for (size_t i = 0; i < sizeof(generations) / sizeof(*generations); i++) {
        atomic_store(&target.control->table.generation, generations[i]);
        cr_expect_eq(ring_writer_acquire(target.stage.writer, &slot), -EPROTO);
        cr_expect_eq(ring_writer_wait(target.stage.writer, 0), 0);
    }
    atomic_store(&target.control->table.generation, 1);
    support_stage_publish(&target.stage);
    target_close(&target);
}

/* A writer took its sequence number from where every reader can write. */
Test(hostile, sequence_is_the_writers_whatever_a_peer_writes)
{
    static const uint64_t heads[] = {0, 1, 1000, RING_FIRST_SEQ_MAX, UINT64_MAX - 1, UINT64_MAX};
    struct target target;
    target_open(&target);
    struct ring_reader *reader = support_stage_attach(&target.stage, RING_LOSSLESS, 1);
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
        atomic_store(&target.control->stream.head, heads[i]);
        support_stage_publish(&target.stage);
        struct ring_view view = support_stage_next(&target.stage, reader, i, 0);
        cr_expect_eq(ring_reader_release(reader, &view), 0);
    }
    ring_reader_detach(&reader);
    target_close(&target);
}

Test(hostile, takeover_of_a_sequence_that_nobody_can_have_published_is_refused)
{
    struct target target;
    target_open(&target);
    support_stage_publish(&target.stage);
    ring_writer_close(&target.stage.writer);
    atomic_store(&target.control->stream.head, RING_FIRST_SEQ_MAX + UINT64_C(1));
    cr_expect_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), -EPROTO);
    atomic_store(&target.control->stream.head, UINT64_MAX);
    cr_expect_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), -EPROTO);
    atomic_store(&target.control->stream.head, 1);
    cr_assert_eq(ring_writer_open(&target.stage.writer, target.stage.name, NULL), 0);
    support_stage_publish(&target.stage);
    target_close(&target);
}

/* A head that is far ahead of what is there made a lossy reader go through all slots, and that as
 * often as a writer may lap it: seconds in each call. */
Test(hostile, search_through_a_large_damaged_ring_comes_to_an_end, .timeout = 60)
{
    struct support_stage stage;
    struct ring_view view;
    support_stage_open(&stage, RING_SLOTS_MAX);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSY, 1);
    struct ring_control *control = support_control_map(stage.name);
    for (uint64_t i = 1; i <= 200; i++) {
        atomic_store(&control->stream.head, i << 32);
        cr_expect_eq(ring_reader_next(reader, &view), -EPROTO);
    }
    munmap(control, sizeof(*control));
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}
