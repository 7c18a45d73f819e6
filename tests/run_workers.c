/* Workers as a run keeps them: titles, plug-ins and programs, and all that can go wrong with one
 * without the others noticing. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/traces.h"

#define CAMERA "gate"
#define FRAMES 25
#define FOR_EVER "--loop", "0"

static char *clip(void)
{
    char *path = support_ringside_clip(
        "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1",
                                      "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    char *input;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", path), 0);
    free(path);
    return input;
}

/* The plug-in tests/support/faulty.c, with these options. */
static char *faulty(const char *options)
{
    char *text;
    cr_assert_geq(asprintf(&text, "%s:%s", getenv("RINGSIDE_FAULTY"), options), 0);
    return text;
}

static void without_leak_check(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    char text[1024];
    snprintf(text, sizeof text, "%s:detect_leaks=0", options ? options : "");
    setenv("ASAN_OPTIONS", text, 1);
}

static size_t lives(const json_t *events, const char *state)
{
    const json_t *all = support_events_pick(events, "worker", NULL, -1);
    size_t count = 0;
    size_t i;
    const json_t *event;
    json_array_foreach(all, i, event) count += strcmp(support_text(event, "state"), state) == 0;
    return count;
}

static const json_t *first_of(const json_t *events, const char *state)
{
    const json_t *all = support_events_pick(events, "worker", NULL, -1);
    size_t i;
    const json_t *event;
    json_array_foreach(all, i, event)
    {
        if (strcmp(support_text(event, "state"), state) == 0)
            return event;
    }
    cr_assert_fail("no worker %s", state);
    return NULL;
}

/* -- titles ------------------------------------------------------------------------------------ */

/* How many processes of the run are called that. */
static size_t processes_called(pid_t session, const char *title)
{
    pid_t members[64];
    size_t count = support_session_members(session, members, 64);
    size_t found = 0;
    for (size_t i = 0; i < count && i < 64; i++) {
        char path[64];
        char line[256] = "";
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)members[i]);
        FILE *file = fopen(path, "r");
        if (file && fread(line, 1, sizeof line - 1, file) > 0)
            found += strcmp(line, title) == 0;
        if (file)
            fclose(file);
    }
    return found;
}

Test(title, tells_decoders_and_workers_apart)
{
    without_leak_check();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "framemd5", "-w", "null", "-w", "null", clip()));
    support_ringside_await_full(process);
    const pid_t session = support_pid(process);
    cr_expect_eq(processes_called(session, "ringside: decoder " CAMERA), 1);
    cr_expect_eq(processes_called(session, "ringside: worker framemd5#0"), 1);
    cr_expect_eq(processes_called(session, "ringside: worker null#1"), 1);
    cr_expect_eq(processes_called(session, "ringside: worker null#2"), 1);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
}

/* The title is written over what the kernel shows of these. */
Test(title, leaves_environment_and_name_as_they_were)
{
    struct support_result result;
    char value[4096];
    memset(value, 'v', sizeof value);
    value[sizeof value - 1] = '\0';
    setenv("RINGSIDE_PROBE", value, 1);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", faulty("how=environment"), clip()));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    json_t *told = support_events_pick(support_events(result.out), "environment", CAMERA, 0);
    cr_assert_eq(json_array_size(told), FRAMES);
    cr_expect_str_eq(support_text(json_array_get(told, 0), "value"), value);
    cr_expect_str_eq(support_text(json_array_get(told, 0), "program"), "ringside");
}

/* -- memory ------------------------------------------------------------------------------------ */

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

/* Each of its pages counts by as many as share it: here the fewest there can be while a camera
 * runs. What a worker must not have are the libraries that only decoders need. */
Test(memory, of_an_idle_worker_is_less_than_1_mib)
{
    struct support_result result;
    double mib = -1;
    if (IS_SANITIZED)
        cr_skip_test("a sanitizer takes more");
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-v", "-w", "null", clip()));
    cr_assert_eq(result.exit_code, 0, "%s", result.err);
    const char *line = strstr(result.err, ") takes ");
    cr_assert_not_null(line, "%s", result.err);
    cr_assert_eq(sscanf(line, ") takes %lf MiB beside the frames (PSS)", &mib), 1);
    cr_expect_gt(mib, 0);
    cr_expect_lt(mib, 1);
}

