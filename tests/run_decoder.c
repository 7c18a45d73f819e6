/* Decoders that die: another takes the ring over, the sequence continues, and workers stay. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/server.h"

#define CAMERA "gate"
#define TITLE "ringside: decoder " CAMERA
#define CLIP_FRAMES 25

static char *clip(void)
{
    return support_ringside_clip(
        "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1",
                                      "-c:v", "libx264", "-pix_fmt", "yuv420p"));
}

static char *named_clip(void)
{
    char *input;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip()), 0);
    return input;
}

/* Kills the decoder that is not `other`, when it is there. */
static pid_t kill_decoder(const struct support_process *process, pid_t other)
{
    const pid_t pid = support_ringside_process(process, TITLE, other);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    return pid;
}

static json_t *lives(const json_t *events, const char *state)
{
    json_t *all = support_events_pick(events, "decoder", CAMERA, -1);
    json_t *found = json_array();
    size_t i;
    json_t *event;
    json_array_foreach(all, i, event)
    {
        if (strcmp(support_text(event, "state"), state) == 0)
            json_array_append(found, event);
    }
    return found;
}

static long long figure(const json_t *events, size_t worker, const char *key)
{
    return support_integer(support_summary_worker(support_summary(events, CAMERA), worker), key);
}

/* -- what can be read again -------------------------------------------------------------------- */

/* It stands still while nobody reads what it has to say: so it dies in the middle. */
Test(decoder, killed_at_a_file_is_followed_by_one_that_goes_on_exactly_there)
{
    struct support_result alone;
    struct support_result result;
    char *input = named_clip();
    support_ringside(&alone, SUPPORT_ARGUMENTS("run", "--loop", "160", "-w", "framemd5", "-w",
                                               "framemd5", input));
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--loop", "160", "-w", "framemd5", "-w", "framemd5", input));
    support_ringside_await_full(process);
    const pid_t dead = kill_decoder(process, 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, CAMERA ": its decoder was killed by signal 9 (Killed), "
                                                 "and is started again in 0.1 s\n"),
                       "%s", result.err);
    json_t *events = support_events(result.out);
    json_t *expected = support_events(alone.out);
    for (int worker = 0; worker < 2; worker++)
        cr_expect(json_equal(support_events_pick(events, "frame", CAMERA, worker),
                             support_events_pick(expected, "frame", CAMERA, worker)));
    const json_t *summary = support_summary(events, CAMERA);
    cr_expect_str_eq(support_text(summary, "outcome"), "complete");
    cr_expect_eq(support_integer(summary, "published"), 160 * CLIP_FRAMES);
    cr_expect_eq(support_integer(summary, "decoded"), 160 * CLIP_FRAMES);
    cr_expect_eq(json_array_size(lives(events, "died")), 1);
    const json_t *death = json_array_get(lives(events, "died"), 0);
    cr_expect_eq(support_integer(death, "pid"), dead);
    cr_expect_eq(support_integer(death, "signal"), SIGKILL);
    cr_expect_eq(support_integer(death, "restart_ms"), 100);
    cr_expect_neq(support_integer(json_array_get(lives(events, "started"), 0), "pid"), dead);
}

/* In the middle of the work, where a worker that is stopped holds it. */
Test(decoder, killed_again_and_again_loses_nothing)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--loop", "4", "-w", "null:hang_timeout=0,sleep_ms=50", "-w",
                          "framemd5", named_clip()));
    cr_assert_eq(support_await(process, "\"seq\":3,"), 0);
    const pid_t worker = support_ringside_process(process, "ringside: worker null#0", 0);
    cr_assert_eq(kill(worker, SIGSTOP), 0);
    pid_t dead = 0;
    for (int i = 0; i < 4; i++)
        dead = kill_decoder(process, dead);
    cr_assert_eq(kill(worker, SIGCONT), 0);
    support_ringside_wait(&process, &result);
    json_t *events = support_events(result.out);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "complete");
    cr_expect_eq(figure(events, 0, "received"), 4 * CLIP_FRAMES);
    cr_expect_eq(figure(events, 0, "skipped"), 0);
    cr_expect_eq(figure(events, 1, "received") + figure(events, 1, "skipped"), 4 * CLIP_FRAMES);
    cr_expect_eq(json_array_size(lives(events, "started")), 4);
}

