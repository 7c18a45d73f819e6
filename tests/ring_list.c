/* Rings seen by name: which there are, whose are dead, why one can't be opened, and taking away. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/cast.h"
#include "tests/support/child.h"
#include "tests/support/control.h"
#include "tests/support/stage.h"
#include "tests/support/traces.h"

static int count(void *user, const char *name)
{
    const char *wanted = *(const char **)user;
    return strcmp(name, wanted) == 0 ? 77 : 0;
}

static bool is_listed(const char *name)
{
    int result = ring_list(count, &name);
    cr_assert(result == 0 || result == 77);
    return result == 77;
}

Test(list, shows_who_is_there)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open(&stage, 4);
    cr_expect(is_listed(stage.name));
    struct ring_reader *lossless = support_stage_attach(&stage, RING_LOSSLESS, 1);
    struct ring_reader *latest = support_stage_attach(&stage, RING_LATEST, 1);
    for (int i = 0; i < 4; i++)
        support_stage_publish(&stage);
    struct ring_view view = support_stage_next(&stage, latest, 3, 3);
    cr_assert_eq(ring_inspect_name(stage.name, &info), 0);
    cr_expect_not(info.stale);
    cr_expect_eq(info.owner, getpid());
    cr_expect_eq(info.writer, getpid());
    cr_expect_eq(info.published, 4);
    cr_expect_eq(info.readers, 2);
    cr_expect(info.reader[0].alive && info.reader[1].alive);
    cr_expect_eq(info.reader[0].lag, 4);
    cr_expect_eq(info.reader[1].lag, 0);
    cr_expect_eq(info.reader[1].lag_ns, 0);
    cr_expect_eq(info.reader[1].held, 1);
    cr_expect_eq(info.reader[1].skipped, 3);
    cr_assert_eq(ring_reader_release(latest, &view), 0);
    ring_reader_detach(&lossless);
    ring_reader_detach(&latest);
    cr_expect_eq(ring_remove(stage.name), -EBUSY);
    cr_expect(is_listed(stage.name));
    char name[sizeof(stage.name)];
    strcpy(name, stage.name);
    support_stage_close(&stage);
    cr_expect_not(is_listed(name));
    cr_expect_eq(ring_inspect_name(name, &info), -ENOENT);
    cr_expect_eq(ring_remove(name), -ENOENT);
}

Test(list, age_of_what_is_behind_is_that_of_the_oldest_message)
{
    struct support_stage stage;
    struct ring_info info;
    support_stage_open(&stage, 4);
    struct ring_reader *reader = support_stage_attach(&stage, RING_LOSSLESS, 1);
    support_stage_publish(&stage);
    uint64_t before = 0;
    while (before < 20000000) { /* it grows */
        cr_assert_eq(ring_inspect_name(stage.name, &info), 0);
        cr_assert_geq(info.reader[0].lag_ns, before);
        before = info.reader[0].lag_ns;
    }
    support_stage_publish(&stage);
    cr_assert_eq(ring_inspect_name(stage.name, &info), 0);
    cr_expect_geq(info.reader[0].lag_ns, before);
    ring_reader_detach(&reader);
    support_stage_close(&stage);
}

Test(list, dead_owner_is_stale_and_can_be_removed)
{
    struct support_cast *cast = support_cast_open(1, 3);
    struct ring_info info;
    pid_t owner = support_cast_owner(cast);
    cast->look = false;
    pid_t reader = support_cast_reader(cast, (struct support_cast_reader){.until = 1});
    support_cast_await(&cast->attached, 1);
    support_kill(reader);
    support_kill(owner);
    cr_assert_eq(ring_inspect_name(cast->name[0], &info), 0);
    cr_expect(info.stale);
    cr_expect_eq(info.owner, owner);
    cr_expect_eq(info.readers, info.reader[0].attached);
    cr_expect_not(info.reader[0].alive);
    cr_expect(is_listed(cast->name[0]));
    cr_expect_eq(ring_remove(cast->name[0]), 0);
    cr_expect_not(is_listed(cast->name[0]));
    support_cast_close(cast);
}

Test(list, takes_only_names_of_rings)
{
    struct ring_info info;
    static const char *const names[] = {"", "../x", "a.b", "a/b", "a b"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        cr_expect_eq(ring_inspect_name(names[i], &info), -EINVAL);
        cr_expect_eq(ring_remove(names[i]), -EINVAL);
    }
    int fd = open("/dev/shm/ring.test-no.ring.control", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_expect_not(is_listed("test-no.ring"));
    close(fd);
    unlink("/dev/shm/ring.test-no.ring.control");
}

static void expect_reason(const char *name, const char *part)
{
    struct ring_info info;
    char text[256];
    cr_expect_eq(ring_inspect_name(name, &info), *part ? -EPROTO : 0);
    ring_explain(name, text, sizeof(text));
    cr_expect(strstr(text, *part ? part : "in order"), "%s", text);
}

Test(list, says_why_a_ring_is_none)
{
    struct support_stage stage;
    char text[256];
    support_stage_open(&stage, 4);
    struct ring_control *control = support_control_map(stage.name);
    expect_reason(stage.name, "");
    control->header.version = 9;
    expect_reason(stage.name, "version 9");
    control->header.version = RING_VERSION;
    control->header.word = 4 << 16 | 16;
    expect_reason(stage.name, "32-bit");
    control->header.word = ring_word();
    control->header.slots = 4000;
    expect_reason(stage.name, "damaged");
    control->header.slots = 4;
    atomic_store(&control->header.magic, 1);
    expect_reason(stage.name, "no ring");
    atomic_store(&control->header.magic, RING_MAGIC);
    expect_reason(stage.name, "");
    munmap(control, sizeof(*control));
    /* What is wrong with the frames is no reason not to look at it, but not to attach. */
    char path[256];
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.frames", stage.name);
    cr_assert_eq(chmod(path, 0666), 0);
    ring_explain(stage.name, text, sizeof(text));
    cr_expect(strstr(text, "frames"), "%s", text);
    cr_assert_eq(chmod(path, 0600), 0);
    expect_reason(stage.name, "");
    ring_explain("test-never-made", text, sizeof(text));
    cr_expect(strstr(text, "no ring of that name"), "%s", text);
    ring_explain("a/b", text, sizeof(text));
    cr_expect_gt(strlen(text), 0);
    support_stage_close(&stage);
}