/* -- supervision ------------------------------------------------------------------------------- */

/* Lines about frames, which only framemd5 prints here. */
static char *frame_lines(const char *out)
{
    char *lines = calloc(1, strlen(out) + 1);
    char *end = lines;
    cr_assert_not_null(lines);
    while (*out) {
        const size_t length = strcspn(out, "\n") + 1;
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)length, out);
        if (strstr(line, "\"type\":\"frame\""))
            end = stpcpy(end, line);
        out += length;
    }
    return lines;
}

static void check_others(const char *how)
{
    struct support_result alone;
    struct support_result beside;
    char *input = clip();
    support_ringside(&alone, SUPPORT_ARGUMENTS("run", "--loop", "40", "-w", "framemd5", input));
    cr_assert_eq(alone.exit_code, 0);
    support_ringside(&beside, SUPPORT_ARGUMENTS("run", "--loop", "40", "-w", "framemd5", "-w",
                                                faulty(how), input));
    cr_expect_eq(beside.exit_code, 1);
    cr_expect_str_eq(frame_lines(beside.out), frame_lines(alone.out));
    json_t *events = support_events(beside.out);
    cr_expect_geq(lives(events, "died") + lives(events, "gone"), 1);
    const json_t *summary = support_summary(events, CAMERA);
    cr_expect_eq(support_integer(summary, "published"), 40 * FRAMES);
    for (size_t i = 0; i < 2; i++) {
        const json_t *worker = support_summary_worker(summary, i);
        if (i == 0 || lives(events, "started") > 0)
            cr_expect_eq(support_integer(worker, "received") + support_integer(worker, "skipped"),
                         40 * FRAMES);
    }
}

Test(supervision, one_that_crashes_for_ever_changes_nothing_for_the_others)
{
    check_others("how=abort,at=3,restarts=1000");
}

Test(supervision, one_that_is_killed_for_ever_changes_nothing_for_the_others)
{
    check_others("how=kill,restarts=1000");
}

Test(supervision, one_that_exits_is_started_again_and_given_up)
{
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", FOR_EVER, "-w", "null", "-w", faulty("how=abort,restarts=2"), clip()));
    cr_assert_eq(support_await(process, "it is given up"), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 143);
    json_t *events = support_events(result.out);
    cr_expect_eq(lives(events, "died"), 2);
    cr_expect_eq(lives(events, "started"), 2);
    cr_expect_eq(lives(events, "gone"), 1);
    const json_t *death = first_of(events, "died");
    cr_expect_str_eq(support_text(death, "worker"), "faulty");
    cr_expect_eq(support_integer(death, "index"), 1);
    cr_expect_eq(support_integer(death, "signal"), SIGABRT);
    cr_expect_eq(support_integer(death, "restart_ms"), 100);
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(death, "log"), 0)),
                     "last words");
    cr_expect(json_is_null(json_object_get(first_of(events, "gone"), "restart_ms")));
    cr_expect_not_null(strstr(result.err, "worker faulty#1"));
    cr_expect_not_null(strstr(result.err, "was killed by signal 6"));
    cr_expect_not_null(strstr(result.err, "last words"));
}

Test(supervision, the_exit_status_is_told)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null", "-w",
                                                faulty("how=exit,restarts=0"), clip()));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_eq(support_integer(first_of(support_events(result.out), "gone"), "exit"), 7);
}

/* The lines that an event of a death has. */
static const json_t *last_lines(const char *out)
{
    return json_object_get(first_of(support_events(out), "gone"), "log");
}

static const char *line_of(const json_t *lines, size_t i)
{
    return json_string_value(json_array_get(lines, i));
}

