/* Making a ring: limits, memory to the byte, whose name it is, and what is left when it fails. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

static const struct ring_config small = {.slot_size = 1000, .slots = 4, .note_size = 24};
static const struct ring_reader_config lossless = {.policy = RING_LOSSLESS};

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    cr_assert_not_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void expect_nothing_left(const char *name)
{
    char *left = support_shm_entries(name);
    cr_expect_str_eq(left, "");
    free(left);
}

static void object_path(char path[256], const char *name, const char *object)
{
    snprintf(path, 256, "/dev/shm/ring.%s.%s", name, object);
}

Test(create, limits_are_kept)
{
    static const struct ring_config good[] = {
        {.slot_size = 1, .slots = RING_SLOTS_MIN},
        {.slot_size = 1, .slots = RING_SLOTS_MAX, .note_size = RING_NOTE_MAX},
        {.slot_size = 1, .slots = 2, .first_seq = UINT64_MAX / 2},
    };
    static const struct ring_config bad[] = {
        {.slot_size = 0, .slots = 2},
        {.slot_size = RING_SLOT_SIZE_MAX + (size_t)1, .slots = 2},
        {.slot_size = SIZE_MAX, .slots = 2},
        {.slot_size = 1, .slots = 0},
        {.slot_size = 1, .slots = RING_SLOTS_MIN - 1},
        {.slot_size = 1, .slots = RING_SLOTS_MAX + 1},
        {.slot_size = 1, .slots = UINT32_MAX},
        {.slot_size = 1, .slots = 2, .note_size = RING_NOTE_MAX + 1},
        {.slot_size = 1, .slots = 2, .note_size = SIZE_MAX},
        {.slot_size = 1, .slots = 2, .first_seq = UINT64_MAX / 2 + 1},
        {.slot_size = 1, .slots = 2, .first_seq = UINT64_MAX},
    };
    char name[RING_NAME_MAX + 1];
    struct ring *ring;
    struct ring_memory memory;
    support_stage_name(name, "limits");
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        cr_expect_eq(ring_memory(&good[i], &memory), 0, "good %zu", i);
        cr_expect_eq(ring_create(&ring, name, &good[i]), 0, "good %zu", i);
        ring_destroy(&ring);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        ring = (void *)1;
        cr_expect_eq(ring_memory(&bad[i], &memory), -EINVAL, "bad %zu", i);
        cr_expect_eq(ring_create(&ring, name, &bad[i]), -EINVAL, "bad %zu", i);
        cr_expect_null(ring);
    }
    expect_nothing_left(name);
}

Test(create, largest_slots_are_only_a_matter_of_memory)
{
    const struct ring_config config = {.slot_size = RING_SLOT_SIZE_MAX, .slots = RING_SLOTS_MAX};
    struct ring_memory memory;
    cr_assert_eq(ring_memory(&config, &memory), 0);
    cr_expect_gt(memory.needed, (uint64_t)RING_SLOT_SIZE_MAX * RING_SLOTS_MAX);
}

/* The sums, done by hand from the layout. Control: 8576 bytes of head, 4 slot states of 64, a queue
 * of 4 numbers of 4, in pages: 12288. Frames: a header of 64 and 4 labels of 64, in pages: 4096; 4
 * payloads of 1024, or of 8192 each. */
Test(create, memory_figures_are_exact)
{
    struct ring_config config = small;
    struct ring_memory memory;
    cr_assert_eq(ring_memory(&config, &memory), 0);
    cr_expect_eq(memory.needed, 12288 + 4096 + 4096 + 4096);
    config.slot_size = 4097;
    cr_assert_eq(ring_memory(&config, &memory), 0);
    cr_expect_eq(memory.needed, 12288 + 4096 + 4096 + 4 * 8192);
}

Test(create, memory_is_allocated_when_it_returns)
{
    char name[RING_NAME_MAX + 1], path[256];
    const struct ring_config config = {.slot_size = 100000, .slots = 7, .note_size = 100};
    struct ring *ring;
    struct ring_memory memory;
    struct ring_info info;
    struct stat control, frames;
    support_stage_name(name, "allocated");
    cr_assert_eq(ring_memory(&config, &memory), 0);
    cr_assert_eq(ring_create(&ring, name, &config), 0);
    object_path(path, name, "control");
    cr_assert_eq(stat(path, &control), 0);
    object_path(path, name, "frames");
    cr_assert_eq(stat(path, &frames), 0);
    cr_expect_eq((uint64_t)(control.st_size + frames.st_size), memory.needed);
    cr_expect_eq((uint64_t)(control.st_blocks + frames.st_blocks) * 512, memory.needed,
                 "holes would be less");
    cr_assert_eq(ring_inspect(ring, &info), 0);
    cr_expect_eq(info.bytes, memory.needed);
    ring_destroy(&ring);
    expect_nothing_left(name);
}

