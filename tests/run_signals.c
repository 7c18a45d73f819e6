/*
 * Ends that come from outside: signals to the program, to its processes, and a reader that goes
 * away. Whatever happens, what was delivered is told, and nothing is left.
 *
 * Where a run has to be caught in the middle of its work, it has more events to tell than pipes
 * hold, and nobody reads them: it stands still until the test reads on.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/server.h"
#include "tests/support/traces.h"

#define CAMERA "gate"
#define SECOND_CAMERA "yard"
#define CLIP_FRAMES 25
#define PLAYS 160 /* 4000 frames: two workers tell of them in about a megabyte */
#define FOR_EVER "--loop", "0"
#define LONG "--loop", "160"

enum { PROCESSES_MAX = 64 };

static char *named_clip(const char *camera)
{
    char *clip = support_ringside_clip(
        "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1",
                                      "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    char *input;
    cr_assert_geq(asprintf(&input, "%s=%s", camera, clip), 0);
    free(clip);
    return input;
}

static long long figure(const json_t *summary, size_t worker, const char *key)
{
    return support_integer(support_summary_worker(summary, worker), key);
}

/* The frames a worker told of: from the first on, without a gap. Returns how many. */
static long long check_frames(const json_t *events, const char *camera, int index)
{
    json_t *frames = support_events_pick(events, "frame", camera, index);
    size_t i;
    const json_t *event;
    json_array_foreach(frames, i, event) cr_assert_eq(support_integer(event, "seq"), (long long)i);
    return (long long)json_array_size(frames);
}

/* All workers, framemd5 all of them, got and told everything that was published. */
static const json_t *check_delivered(const json_t *events, const char *camera, size_t workers)
{
    const json_t *summary = support_summary(events, camera);
    const long long published = support_integer(summary, "published");
    for (size_t i = 0; i < workers; i++) {
        cr_expect_eq(figure(summary, i, "received"), published);
        cr_expect_eq(figure(summary, i, "skipped"), 0);
        cr_expect_eq(check_frames(events, camera, (int)i), published);
    }
    return summary;
}

static void check_stopped(struct support_result *result, int exit_code, size_t workers)
{
    cr_expect_eq(result->exit_code, exit_code, "%d", result->exit_code);
    cr_expect_str_eq(result->err, "");
    const json_t *summary = check_delivered(support_events(result->out), CAMERA, workers);
    cr_expect_str_eq(support_text(summary, "outcome"), "stopped");
}

/* A process that is killed while LeakSanitizer looks at it leaves that one's helper behind. */
static void run_without_leak_check(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    char text[1024];
    snprintf(text, sizeof text, "%s:detect_leaks=0", options ? options : "");
    setenv("ASAN_OPTIONS", text, 1);
}

/* -- signals to the program -------------------------------------------------------------------- */

static void check_signal(int signal, int (*send)(const struct support_process *, int))
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5", "-w", "framemd5", named_clip(CAMERA)));
    cr_assert_eq(support_await(process, "\"seq\":30,"), 0);
    cr_assert_eq(send(process, signal), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    check_stopped(&result, 128 + signal, 2);
}

Test(signal, interrupt_stops_in_order)
{
    check_signal(SIGINT, support_signal);
}

Test(signal, terminate_stops_in_order)
{
    check_signal(SIGTERM, support_signal);
}

Test(signal, hang_up_stops_in_order)
{
    check_signal(SIGHUP, support_signal);
}

/* As Ctrl-C does: the decoders and workers get it too, and leave it to the supervisor. */
Test(signal, interrupt_to_the_whole_group_stops_in_order)
{
    check_signal(SIGINT, support_signal_group);
}

Test(signal, terminate_to_the_whole_group_stops_in_order)
{
    check_signal(SIGTERM, support_signal_group);
}

/* What the slow worker has not seen yet when the signal comes, it still gets. */
Test(signal, interrupt_waits_for_a_slow_worker)
{
    struct support_process *process =
        support_ringside_start(SUPPORT_ARGUMENTS("run", FOR_EVER, "--slots", "3", "-w", "framemd5",
                                                 "-w", "null:sleep_ms=200", named_clip(CAMERA)));
    cr_assert_eq(support_await(process, "\"seq\":2,"), 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    check_stopped(&result, 130, 1);
    const json_t *summary = support_summary(support_events(result.out), CAMERA);
    cr_expect_eq(figure(summary, 1, "received"), support_integer(summary, "published"));
}

static void check_blocked(int signal, int (*send)(const struct support_process *, int))
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5", "-w", "framemd5", named_clip(CAMERA)));
    support_ringside_await_full(process);
    cr_assert_eq(send(process, signal), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    check_stopped(&result, 128 + signal, 2);
}

Test(signal, interrupt_while_nobody_reads)
{
    check_blocked(SIGINT, support_signal);
}

Test(signal, terminate_to_the_group_while_nobody_reads)
{
    check_blocked(SIGTERM, support_signal_group);
}

/* Its end, without reading a byte of its output or collecting it. */
static void await_end(pid_t pid)
{
    siginfo_t end;
    cr_assert_eq(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
}

/* Two different ones, since two of a kind may arrive as one. */
Test(signal, second_ends_at_once_even_if_nobody_reads)
{
    run_without_leak_check();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5", "-w", "framemd5", named_clip(CAMERA)));
    support_ringside_await_full(process);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    await_end(support_pid(process));
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect(result.exit_code == 130 || result.exit_code == 143, "%d", result.exit_code);
    cr_expect_str_eq(result.err, "");
}

Test(signal, second_ends_at_once_even_if_a_worker_is_asleep)
{
    run_without_leak_check();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "null:sleep_ms=3600000", named_clip(CAMERA)));
    char *memory = support_ringside_memory(support_pid(process));
    while (!*memory) { /* until it is running */
        free(memory);
        usleep(1000);
        memory = support_ringside_memory(support_pid(process));
    }
    free(memory);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect(result.exit_code == 130 || result.exit_code == 143, "%d", result.exit_code);
    cr_expect_str_eq(result.err, "");
}

Test(signal, interrupt_while_an_input_is_opened)
{
    char url[64];
    int server = support_listen_silently(CAMERA, url, sizeof url);
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--stall-timeout", "0", "-w", "framemd5", url));
    int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(connection, 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    check_stopped(&result, 130, 1);
    close(connection);
    close(server);
}

Test(signal, seconds_end_a_run_that_never_would)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--seconds", "0.3", FOR_EVER, "-w",
                                                "framemd5", "-w", "framemd5", named_clip(CAMERA)));
    check_stopped(&result, 0, 2);
}