Test(supervision, what_a_dead_one_printed_is_told_with_its_death)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null", "-w",
                                                faulty("how=print,restarts=0"), clip()));
    cr_expect_eq(result.exit_code, 1);
    const json_t *lines = last_lines(result.out);
    cr_assert_eq(json_array_size(lines), 2);
    cr_expect_str_eq(line_of(lines, 0), "first words, ?"); /* JSON is UTF-8 */
    cr_expect_str_eq(line_of(lines, 1), "last words");
    cr_expect_not_null(strstr(result.err, "ringside: worker faulty#1: first words, "));
    cr_expect_not_null(strstr(result.err, "ringside: worker faulty#1: last words\n"));
    cr_expect_not_null(strstr(result.err, "was killed by signal 6 (Aborted); it last said: last "
                                          "words\n"),
                       "%s", result.err);
}

Test(supervision, of_a_long_last_speech_the_end_is_kept)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", "-w",
                                                faulty("how=flood,restarts=0"), clip()));
    cr_expect_eq(result.exit_code, 1);
    const json_t *lines = last_lines(result.out);
    cr_assert_eq(json_array_size(lines), 16);
    for (size_t i = 0; i < 16; i++)
        cr_expect_leq(strlen(line_of(lines, i)), 255);
    cr_expect_null(strstr(line_of(lines, 0), "line"));
    cr_expect_eq(strncmp(line_of(lines, 14), "no end", 6), 0);
    cr_expect_not_null(strstr(result.err, "faulty#1: line 0 "));
    cr_expect_not_null(strstr(result.err, "faulty#1: line 9999 "));
    json_t *events = support_events(result.out);
    cr_expect_eq(json_array_size(support_events_pick(events, "frame", CAMERA, 0)), FRAMES);
}

static json_t *run_until_killed(const char *options, pid_t *stop)
{
    without_leak_check();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-v", FOR_EVER, "-w", "null", "-w", faulty(options), clip()));
    if (stop) { /* its memory is told when it has attached */
        cr_assert_eq(support_await(process, "worker faulty#1 (pid "), 0);
        pid_t members[64];
        size_t count = support_session_members(support_pid(process), members, 64);
        for (size_t i = 0; i < count; i++) {
            char path[64];
            char line[64] = "";
            snprintf(path, sizeof path, "/proc/%d/cmdline", (int)members[i]);
            FILE *file = fopen(path, "r");
            cr_assert_not_null(file);
            cr_assert_gt(fread(line, 1, sizeof line - 1, file), 0);
            fclose(file);
            if (strcmp(line, "ringside: worker faulty#1") == 0)
                kill(*stop = members[i], SIGSTOP);
        }
    }
    cr_assert_eq(support_await(process, "it is killed"), 0);
    cr_assert_eq(support_await(process, "was killed by signal"), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 143);
    json_t *events = support_events(result.out);
    cr_expect_geq(lives(events, "hung"), 1);
    return events;
}

Test(supervision, an_endless_loop_is_aborted)
{
    json_t *events = run_until_killed("how=loop,hang_timeout=0.5,restarts=0", NULL);
    cr_expect_eq(support_integer(first_of(events, "gone"), "signal"), SIGABRT);
}

/* A stopped process takes no SIGABRT. */
Test(supervision, a_stopped_one_is_killed)
{
    pid_t stopped = 0;
    json_t *events = run_until_killed("how=not,hang_timeout=0.5,restarts=0", &stopped);
    cr_expect_eq(support_integer(first_of(events, "gone"), "signal"), SIGKILL);
    cr_expect_eq(support_integer(first_of(events, "gone"), "pid"), stopped);
}