Test(create, objects_are_for_their_owner_only)
{
    char name[RING_NAME_MAX + 1], path[256];
    static const char *const objects[] = {"control", "frames"};
    struct ring *ring;
    struct stat status;
    support_stage_name(name, "mode");
    umask(0);
    cr_assert_eq(ring_create(&ring, name, &small), 0);
    for (int i = 0; i < 2; i++) {
        object_path(path, name, objects[i]);
        cr_assert_eq(stat(path, &status), 0);
        cr_expect_eq(status.st_mode, (mode_t)(S_IFREG | 0600));
    }
    ring_destroy(&ring);
}

Test(create, name_of_a_living_owner_is_left_alone)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring *second = (void *)1;
    const unsigned descriptors = open_descriptors();
    cr_expect_eq(ring_create(&second, stage.name, &small), -EBUSY);
    cr_expect_null(second);
    cr_expect_eq(open_descriptors(), descriptors);

    support_stage_publish(&stage);
    support_stage_next(&stage, reader, 0, 0);
    ring_reader_detach(&reader);
    reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

struct abandoned {
    char name[RING_NAME_MAX + 1];
    struct ring_config config;
    int ready[2]; /* a pipe: a byte when the ring is there */
};

static void create_and_stay(void *argument)
{
    const struct abandoned *abandoned = argument;
    struct ring *ring;
    support_require(ring_create(&ring, abandoned->name, &abandoned->config) == 0);
    support_require(write(abandoned->ready[1], "", 1) == 1);
    pause();
}

static pid_t own_ring(struct abandoned *abandoned, const char *part)
{
    char byte;
    support_stage_name(abandoned->name, part);
    abandoned->config = (struct ring_config){.slot_size = 5000, .slots = 3};
    cr_assert_eq(pipe(abandoned->ready), 0);
    pid_t owner = support_fork(create_and_stay, abandoned);
    cr_assert_eq(read(abandoned->ready[0], &byte, 1), 1);
    close(abandoned->ready[0]);
    close(abandoned->ready[1]);
    return owner;
}

static void abandon_ring(struct abandoned *abandoned, const char *part)
{
    support_kill(own_ring(abandoned, part));
}

Test(create, ring_of_a_dead_owner_is_replaced)
{
    struct abandoned abandoned;
    pid_t owner = own_ring(&abandoned, "stale");
    struct ring_reader *old, *reader = (void *)1;
    cr_assert_eq(ring_reader_attach(&old, abandoned.name, &lossless), 0);
    support_kill(owner);
    cr_expect_eq(ring_reader_attach(&reader, abandoned.name, &lossless), -ENOENT);
    cr_expect_null(reader);

    struct ring *ring;
    struct ring_info info;
    cr_assert_eq(ring_create(&ring, abandoned.name, &small), 0);
    cr_assert_eq(ring_inspect(ring, &info), 0);
    cr_expect_eq(info.slots, small.slots);
    cr_expect_eq(info.readers, 0, "the old ring's reader is not in the new one");
    cr_assert_eq(ring_reader_attach(&reader, abandoned.name, &lossless), 0);
    cr_assert_eq(ring_inspect(ring, &info), 0);
    cr_expect_eq(info.readers, 1);
    ring_reader_detach(&old);
    ring_reader_detach(&reader);
    ring_destroy(&ring);
    expect_nothing_left(abandoned.name);
}

/* What is left when a maker dies between giving the control object its name and opening it to all.
 */
Test(create, half_made_ring_is_not_there_and_gives_way)
{
    struct abandoned abandoned;
    abandon_ring(&abandoned, "half");
    char path[256];
    object_path(path, abandoned.name, "frames");
    cr_assert_eq(unlink(path), 0);
    struct ring_reader *reader;
    struct ring *ring;
    cr_expect_eq(ring_reader_attach(&reader, abandoned.name, &lossless), -ENOENT);

    object_path(path, abandoned.name, "control");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    const uint64_t no_magic = 0;
    cr_assert_eq(pwrite(fd, &no_magic, sizeof(no_magic), 0), sizeof(no_magic));
    close(fd);
    cr_expect_eq(ring_reader_attach(&reader, abandoned.name, &lossless), -ENOENT);
    cr_expect_eq(ring_create(&ring, abandoned.name, &small), 0);
    ring_destroy(&ring);
    expect_nothing_left(abandoned.name);
}

struct rivals {
    char name[RING_NAME_MAX + 1];
    int start[2];  /* closed by the parent: go */
    int winner[2]; /* a byte from each who owns the ring */
    int finish[2]; /* closed by the parent: end */
};