Test(signal, seconds_longer_than_the_run_change_nothing)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--seconds", "1000000", "-w", "framemd5",
                                                named_clip(CAMERA)));
    cr_expect_eq(result.exit_code, 0);
    support_summary_check(support_summary(support_events(result.out), CAMERA), CLIP_FRAMES, 1);
}

/* -- death of the supervisor ------------------------------------------------------------------- */

/* All processes of a run but the supervisor. */
static size_t children_of(const struct support_process *process, pid_t children[PROCESSES_MAX])
{
    pid_t members[PROCESSES_MAX];
    size_t count = support_session_members(support_pid(process), members, PROCESSES_MAX);
    size_t others = 0;
    cr_assert_leq(count, PROCESSES_MAX);
    for (size_t i = 0; i < count; i++)
        if (members[i] != support_pid(process))
            children[others++] = members[i];
    return others;
}

static void remove_memory(pid_t owner)
{
    char *names = support_ringside_memory(owner);
    char *rest = names;
    cr_expect(*names, "there was no ring");
    for (char *name; (name = strsep(&rest, "\n")) && *name;) {
        char path[sizeof "/dev/shm/" + NAME_MAX];
        snprintf(path, sizeof path, "/dev/shm/%s", name);
        cr_expect_eq(unlink(path), 0, "%s", path);
    }
    free(names);
}