/* A sanitizer has no malloc that fails. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
Test(supervision, a_memory_hog_hits_its_limit)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", "-w",
                                                faulty("how=hog,memory=64"), clip()));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, "faulty gave up at frame 0: Cannot allocate memory"),
                       "%s", result.err);
    json_t *events = support_events(result.out);
    cr_expect_eq(json_array_size(support_events_pick(events, "frame", CAMERA, 0)), FRAMES);
    cr_expect_eq(lives(events, "died") + lives(events, "gone"), 0);
}
#endif

Test(supervision, a_hook_that_fails_costs_no_life)
{
    struct support_result result;
    support_ringside(
        &result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", "-w", faulty("how=fail,at=5"), clip()));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, "faulty gave up at frame 5: No data available"));
    json_t *events = support_events(result.out);
    cr_expect_eq(json_array_size(support_events_pick(events, "frame", CAMERA, 0)), FRAMES);
    cr_expect_eq(lives(events, "died"), 0);
}

Test(supervision, bad_limits_are_refused)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null:cpus=1-", clip()));
    cr_expect_eq(result.exit_code, 2);
    cr_expect_not_null(strstr(result.err, "cpus=1-: must be numbers of processors"));
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null:nice=20", clip()));
    cr_expect_eq(result.exit_code, 2);
    support_ringside(&result,
                     SUPPORT_ARGUMENTS("run", "-w", "null:nice=5,cpus=0,files=100", clip()));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
}

/* -- plug-ins ---------------------------------------------------------------------------------- */

static void check_refused(const char *worker, const char *cause)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", worker, clip()));
    cr_expect_eq(result.exit_code, 2);
    cr_expect_str_eq(result.out, "");
    cr_expect_not_null(strstr(result.err, cause), "%s", result.err);
}

Test(plugin, has_its_options_checked)
{
    check_refused(faulty("how=nonsense"), "how=nonsense: must be not, abort, kill");
    check_refused(faulty("nonsense=1"), "no option 'nonsense'; there are: policy");
}

Test(plugin, of_another_version_is_refused)
{
    check_refused(getenv("RINGSIDE_FAULTY_ABI"), "build it again");
}

Test(plugin, that_is_none_is_refused)
{
    check_refused("./nonsense.so", "nonsense.so: cannot open shared object file");
    check_refused("libm.so.6.so", "libm.so.6.so: cannot open");
    check_refused("/proc/self/exe", "/proc/self/exe");
}

Test(plugin, example_tells_how_bright_it_is)
{
    struct support_result result;
    char *worker;
    cr_assert_geq(asprintf(&worker, "%s:every=5", getenv("RINGSIDE_BRIGHTNESS")), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", worker, clip()));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    json_t *told = support_events_pick(support_events(result.out), "brightness", CAMERA, 0);
    cr_assert_eq(json_array_size(told), 5);
    const double mean = support_number(json_array_get(told, 0), "mean");
    cr_expect(mean > 50 && mean < 200, "%g", mean);
}

/* -- programs ---------------------------------------------------------------------------------- */

Test(program, example_sees_every_frame)
{
    struct support_result result;
    char *named;
    cr_assert_geq(asprintf(&named, "second=%s", getenv("RINGSIDE_WATCH")), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--exec", getenv("RINGSIDE_WATCH"), "--exec",
                                                named, "-w", "framemd5", clip()));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    cr_expect_str_eq(result.err, "");
    json_t *events = support_events(result.out);
    for (int i = 0; i < 2; i++) {
        json_t *seen = support_events_pick(events, "seen", CAMERA, i);
        cr_expect_eq(json_array_size(seen), FRAMES);
        cr_expect_str_eq(support_text(json_array_get(seen, 0), "worker"), i ? "second" : "watch");
    }
    support_summary_check(support_summary(events, CAMERA), FRAMES, 3);
}

Test(program, that_is_not_there_is_told)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--exec", "/nonexistent/program", clip()));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, "No such file or directory"));
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--exec", "a | b", clip()));
    cr_expect_eq(result.exit_code, 2);
}

/* What it has by environment, and nothing else of ours: it lists its descriptors. */
Test(program, gets_what_it_needs_by_environment)
{
    struct support_result result;
    support_ringside(&result,
                     SUPPORT_ARGUMENTS(
                         "run", "-w", "null", "--exec-options", "restarts=0,policy=lossy", "--exec",
                         "sh=sh -c 'echo \"$RINGSIDE_WORKER $RINGSIDE_INDEX $RINGSIDE_POLICY "
                         "$RINGSIDE_CONTROL $RINGSIDE_RINGS\"; ls /proc/$$/fd | tr \"\\\\n\" _'",
                         clip()));
    cr_expect_eq(result.exit_code, 1); /* it ended, which a worker is not to do */
    cr_expect_not_null(strstr(result.err, "sh 1 1 3 "), "%s", result.err);
    cr_expect_not_null(strstr(result.err, "-0-" CAMERA " " CAMERA "\n"), "%s", result.err);
    cr_expect_not_null(strstr(result.err, "sh#1: 0_1_2_3_"), "%s", result.err);
}