Test(decoder, that_dies_too_often_is_given_up)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--restarts", "2", "--loop", "1000", "-w", "null:sleep_ms=5", named_clip()));
    pid_t dead = 0;
    for (int i = 0; i < 3; i++)
        dead = kill_decoder(process, dead);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, "which it did too often: it is given up"));
    json_t *events = support_events(result.out);
    const json_t *summary = support_summary(events, CAMERA);
    cr_expect_str_eq(support_text(summary, "outcome"), "failed");
    cr_expect_eq(figure(events, 0, "received"), support_integer(summary, "published"));
    cr_expect_eq(json_array_size(lives(events, "died")), 2);
    cr_expect_eq(json_array_size(lives(events, "gone")), 1);
}

static char *maps_of(pid_t pid)
{
    char path[64], *text = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    getdelim(&text, &size, '\0', file);
    fclose(file);
    return text;
}

/* Of door's ring, as it stands in a list of mappings: names there may be those of a file that had
 * none yet. */
static void describe_inode(char *text, size_t size, pid_t owner, const char *part)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "/dev/shm/ring.%d-1-door.%s", (int)owner, part);
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    snprintf(text, size, " %ju ", (uintmax_t)status.st_ino);
}

/* It is forked by a supervisor that has all rings: it once had them from there, to write into. */
Test(decoder, started_again_has_no_ring_of_another_camera)
{
    struct support_result result;
    char *other;
    cr_assert_geq(asprintf(&other, "door=%s", clip()), 0);
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--loop", "0", "-w", "framemd5", named_clip(), other));
    cr_assert_eq(support_await(process, "\"camera\":\"door\""), 0);
    cr_assert_eq(support_await(process, "\"camera\":\"" CAMERA "\""), 0);
    const pid_t dead = kill_decoder(process, 0);
    const char *const parts[] = {"control", "frames"};
    char *own = maps_of(support_pid(process));
    char *maps = maps_of(support_ringside_process(process, TITLE, dead));
    for (size_t i = 0; i < 2; i++) {
        char inode[32];
        describe_inode(inode, sizeof inode, support_pid(process), parts[i]);
        cr_expect_not_null(strstr(own, inode), "%s: %s", inode, own);
        cr_expect_null(strstr(maps, inode), "%s: %s", inode, maps);
    }
    cr_assert_eq(support_signal(process, SIGINT), 0);
    support_ringside_wait(&process, &result);
}

/* -- what can't -------------------------------------------------------------------------------- */

/* For ever, as a camera: frames are numbered on. */
Test(decoder, killed_at_a_live_input_is_followed_by_one_that_continues_the_sequence)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--loop", "0", "-w", "framemd5", named_clip()));
    support_ringside_await_full(process);
    kill_decoder(process, 0);
    cr_assert_eq(support_await(process, "\"state\":\"started\""), 0);
    support_ringside_await_full(process);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 143);
    json_t *events = support_events(result.out);
    const json_t *frames = support_events_pick(events, "frame", CAMERA, 0);
    cr_expect_eq((long long)json_array_size(frames),
                 support_integer(support_summary(events, CAMERA), "published"));
    size_t i;
    const json_t *event;
    json_array_foreach(frames, i, event) cr_assert_eq(support_integer(event, "seq"), (long long)i);
}

/* What the dead one has read of it nobody can read again. */
Test(decoder, killed_at_standard_input_is_the_end_of_it)
{
    struct support_result result;
    struct support_process *process;
    char *script;
    cr_assert_geq(asprintf(&script, "exec \"$@\" <%s", clip()), 0);
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE,
                               SUPPORT_ARGUMENTS("bash", "-c", script, "bash",
                                                 support_ringside_path(), "run", "--slots", "2",
                                                 "-w", "null:sleep_ms=200", CAMERA "=-")),
                 0);
    kill_decoder(process, 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    json_t *events = support_events(result.out);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "failed");
    cr_expect_eq(json_array_size(lives(events, "started")), 0);
    cr_expect_eq(json_array_size(lives(events, "gone")), 1);
}

