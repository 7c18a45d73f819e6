/* Who may take part: the owner's user, and a group where one is given. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/owner.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

/* No such ids need exist. */
enum { GROUP = 54321, MEMBER = 54322, STRANGER = 54323, OTHER_GROUP = 54324 };

static void expect_mode(const char *name, const char *object, mode_t mode, gid_t group)
{
    char path[256];
    struct stat status;
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.%s", name, object);
    cr_assert_eq(lstat(path, &status), 0, "%s", path);
    cr_expect_eq(status.st_mode & 07777, mode, "%s: %o", object, status.st_mode);
    cr_expect_eq(status.st_gid, group, "%s", object);
}

static struct ring *create(char name[RING_NAME_MAX + 1], bool has_group)
{
    const struct ring_config config = {.slot_size = SUPPORT_SLOT_SIZE,
                                       .slots = 4,
                                       .note_size = SUPPORT_NOTE_SIZE,
                                       .has_group = has_group,
                                       .group = GROUP};
    struct ring *ring;
    support_stage_name(name, "access");
    cr_assert_eq(ring_create(&ring, name, &config), 0);
    return ring;
}

static void need_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("only root can be somebody else, and give a file to a group");
}

Test(access, is_the_owners_alone_by_default)
{
    char name[RING_NAME_MAX + 1];
    umask(0);
    struct ring *ring = create(name, false);
    expect_mode(name, "control", 0600, getegid());
    expect_mode(name, "frames", 0600, getegid());
    expect_mode(name, "hub", 0600, getegid());
    ring_destroy(&ring);
}

/* The frames are the writer's to change: to the group they are there to be read. */
Test(access, is_given_to_a_group)
{
    char name[RING_NAME_MAX + 1];
    need_root();
    umask(077);
    struct ring *ring = create(name, true);
    expect_mode(name, "control", 0660, GROUP);
    expect_mode(name, "frames", 0640, GROUP);
    expect_mode(name, "hub", 0660, GROUP);
    ring_destroy(&ring);
}

struct visitor {
    char name[RING_NAME_MAX + 1];
    uid_t user;
    gid_t group, supplementary;
    int ready[2];
};

static void become(const struct visitor *visitor)
{
    support_require(setgroups(1, &visitor->supplementary) == 0);
    support_require(setgid(visitor->group) == 0 && setuid(visitor->user) == 0);
}

static void read_three(void *argument)
{
    const struct visitor *visitor = argument;
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    struct ring_reader *reader;
    struct ring_waitset *set;
    struct ring_view view;
    become(visitor);
    support_require(ring_reader_attach(&reader, visitor->name, &config) == 0);
    support_require(ring_waitset_create(&set, -1) == 0);
    support_require(ring_waitset_add(set, reader, NULL) == 0);
    support_require(write(visitor->ready[1], "", 1) == 1);
    for (uint64_t seq = 0; seq < 3; seq++) {
        int error;
        while ((error = ring_waitset_next(set, &reader, NULL, &view)) == -EAGAIN) {
            struct pollfd one = {.fd = ring_waitset_fd(set), .events = POLLIN};
            support_require(poll(&one, 1, -1) == 1);
        }
        support_require(error == 0 && view.seq == seq);
        support_require(ring_reader_release(reader, &view) == 0);
    }
    struct ring_writer *writer;
    support_require(ring_writer_open(&writer, visitor->name, NULL) < 0);
    ring_reader_detach(&reader);
    ring_waitset_destroy(&set);
}

static void member_reads(struct visitor *visitor)
{
    struct ring *ring = create(visitor->name, true);
    struct support_stage stage = {.ring = ring, .slot_size = SUPPORT_SLOT_SIZE};
    char byte;
    cr_assert_eq(pipe(visitor->ready), 0);
    pid_t child = support_fork(read_three, visitor);
    cr_assert_eq(read(visitor->ready[0], &byte, 1), 1);
    cr_assert_eq(ring_writer_open(&stage.writer, visitor->name, ring), 0);
    for (int i = 0; i < 3; i++)
        support_stage_publish(&stage);
    cr_expect_eq(support_serve(&ring, 1, child), 0);
    ring_writer_close(&stage.writer);
    ring_destroy(&ring);
}

Test(access, member_of_the_group_reads_and_is_rung)
{
    need_root();
    member_reads(&(struct visitor){.user = MEMBER, .group = GROUP, .supplementary = GROUP});
}

Test(access, member_by_a_supplementary_group_too)
{
    need_root();
    member_reads(&(struct visitor){.user = MEMBER, .group = OTHER_GROUP, .supplementary = GROUP});
}

static void try_all_ways(void *argument)
{
    const struct visitor *visitor = argument;
    const struct ring_reader_config config = {.policy = RING_LATEST};
    struct ring_reader *reader = (void *)1;
    struct ring_writer *writer = (void *)1;
    struct ring_info info;
    become(visitor);
    support_require(ring_reader_attach(&reader, visitor->name, &config) == -EACCES && !reader);
    support_require(ring_writer_open(&writer, visitor->name, NULL) == -EACCES && !writer);
    support_require(ring_inspect_name(visitor->name, &info) == -EACCES);
    support_require(ring_remove(visitor->name) == -EACCES);
}

static void stranger_is_refused(bool has_group)
{
    struct visitor visitor = {.user = STRANGER, .group = OTHER_GROUP, .supplementary = OTHER_GROUP};
    struct ring *ring = create(visitor.name, has_group);
    cr_expect_eq(support_join(support_fork(try_all_ways, &visitor)), 0);
    struct ring_info info;
    cr_assert_eq(ring_inspect(ring, &info), 0);
    cr_expect_eq(info.readers, 0);
    ring_destroy(&ring);
}

Test(access, stranger_is_refused_with_or_without_a_group)
{
    need_root();
    stranger_is_refused(false);
    stranger_is_refused(true);
}

static void create_and_remove(void *argument)
{
    const struct visitor *visitor = argument;
    const struct ring_config config = {.slot_size = SUPPORT_SLOT_SIZE, .slots = 4};
    struct ring *ring;
    become(visitor);
    support_require(ring_create(&ring, visitor->name, &config) == -EPERM);
    support_require(ring_remove(visitor->name) == -EPERM);
}

/* Anybody may put a file under a name in /dev/shm, and let all write to it, but only he can take it
 * away: whoever wanted that name tried for ever. */
Test(access, name_that_a_strangers_file_has_is_given_up, .timeout = 30)
{
    char path[256];
    need_root();
    struct visitor visitor = {.user = STRANGER, .group = OTHER_GROUP, .supplementary = OTHER_GROUP};
    support_stage_name(visitor.name, "taken");
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.control", visitor.name);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fchmod(fd, 0666), 0);
    close(fd);
    cr_expect_eq(support_join(support_fork(create_and_remove, &visitor)), 0);
    cr_expect_eq(access(path, F_OK), 0);
    unlink(path);
}