Test(program, that_crashes_is_started_again_and_given_up)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "null", "--exec-options", "restarts=1", "--exec",
                          "sh -c 'kill -9 $$'", clip()));
    cr_assert_eq(support_await(process, "it is given up"), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    json_t *events = support_events(result.out);
    cr_expect_eq(lives(events, "started"), 1);
    cr_expect_eq(support_integer(first_of(events, "gone"), "signal"), SIGKILL);
}

/* What became of a program; nothing else is of interest. An orphan of its own is the test's. */
static long long end_of_program(const char *command, const char *how)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", FOR_EVER, "-w", "null", "--exec-options", "restarts=0", "--exec", command, clip()));
    cr_assert_eq(support_await(process, "\"state\":\"gone\""), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    support_wait(&process, &result);
    cr_expect(!result.expired);
    return support_integer(first_of(support_events(result.out), "gone"), how);
}

/* As interpreters do, on their way out. It was killed for it, and that was told of it. */
Test(program, that_closes_its_socket_first_is_not_killed)
{
    cr_expect_eq(end_of_program("sh -c 'exec 3<&-; sleep 0.1; exit 7'", "exit"), 7);
}

/* Its end went unseen, for the socket was open. */
Test(program, that_leaves_a_child_with_its_socket_is_seen_to_be_dead)
{
    cr_expect_eq(end_of_program("sh -c 'sleep 1000 & kill -9 $$'", "signal"), SIGKILL);
}

Test(program, that_closes_its_socket_and_stays_is_killed)
{
    cr_expect_eq(end_of_program("sh -c 'exec 3<&-; exec sleep 1000'", "signal"), SIGKILL);
}

/* Each line it printed gave it more time. */
Test(program, that_closes_its_socket_and_prints_is_killed)
{
    cr_expect_eq(end_of_program("sh -c 'exec 3<&-; while :; do echo x; sleep 0.2; done'", "signal"),
                 SIGKILL);
}

/* A program that takes its first message, which is ACTIVATE, sends this for printf(1), and goes on
 * with that. framemd5 beside it sees every frame. */
static void run_beside(struct support_result *result, const char *answer, const char *then)
{
    char *command;
    cr_assert_geq(asprintf(&command,
                           "sh -c 'dd bs=65535 count=1 <&3 >/dev/null 2>&1; printf \"%s\" >&3; %s'",
                           answer, then),
                  0);
    support_ringside(result,
                     SUPPORT_ARGUMENTS("run", "-w", "framemd5", "--exec-options",
                                       "restarts=0,hang_timeout=0", "--exec", command, clip()));
    cr_expect_eq(result->exit_code, 1);
    json_t *events = support_events(result->out);
    cr_expect_eq(json_array_size(support_events_pick(events, "frame", CAMERA, 0)), FRAMES);
}

/* The ring's readers were looked up by it. */
Test(program, that_tells_a_place_that_is_none_is_left_out)
{
    struct support_result result;
    run_beside(&result,
               "\\001\\000\\120\\000\\000\\000\\000\\000\\100\\102\\017\\000\\000\\000\\000\\000",
               "exit 7");
    cr_expect_not_null(strstr(result.err, "worker sh#1 cannot attach: there is no place 1000000\n"),
                       "%s", result.err);
}

/* The camera waited for it for ever. */
Test(program, that_refuses_a_camera_is_left_out)
{
    struct support_result result;
    run_beside(
        &result,
        "\\001\\000\\102\\000\\000\\000\\000\\000\\241\\377\\377\\377\\003\\000\\000\\000no\\000",
        "dd bs=65535 count=1 <&3 >/dev/null 2>&1");
    cr_expect_not_null(strstr(result.err, "worker sh#1 cannot attach: no\n"), "%s", result.err);
}