static void create_as_a_rival(void *argument)
{
    struct rivals *rivals = argument;
    struct ring *ring;
    char byte;
    close(rivals->start[1]);
    close(rivals->finish[1]);
    support_require(read(rivals->start[0], &byte, 1) == 0);
    int error = ring_create(&ring, rivals->name, &small);
    support_require(error == 0 || error == -EBUSY);
    byte = error == 0;
    support_require(write(rivals->winner[1], &byte, 1) == 1);
    support_require(read(rivals->finish[0], &byte, 1) == 0);
    ring_destroy(&ring);
}

Test(create, of_many_that_replace_a_dead_ring_at_once_one_owns_it)
{
    enum { count = 6, rounds = 40 };
    for (int round = 0; round < rounds; round++) {
        struct abandoned abandoned;
        struct rivals rivals;
        pid_t children[count];
        unsigned winners = 0;
        abandon_ring(&abandoned, "rivals");
        memcpy(rivals.name, abandoned.name, sizeof(rivals.name));
        cr_assert_eq(pipe(rivals.start) | pipe(rivals.winner) | pipe(rivals.finish), 0);
        for (int i = 0; i < count; i++)
            children[i] = support_fork(create_as_a_rival, &rivals);
        close(rivals.start[1]);
        for (int i = 0; i < count; i++) {
            char won;
            cr_assert_eq(read(rivals.winner[0], &won, 1), 1);
            winners += won != 0;
        }
        struct ring_reader *reader;
        cr_assert_eq(winners, 1);
        cr_assert_eq(ring_reader_attach(&reader, rivals.name, &lossless), 0);
        ring_reader_detach(&reader);
        close(rivals.finish[1]);
        for (int i = 0; i < count; i++)
            cr_assert_eq(support_join(children[i]), 0);
        close(rivals.start[0]);
        close(rivals.finish[0]);
        close(rivals.winner[0]);
        close(rivals.winner[1]);
        expect_nothing_left(rivals.name);
    }
}

Test(create, destroyed_ring_lives_on_for_who_has_it_open)
{
    struct support_stage stage;
    support_stage_open_without_writer(&stage, 4);
    cr_assert_eq(ring_writer_open(&stage.writer, stage.name, NULL), 0);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    ring_destroy(&stage.ring);
    expect_nothing_left(stage.name);
    struct ring_reader *late;
    cr_expect_eq(ring_reader_attach(&late, stage.name, &lossless), -ENOENT);
    support_stage_publish(&stage);
    support_stage_next(&stage, reader, 0, 0);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* Somebody removed its files by hand, and its end took the names of the next one. */
Test(create, destroyed_ring_without_names_leaves_those_of_the_next)
{
    struct support_stage stage, next;
    struct ring_reader *reader;
    support_stage_open(&stage, 4);
    for (const char *const *object = (const char *const[]){"control", "frames", "hub", NULL};
         *object; object++) {
        char path[256];
        object_path(path, stage.name, *object);
        cr_assert_eq(unlink(path), 0);
    }
    support_stage_open(&next, 4);
    cr_assert_str_eq(next.name, stage.name);
    ring_writer_close(&stage.writer);
    ring_destroy(&stage.ring);
    cr_assert_eq(ring_reader_attach(&reader, next.name, &lossless), 0);
    support_stage_publish(&next);
    support_stage_next(&next, reader, 0, 0);
    ring_reader_detach(&reader);
    support_stage_close(&next);
}

Test(create, without_descriptors_fails_and_leaves_nothing)
{
    char name[RING_NAME_MAX + 1];
    support_stage_name(name, "descriptors");
    const struct ring_config config = {.slot_size = 8, .slots = 3};
    const unsigned before = open_descriptors();
    struct rlimit limit, full;
    int spare = dup(STDERR_FILENO), error = -EMFILE;
    close(spare);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
    limit = full;

    struct ring *ring = NULL;
    struct ring_reader *reader = NULL;
    unsigned failures = 0;
    for (int room = 0; error; room++) {
        limit.rlim_cur = (rlim_t)(spare + room);
        setrlimit(RLIMIT_NOFILE, &limit);
        error = ring_create(&ring, name, &config);
        setrlimit(RLIMIT_NOFILE, &full);
        cr_assert(error == 0 || error == -EMFILE, "%d", error);
        if (error) {
            failures++;
            cr_expect_null(ring);
            cr_expect_eq(open_descriptors(), before);
            expect_nothing_left(name);
        }
    }
    cr_expect_geq(failures, 3);

    const unsigned with_ring = open_descriptors();
    spare = dup(STDERR_FILENO);
    close(spare);
    error = -EMFILE;
    for (int room = 0; error; room++) {
        limit.rlim_cur = (rlim_t)(spare + room);
        setrlimit(RLIMIT_NOFILE, &limit);
        error = ring_reader_attach(&reader, name, &lossless);
        setrlimit(RLIMIT_NOFILE, &full);
        cr_assert(error == 0 || error == -EMFILE, "%d", error);
        if (error)
            cr_expect_eq(open_descriptors(), with_ring);
    }
    ring_reader_detach(&reader);
    cr_expect_eq(open_descriptors(), with_ring);
    ring_destroy(&ring);
    cr_expect_eq(open_descriptors(), before);
}

Test(create, descriptors_do_not_pass_exec)
{
    struct support_stage stage;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    char path[64];
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char target[256] = "";
        snprintf(path, sizeof(path), "/proc/self/fd/%.16s", entry->d_name);
        if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, stage.name))
            continue;
        cr_expect(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC, "%s", target);
    }
    closedir(directory);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