Test(decoder, killed_while_it_opens_its_input_is_followed_by_one_that_tries)
{
    char url[64];
    struct support_result result;
    int server = support_listen_silently(CAMERA, url, sizeof url);
    struct support_process *process =
        support_ringside_start(SUPPORT_ARGUMENTS("run", "-w", "framemd5", url));
    int first = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    kill_decoder(process, 0);
    int second = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    cr_assert(first >= 0 && second >= 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    json_t *events = support_events(result.out);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "stopped");
    close(first);
    close(second);
    close(server);
}

/* -- hanging ----------------------------------------------------------------------------------- */

/* A stopped process takes no SIGABRT. It is stopped where it waits: it has said all it had to say.
 */
Test(decoder, that_is_stopped_is_killed_and_followed_by_one_that_goes_on_exactly_there)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--hang-timeout", "1", "--slots", "3", "-w", "null:sleep_ms=20", named_clip()));
    const pid_t stopped = support_ringside_process(process, TITLE, 0);
    cr_assert_eq(kill(stopped, SIGSTOP), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, CAMERA ": its decoder gave no sign of life for 1 s: it "
                                                 "is killed\n"),
                       "%s", result.err);
    json_t *events = support_events(result.out);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "complete");
    cr_expect_eq(figure(events, 0, "received"), CLIP_FRAMES);
    cr_assert_eq(json_array_size(lives(events, "hung")), 1);
    cr_assert_eq(json_array_size(lives(events, "died")), 1);
    cr_expect_eq(support_integer(json_array_get(lives(events, "hung"), 0), "pid"), stopped);
    const json_t *death = json_array_get(lives(events, "died"), 0);
    cr_expect_eq(support_integer(death, "pid"), stopped);
    cr_expect_eq(support_integer(death, "signal"), SIGKILL);
    cr_expect_eq(json_array_size(lives(events, "started")), 1);
}

static void check_none_hung(const char *out)
{
    cr_expect_eq(json_array_size(support_events_pick(support_events(out), "decoder", CAMERA, -1)),
                 0, "%s", out);
}

/* For room in the ring, which only the reader makes. */
Test(decoder, that_waits_for_a_slow_reader_does_not_hang)
{
    struct support_result result;
    support_ringside(&result,
                     SUPPORT_ARGUMENTS("run", "--hang-timeout", "0.5", "--slots", "3", "--max-fps",
                                       "3", "-w", "null:sleep_ms=700", named_clip()));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    check_none_hung(result.out);
}

/* In libavformat, which waits for itself, until that is over; and then before it tries again. */
Test(decoder, that_waits_for_a_silent_server_does_not_hang)
{
    char url[64];
    struct support_result result;
    int server = support_listen_silently(CAMERA, url, sizeof url);
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--hang-timeout", "0.5", "--stall-timeout", "1", "-w", "null", url));
    int first = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    int second = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    cr_assert(first >= 0 && second >= 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    check_none_hung(result.out);
    close(first);
    close(second);
    close(server);
}

/* -- told to end ------------------------------------------------------------------------------- */

/* It is told to end while no decoder is there. */
Test(decoder, that_waits_to_be_started_again_is_stopped)
{
    struct support_result result;
    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--restarts", "1000", "--loop", "0", "-w", "null:sleep_ms=5", named_clip()));
    pid_t dead = 0;
    for (int i = 0; i < 5; i++) /* the next one is 1.6 s away */
        dead = kill_decoder(process, dead);
    cr_assert_eq(support_await(process, "started again in 1.6 s"), 0);
    cr_assert_eq(support_signal(process, SIGTERM), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 143);
    json_t *events = support_events(result.out);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "stopped");
}
