/* The helpers of the end-to-end tests: what they say about a command has to be true. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/clip.h"
#include "tests/support/command.h"
#include "tests/support/scratch.h"
#include "tests/support/traces.h"

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static struct support_result run_shell(const char *script)
{
    struct support_result result = {0};
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, SHELL(script)), 0);
    cr_assert(!result.expired);
    return result;
}

Test(command, tells_the_streams_apart)
{
    struct support_result result = run_shell("echo data; echo log >&2");
    cr_expect_str_eq(result.out, "data\n");
    cr_expect_eq(result.out_size, 5);
    cr_expect_str_eq(result.err, "log\n");
    cr_expect_eq(result.err_size, 4);
    cr_expect_eq(result.exit_code, 0);
    cr_expect_eq(result.signal, 0);
    cr_expect_eq(result.leftover, 0);
    support_result_free(&result);
}

Test(command, silence_is_an_empty_text)
{
    struct support_result result = run_shell(":");
    cr_expect_str_eq(result.out, "");
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
}

Test(command, has_an_empty_standard_input)
{
    struct support_result result = run_shell("wc -c");
    cr_expect_eq(atoi(result.out), 0);
    support_result_free(&result);
}

Test(command, tells_the_exit_code)
{
    struct support_result result = run_shell("exit 78");
    cr_expect_eq(result.exit_code, 78);
    cr_expect_eq(result.signal, 0);
    support_result_free(&result);
}

Test(command, tells_the_signal)
{
    struct support_result result = run_shell("kill -TERM $$");
    cr_expect_eq(result.exit_code, -1);
    cr_expect_eq(result.signal, SIGTERM);
    support_result_free(&result);
}

Test(command, that_does_not_exist_is_an_error)
{
    struct support_result result;
    const char *const argv[] = {"/nonexistent/program", NULL};
    cr_expect_eq(support_run(&result, SUPPORT_DEADLINE, argv), -ENOENT);
}

Test(command, takes_both_streams_beyond_what_a_pipe_holds)
{
    const size_t size = 3 << 20;
    struct support_result result =
        run_shell("head -c 3145728 /dev/zero | tr '\\0' o & head -c 3145728 /dev/zero |"
                  " tr '\\0' e >&2; wait");
    cr_assert_eq(result.out_size, size);
    cr_assert_eq(result.err_size, size);
    cr_expect_eq(strspn(result.out, "o"), size);
    cr_expect_eq(strspn(result.err, "e"), size);
    support_result_free(&result);
}

Test(command, is_killed_at_its_deadline_with_all_its_session)
{
    struct support_result result;
    cr_assert_eq(support_run(&result, 300, SHELL("sleep 1000 & sleep 1000")), 0);
    cr_expect(result.expired);
    cr_expect_eq(result.signal, SIGKILL);
    support_result_free(&result);
}

Test(command, deadline_reaches_one_that_has_left_the_group)
{
    struct support_process *process;
    /* With job control (-m) a shell gives each job a process group of its own. */
    const char *const argv[] = {"bash", "-m", "-c", "sleep 1000 & wait", NULL};
    cr_assert_eq(support_start(&process, 500, argv), 0);
    pid_t session = support_pid(process);
    struct support_result result;
    support_wait(&process, &result);
    cr_expect(result.expired);
    cr_expect_null(process);
    cr_expect_eq(support_session_members(session, NULL, 0), 0);
    support_result_free(&result);
}

Test(command, that_leaves_an_orphan_is_caught)
{
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE, SHELL("sleep 1000 & exit 0")), 0);
    pid_t session = support_pid(process);
    struct support_result result;
    support_wait(&process, &result);
    cr_expect_eq(result.exit_code, 0);
    cr_expect_eq(result.leftover, 1);
    cr_expect_eq(support_session_members(session, NULL, 0), 0, "the orphan is still there");
    support_result_free(&result);
}

