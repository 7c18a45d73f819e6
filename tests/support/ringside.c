#include "tests/support/ringside.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/clip.h"
#include "tests/support/scratch.h"
#include "tests/support/traces.h"

enum { ARGUMENTS_MAX = 256 };

const char *support_ringside_path(void)
{
    const char *path = getenv("RINGSIDE");
    cr_assert_not_null(path, "RINGSIDE must name the program under test");
    return path;
}

struct support_process *support_ringside_start(const char *const arguments[])
{
    const char *argv[ARGUMENTS_MAX] = {support_ringside_path()};
    for (size_t i = 0; arguments[i]; i++) {
        cr_assert_lt(i, ARGUMENTS_MAX - 2);
        argv[i + 1] = arguments[i];
    }
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE, argv), 0);
    return process;
}

static bool is_running(pid_t pid)
{
    siginfo_t end = {0};
    return waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == 0;
}

void support_ringside_await_full(const struct support_process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/1", (int)support_pid(process));
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    /* There is no event for a pipe that has become full. */
    while (poll(&out, 1, 0) == 1) {
        cr_assert(is_running(support_pid(process)), "it ended with room in its output");
        usleep(1000);
    }
    close(fd);
}

static bool is_called(pid_t pid, const char *title)
{
    char path[64];
    char line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fread(line, 1, sizeof line - 1, file) == 0)
        *line = '\0'; /* dead already */
    if (file)
        fclose(file);
    return strcmp(line, title) == 0;
}

pid_t support_ringside_process(const struct support_process *process, const char *title,
                               pid_t other)
{
    pid_t members[256];
    for (;;) {
        size_t count = support_session_members(support_pid(process), members, 256);
        for (size_t i = 0; i < count && i < 256; i++)
            if (members[i] != other && is_called(members[i], title))
                return members[i];
        cr_assert(is_running(support_pid(process)), "it ended without a process '%s'", title);
        usleep(1000); /* there is no event for that */
    }
}

/* A ring's name begins with its owner's pid. */
char *support_ringside_memory(pid_t pid)
{
    char part[32];
    snprintf(part, sizeof part, ".%d-", (int)pid);
    return support_shm_entries(part);
}

void support_ringside_wait(struct support_process **process, struct support_result *result)
{
    pid_t pid = support_pid(*process);
    support_wait(process, result);
    char *left = support_ringside_memory(pid);
    cr_assert(!result->expired, "it hung; standard error: %s", result->err);
    cr_assert_eq(result->leftover, 0, "%zu processes are left", result->leftover);
    cr_assert_str_eq(left, "", "left in /dev/shm: %s", left);
    free(left);
}

void support_ringside(struct support_result *result, const char *const arguments[])
{
    struct support_process *process = support_ringside_start(arguments);
    support_ringside_wait(&process, result);
}

char *support_ringside_clip(const char *name, const char *const arguments[])
{
    const char *directory = getenv("TMPDIR");
    cr_assert_not_null(directory);
    char *path = support_scratch_path(directory, name);
    if (access(path, F_OK) == 0)
        return path;
    /* Under another name first: a case that dies here leaves no half a clip to the next. */
    char *unfinished;
    cr_assert_geq(asprintf(&unfinished, "%s/unfinished-%s", directory, name), 0);
    cr_assert_eq(support_clip(unfinished, arguments), 0, "ffmpeg can't make %s", name);
    cr_assert_eq(rename(unfinished, path), 0);
    free(unfinished);
    return path;
}

char *support_ringside_real_clip(const char *name)
{
    const char *directory = getenv("RINGSIDE_CLIPS");
    const char *source = getenv("RINGSIDE_SOURCE");
    char *path;
    int length = directory ? asprintf(&path, "%s/%s", directory, name)
                           : asprintf(&path, "%s/../shared/clips/%s", source ? source : ".", name);
    cr_assert_geq(length, 0);
    if (access(path, R_OK) != 0)
        cr_skip_test("no clip %s", path);
    return path;
}