/* It was remembered like a line of log. */
Test(program, whose_log_is_no_message_has_not_said_it)
{
    struct support_result result;
    run_beside(
        &result,
        "\\001\\000\\100\\000\\000\\000\\000\\000\\001\\000\\000\\000\\004\\000\\000\\000junk",
        "exit 7");
    cr_expect_eq(json_array_size(last_lines(result.out)), 0, "%s", result.out);
}

/* One that never looks at its descriptor is killed like any other that hangs. */
Test(program, that_does_not_listen_is_killed)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, "-w", "null", "--exec-options",
                          "restarts=0,hang_timeout=0.5", "--exec", "sleep 1000", clip()));
    cr_assert_eq(support_await(process, "it is killed"), 0);
    cr_assert_eq(support_await(process, "was killed by signal"), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(lives(support_events(result.out), "hung"), 1);
}

Test(program, that_does_not_stop_is_killed_when_its_time_is_over)
{
    without_leak_check();
    struct support_process *process =
        support_ringside_start(SUPPORT_ARGUMENTS("run", "-v", FOR_EVER, "--stop-timeout", "0.25",
                                                 "-w", "null", "--exec", "sleep 1000", clip()));
    cr_assert_eq(support_await(process, "takes"), 0); /* null's memory, when it has attached */
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 143);
    cr_expect_not_null(strstr(result.err, "did not end within 0.25 seconds"), "%s", result.err);
}

/* -- without a fork ---------------------------------------------------------------------------- */

static char *out_of(const char *const arguments[])
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_assert_eq(result.exit_code, 0, "%s", result.err);
    cr_assert_str_eq(result.err, "");
    return result.out;
}

/* What worker INDEX says of a camera, in its order. */
static char *words_of(const json_t *events, const char *type, const char *camera, int index)
{
    return json_dumps(support_events_pick(events, type, camera, index), JSON_COMPACT);
}

#define WORKERS "-w", "framemd5", "-w", "motion:start_frames=1", "-w", "null"

Test(inline_run, says_the_same_each_time_and_as_the_forked_one)
{
    char *input = clip();
    char *second;
    cr_assert_geq(asprintf(&second, "second=%s", strchr(input, '=') + 1), 0);
    char *first = out_of(SUPPORT_ARGUMENTS("run", "--inline", WORKERS, input, second));
    char *again = out_of(SUPPORT_ARGUMENTS("run", "--inline", WORKERS, input, second));
    char *forked = out_of(SUPPORT_ARGUMENTS("run", WORKERS, input, second));
    cr_expect_str_eq(frame_lines(first), frame_lines(again));
    json_t *inlined = support_events(first);
    json_t *expected = support_events(forked);
    static const char *const cameras[] = {CAMERA, "second"};
    for (size_t i = 0; i < 2; i++) {
        cr_expect_str_eq(words_of(inlined, "frame", cameras[i], 0),
                         words_of(expected, "frame", cameras[i], 0));
        cr_expect_str_eq(words_of(inlined, "motion", cameras[i], 1),
                         words_of(expected, "motion", cameras[i], 1));
        const json_t *summary = support_summary(inlined, cameras[i]);
        cr_expect_eq(support_integer(summary, "published"), FRAMES);
        for (size_t worker = 0; worker < 3; worker++)
            cr_expect_eq(support_integer(support_summary_worker(summary, worker), "received"),
                         FRAMES);
    }
}

/* More than the sockets between front and backs, or standard output, hold at once. */
Test(inline_run, stands_still_while_nobody_reads_and_stops_in_order)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--inline", FOR_EVER, "-w", "framemd5", "-w", "framemd5", clip()));
    support_ringside_await_full(process);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    const json_t *summary = support_summary(support_events(result.out), CAMERA);
    cr_expect_str_eq(support_text(summary, "outcome"), "stopped");
    cr_expect_eq(support_integer(support_summary_worker(summary, 1), "received"),
                 support_integer(summary, "published"));
}

Test(inline_run, has_no_process_for_programs)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--inline", "--exec", "true", clip()));
    cr_expect_eq(result.exit_code, 2);
    cr_expect_not_null(strstr(result.err, "--inline"));
}