/* -- a small /dev/shm ----------------------------------------------------------------------------
 *
 * Really mounted, in a mount namespace of a child's own; a user namespace lets anybody do that. */

enum { refused = 77 };

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* Ends the process with `refused` where the kernel does not let us. */
static void mount_shm(uint64_t bytes)
{
    char map[32], size[64];
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        _exit(refused);
    snprintf(map, sizeof(map), "0 %u 1", user);
    bool mapped =
        write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", group);
    mapped = mapped && write_text("/proc/self/gid_map", map);
    snprintf(size, sizeof(size), "size=%llu", (unsigned long long)bytes);
    if (!mapped || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, size) < 0)
        _exit(refused);
}

static void join_or_skip(pid_t child)
{
    int status = support_join(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == refused)
        cr_skip_test("the kernel refuses user namespaces: no small /dev/shm to test with");
    cr_assert_eq(status, 0);
}

static uint64_t needed_by(const struct ring_config *config)
{
    struct ring_memory memory;
    support_require(ring_memory(config, &memory) == 0);
    return memory.needed;
}

static void create_in_too_little(void *argument)
{
    const struct ring_config config = {.slot_size = 10000, .slots = 4};
    const uint64_t missing = *(const uint64_t *)argument;
    struct ring_memory memory;
    struct ring *ring = (void *)1;
    mount_shm(needed_by(&config) - missing);
    support_require(ring_memory(&config, &memory) == 0);
    support_require(memory.available == memory.needed - missing);
    support_require(ring_create(&ring, "small", &config) == -ENOSPC);
    support_require(!ring);
    char *left = support_shm_entries("");
    support_require(left[0] == '\0');
    free(left);
    support_require(ring_memory(&config, &memory) == 0);
    support_require(memory.available == memory.needed - missing);
}

Test(create, in_a_shm_one_page_too_small_says_so)
{
    join_or_skip(support_fork(create_in_too_little, &(uint64_t){4096}));
}

Test(create, in_a_shm_too_small_for_the_control_object_says_so)
{
    const struct ring_config config = {.slot_size = 10000, .slots = 4};
    join_or_skip(support_fork(create_in_too_little, &(uint64_t){needed_by(&config) - 4096}));
}

static void publish_many(struct ring_writer *writer, struct ring_reader *reader, size_t slot_size)
{
    for (uint64_t seq = 0; seq < 20; seq++) {
        struct ring_slot slot;
        struct ring_view view;
        support_require(ring_writer_acquire(writer, &slot) == 0);
        size_t used = support_message_fill(&slot, seq);
        support_require(ring_writer_publish(writer, &slot, used, NULL) == 0);
        support_require(ring_reader_next(reader, &view) == 0);
        support_require(support_message_check(&view, slot_size));
        support_require(ring_reader_release(reader, &view) == 0);
    }
}

static void create_in_just_enough(void *argument)
{
    (void)argument;
    const struct ring_config config = {.slot_size = 10000, .slots = 4, .note_size = 200};
    struct ring_memory memory;
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_reader *reader;
    mount_shm(needed_by(&config));
    support_require(ring_create(&ring, "exact", &config) == 0);
    support_require(ring_memory(&config, &memory) == 0);
    support_require(memory.available == 0);
    support_require(ring_writer_open(&writer, "exact", ring) == 0);
    support_require(ring_reader_attach(&reader, "exact", &lossless) == 0);
    publish_many(writer, reader, config.slot_size);
    ring_reader_detach(&reader);
    ring_writer_close(&writer);
    ring_destroy(&ring);
    support_require(ring_memory(&config, &memory) == 0);
    support_require(memory.available == memory.needed);
}

Test(create, in_a_shm_of_just_the_needed_size_works_to_the_last_byte)
{
    join_or_skip(support_fork(create_in_just_enough, NULL));
}