/* The test is the reaper of orphans: they are its children now. */
Test(death, of_the_supervisor_takes_all_with_it)
{
    run_without_leak_check();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5", "-w", "framemd5", "-w", "motion",
                          named_clip(CAMERA), named_clip(SECOND_CAMERA)));
    const pid_t supervisor = support_pid(process);
    support_ringside_await_full(process);
    pid_t children[PROCESSES_MAX];
    size_t count = children_of(process, children);
    cr_assert_eq(count, 5);
    cr_assert_eq(support_signal(process, SIGKILL), 0);
    await_end(supervisor);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(waitpid(children[i], NULL, 0), children[i]);
    }
    remove_memory(supervisor); /* a killed owner can't */
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.signal, SIGKILL);
}

/* -- death of a worker or a decoder ------------------------------------------------------------ */

/* Whether a line of the process's memory map names a ring of that camera, mapped like that. */
static bool maps(pid_t pid, const char *mode, const char *camera)
{
    char path[64];
    char line[1024];
    char ring[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    snprintf(ring, sizeof ring, "-%s.frames", camera);
    FILE *file = fopen(path, "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, ring) && strstr(line, mode);
    if (file)
        fclose(file);
    return found;
}

/* Only decoders map frames to write, only workers to read. */
#define DECODER " rw-s "
#define WORKER " r--s "

static pid_t find_process(const struct support_process *process, const char *mode,
                          const char *camera)
{
    pid_t children[PROCESSES_MAX];
    size_t count = children_of(process, children);
    for (size_t i = 0; i < count; i++)
        if (maps(children[i], mode, camera))
            return children[i];
    cr_assert_fail("no process maps the ring of %s%s", camera, mode);
    return -1;
}

static void check_one_line(const char *err, const char *cause)
{
    const char *end = strchr(err, '\n');
    cr_expect(end && end[1] == '\0', "not one line: '%s'", err);
    cr_expect_not_null(strstr(err, cause), "no '%s' in '%s'", cause, err);
}

/* The one whose pid it was is short of frames; the other, which is returned, has them all. */
static int check_other_worker(const struct support_result *result, pid_t killed, const char *camera)
{
    json_t *events = support_events(result->out);
    const json_t *summary = support_summary(events, camera);
    const size_t dead = figure(summary, 0, "pid") == killed ? 0 : 1;
    const int other = dead == 0 ? 1 : 0;
    cr_assert_eq(figure(summary, dead, "pid"), killed);
    cr_expect_eq(support_integer(summary, "published"), CLIP_FRAMES * PLAYS);
    cr_expect_eq(figure(summary, (size_t)other, "received"), CLIP_FRAMES * PLAYS);
    cr_expect_eq(check_frames(events, camera, other), CLIP_FRAMES * PLAYS);
    cr_expect_lt(check_frames(events, camera, (int)dead), CLIP_FRAMES * PLAYS);
    cr_expect_leq(check_frames(events, camera, (int)dead), figure(summary, dead, "received"));
    return other;
}

static void check_killed_worker(bool stopped_before)
{
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", LONG, "-w", "framemd5:restarts=0", "-w", "framemd5:restarts=0", named_clip(CAMERA)));
    support_ringside_await_full(process);
    const pid_t worker = find_process(process, WORKER, CAMERA);
    if (stopped_before)
        cr_assert_eq(kill(worker, SIGSTOP), 0);
    cr_assert_eq(kill(worker, SIGKILL), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    char cause[64];
    snprintf(cause, sizeof cause, "(pid %d) was killed by signal 9", (int)worker);
    check_one_line(result.err, cause);
    check_other_worker(&result, worker, CAMERA);
}

Test(death, of_a_worker_leaves_the_others_complete)
{
    check_killed_worker(false);
}

Test(death, of_a_stopped_worker_leaves_the_others_complete)
{
    check_killed_worker(true);
}

/* Runs two cameras, and catches them where the second is in the middle of its work: it has begun,
 * and can't be through. How far the first is nobody knows. */
static struct support_process *start_two_cameras(void)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", LONG, "--restarts", "0", "-w", "framemd5:restarts=0", "-w",
                          "framemd5:restarts=0", named_clip(CAMERA), named_clip(SECOND_CAMERA)));
    cr_assert_eq(support_await(process, "\"camera\":\"" SECOND_CAMERA "\""), 0);
    support_ringside_await_full(process);
    return process;
}