Test(command, can_be_awaited_and_interrupted)
{
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE,
                               SHELL("trap 'echo bye; kill $!; wait; exit 130' INT;"
                                     "sleep 1000 & echo ready >&2; wait")),
                 0);
    cr_assert_eq(support_await(process, "ready"), 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    cr_expect_str_eq(result.out, "bye\n");
    cr_expect_eq(result.leftover, 0);
    support_result_free(&result);
}

Test(command, awaiting_what_never_comes_ends_with_it)
{
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE, SHELL("echo something")), 0);
    cr_expect_eq(support_await(process, "anything"), -EPIPE);
    struct support_result result;
    support_wait(&process, &result);
    cr_expect_str_eq(result.out, "something\n");
    support_result_free(&result);
}

Test(command, signal_to_the_group_reaches_its_children)
{
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE, SHELL("echo up; sleep 1000; :")), 0);
    cr_assert_eq(support_await(process, "up"), 0);
    cr_assert_eq(support_signal_group(process, SIGTERM), 0);
    struct support_result result;
    support_wait(&process, &result);
    cr_expect_eq(result.signal, SIGTERM);
    cr_expect_not(result.expired);
    support_result_free(&result);
}

Test(scratch, goes_with_all_that_is_in_it)
{
    char *scratch;
    cr_assert_eq(support_scratch_create(&scratch), 0);
    char *inner = support_scratch_path(scratch, "inner");
    char *file = support_scratch_path(inner, "file");
    cr_assert_eq(mkdir(inner, 0700), 0);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);

    char *path = strdup(scratch);
    support_scratch_remove(&scratch);
    cr_expect_null(scratch);
    cr_expect_eq(access(path, F_OK), -1);
    support_scratch_remove(&scratch);
    free(path);
    free(file);
    free(inner);
}

Test(scratch, two_are_two)
{
    char *one;
    char *two;
    cr_assert_eq(support_scratch_create(&one), 0);
    cr_assert_eq(support_scratch_create(&two), 0);
    cr_expect_str_neq(one, two);
    support_scratch_remove(&one);
    support_scratch_remove(&two);
}

Test(traces, shared_memory_is_seen_by_its_name)
{
    char name[64];
    snprintf(name, sizeof(name), "ringside-test-%d", getpid());
    char *before = support_shm_entries(name);
    cr_expect_str_eq(before, "");

    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
    char *during = support_shm_entries(name);
    char *all = support_shm_entries("");
    shm_unlink(name);

    char line[80];
    snprintf(line, sizeof(line), "%s\n", name);
    cr_expect_str_eq(during, line);
    cr_expect_not_null(strstr(all, line));
    char *after = support_shm_entries(name);
    cr_expect_str_eq(after, before);
    free(before);
    free(during);
    free(all);
    free(after);
}

Test(clip, is_what_was_asked_for)
{
    char *scratch;
    cr_assert_eq(support_scratch_create(&scratch), 0);
    char *path = support_scratch_path(scratch, "odd.mkv");
    const char *const arguments[] = {"-f",  "lavfi", "-i",   "testsrc=size=319x241:rate=5",
                                     "-t",  "1",     "-c:v", "mpeg4",
                                     "-an", NULL};
    cr_assert_eq(support_clip(path, arguments), 0);

    struct support_result result;
    const char *const probe[] = {"ffprobe",
                                 "-v",
                                 "error",
                                 "-count_frames",
                                 "-show_entries",
                                 "stream=width,height,nb_read_frames",
                                 "-of",
                                 "csv=p=0",
                                 path,
                                 NULL};
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, probe), 0);
    cr_expect_str_eq(result.out, "319,241,5\n");
    support_result_free(&result);
    free(path);
    support_scratch_remove(&scratch);
}

Test(clip, refused_by_ffmpeg_is_an_error)
{
    char *scratch;
    cr_assert_eq(support_scratch_create(&scratch), 0);
    char *path = support_scratch_path(scratch, "none.mp4");
    const char *const arguments[] = {"-i", "/nonexistent", NULL};
    cr_expect_eq(support_clip(path, arguments), -EINVAL);
    free(path);
    support_scratch_remove(&scratch);
}