Test(death, of_a_worker_concerns_all_cameras)
{
    struct support_process *process = start_two_cameras();
    const pid_t worker = find_process(process, WORKER, SECOND_CAMERA);
    cr_assert_eq(kill(worker, SIGKILL), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    check_one_line(result.err, "was killed by signal 9");
    const int other = check_other_worker(&result, worker, SECOND_CAMERA);
    cr_expect_eq(check_frames(support_events(result.out), CAMERA, other), CLIP_FRAMES * PLAYS);
}

/* With nobody left to look at the frames there is nothing to go on for. */
Test(death, of_the_only_worker_ends_the_run)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5:restarts=0", named_clip(CAMERA)));
    support_ringside_await_full(process);
    cr_assert_eq(kill(find_process(process, WORKER, CAMERA), SIGKILL), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, "no worker is left"), "%s", result.err);
    const json_t *summary = support_summary(support_events(result.out), CAMERA);
    cr_expect_str_eq(support_text(summary, "outcome"), "stopped");
}

/* What it had published is delivered; the other camera does not notice. */
Test(death, of_a_decoder_fails_its_camera_only)
{
    struct support_process *process = start_two_cameras();
    cr_assert_eq(kill(find_process(process, DECODER, SECOND_CAMERA), SIGKILL), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    check_one_line(result.err, SECOND_CAMERA ": its decoder was killed by signal 9");
    json_t *events = support_events(result.out);
    const json_t *failed = check_delivered(events, SECOND_CAMERA, 2);
    cr_expect_str_eq(support_text(failed, "outcome"), "failed");
    cr_expect_lt(support_integer(failed, "published"), CLIP_FRAMES * PLAYS);
    const json_t *whole = check_delivered(events, CAMERA, 2);
    cr_expect_str_eq(support_text(whole, "outcome"), "complete");
    cr_expect_eq(support_integer(whole, "published"), CLIP_FRAMES * PLAYS);
}

/* -- standard output --------------------------------------------------------------------------- */

/* A camera's name is part of its ring's: by it the ring is known where the pid is not. */
static void check_output(const char *script, const char *cause)
{
    char camera[32];
    snprintf(camera, sizeof camera, "output-%d", (int)getpid());
    struct support_result result;
    cr_assert_eq(
        support_run(&result, SUPPORT_DEADLINE,
                    SUPPORT_ARGUMENTS("bash", "-c", script, "bash", support_ringside_path(), "run",
                                      LONG, "-w", "framemd5", named_clip(camera))),
        0);
    cr_expect(!result.expired);
    cr_expect_eq(result.leftover, 0);
    cr_expect_eq(result.exit_code, 1, "%d", result.exit_code);
    check_one_line(result.err, cause);
    char *left = support_shm_entries(camera);
    cr_expect_str_eq(left, "");
    free(left);
}

Test(output, whose_reader_goes_away_ends_the_run)
{
    check_output("\"$@\" | head -n 3 >/dev/null; exit ${PIPESTATUS[0]}",
                 "standard output: Broken pipe");
}

Test(output, on_a_full_disk_ends_the_run)
{
    check_output("exec \"$@\" >/dev/full", "standard output: No space left on device");
}

/* Another descriptor took its place, and the run hung. */
Test(output, that_was_closed_from_the_start_ends_the_run)
{
    check_output("exec \"$@\" >&-", "standard output: Bad file descriptor");
}
