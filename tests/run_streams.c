/* A camera on the network goes away, falls silent, refuses, and comes back: each is told, and none
 * ends the run. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/server.h"

enum { INTERRUPTED = 130, NO_SERVER_HERE = 77 };

#define CAMERA "gate"
#define STALL "--stall-timeout", "2"

/* An RTSP server in a process of its own; `password` NULL: for everybody. */
struct scene {
    char port[8], url[128];
    struct support_process *server, *run;
};

static void start_server(struct scene *scene, const char *password)
{
    char script[4096];
    struct support_result result;
    snprintf(script, sizeof script, "%s/tests/support/rtsp.py", getenv("RINGSIDE_SOURCE"));
    const char *user = password ? "keeper" : NULL;
    cr_assert_eq(support_start(&scene->server, SUPPORT_DEADLINE,
                               SUPPORT_ARGUMENTS(script, scene->port, user, password)),
                 0);
    if (support_await(scene->server, "serving") == 0)
        return;
    support_wait(&scene->server, &result);
    if (result.exit_code == NO_SERVER_HERE)
        cr_skip_test("no GStreamer for an RTSP server here");
    cr_assert_fail("%s", result.err);
}

static void stop_server(struct scene *scene)
{
    struct support_result result;
    support_signal(scene->server, SIGCONT);
    cr_assert_eq(support_signal(scene->server, SIGKILL), 0);
    support_wait(&scene->server, &result);
    support_result_free(&result);
}

static void start_run(struct scene *scene)
{
    scene->run =
        support_ringside_start(SUPPORT_ARGUMENTS("run", STALL, "-w", "framemd5", scene->url));
}

static void open_scene(struct scene *scene, const char *credentials)
{
    uint16_t port;
    *scene = (struct scene){0};
    close(support_listen(&port)); /* free a moment ago */
    snprintf(scene->port, sizeof scene->port, "%u", port);
    snprintf(scene->url, sizeof scene->url, CAMERA "=rtsp://%s127.0.0.1:%u/camera", credentials,
             port);
}

static void await(struct scene *scene, const char *text)
{
    cr_assert_eq(support_await(scene->run, text), 0, "no %s", text);
}

#define ONLINE(connection) "\"state\":\"online\",\"connection\":" #connection "}"

/* Every number once, every time later than the one before. */
static void check_frames(const json_t *events)
{
    json_t *frames = support_events_pick(events, "frame", CAMERA, 0);
    double last = -1;
    size_t i;
    const json_t *frame;
    json_array_foreach(frames, i, frame)
    {
        cr_expect_eq(support_integer(frame, "seq"), (long long)i);
        cr_expect_gt(support_number(frame, "pts"), last, "frame %zu", i);
        last = support_number(frame, "pts");
    }
}

/* The states that were told, in order, with commas between. */
static void check_states(const json_t *events, const char *expected)
{
    char states[1024] = "";
    size_t i;
    const json_t *event;
    json_t *told = support_events_pick(events, "camera", CAMERA, -1);
    json_array_foreach(told, i, event)
    {
        strcat(states, i ? "," : "");
        strcat(states, support_text(event, "state"));
    }
    cr_expect_str_eq(states, expected);
}

/* Ends the run; gives its standard error. */
static char *close_scene(struct scene *scene, const char *states)
{
    struct support_result result;
    cr_assert_eq(support_signal(scene->run, SIGINT), 0);
    support_ringside_wait(&scene->run, &result);
    cr_expect_eq(result.exit_code, INTERRUPTED);
    json_t *events = support_events(result.out);
    check_frames(events);
    check_states(events, states);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "stopped");
    if (scene->server)
        stop_server(scene);
    return result.err;
}

Test(stream, is_followed_until_the_run_ends)
{
    struct scene scene;
    open_scene(&scene, "");
    start_server(&scene, NULL);
    start_run(&scene);
    await(&scene, ONLINE(1));
    await(&scene, "\"seq\":30,");
    cr_expect_str_eq(close_scene(&scene, "online,ended"), "");
}

Test(stream, whose_server_is_killed_comes_back_with_it)
{
    struct scene scene;
    open_scene(&scene, "");
    start_server(&scene, NULL);
    start_run(&scene);
    await(&scene, ONLINE(1));
    stop_server(&scene);
    await(&scene, "\"state\":\"offline\"");
    start_server(&scene, NULL);
    await(&scene, ONLINE(2));
    char *err = close_scene(&scene, "online,offline,online,ended");
    cr_expect_not_null(strstr(err, CAMERA ": offline: "), "%s", err);
}

Test(stream, whose_server_is_not_there_yet_is_waited_for)
{
    struct scene scene;
    open_scene(&scene, "");
    start_run(&scene);
    await(&scene, "\"state\":\"offline\",\"reason\":\"cannot be opened: Connection refused\"");
    start_server(&scene, NULL);
    await(&scene, ONLINE(1));
    close_scene(&scene, "offline,online,ended");
}

/* It keeps its connections, and the kernel accepts new ones for it. */
Test(stream, that_falls_silent_counts_as_lost)
{
    struct scene scene;
    open_scene(&scene, "");
    start_server(&scene, NULL);
    start_run(&scene);
    await(&scene, ONLINE(1));
    cr_assert_eq(support_signal(scene.server, SIGSTOP), 0);
    await(&scene, "\"state\":\"stalled\",\"reason\":\"nothing of use came for 2.0 s\"");
    cr_assert_eq(support_signal(scene.server, SIGCONT), 0);
    await(&scene, ONLINE(2));
    close_scene(&scene, "online,stalled,online,ended");
}

Test(stream, that_wants_another_password_is_tried_again)
{
    struct scene scene;
    open_scene(&scene, "keeper:s3cr3t@");
    start_server(&scene, "an0ther");
    start_run(&scene);
    await(&scene, "\"state\":\"offline\",\"reason\":\"cannot be opened: Server returned 401 "
                  "Unauthorized");
    stop_server(&scene);
    start_server(&scene, "s3cr3t");
    await(&scene, ONLINE(1));
    char *err = close_scene(&scene, "offline,online,ended");
    cr_expect_null(strstr(err, "s3cr3t"), "%s", err);
}

/* -- what it costs ----------------------------------------------------------------------------- */

/* How often a process has gone to sleep so far. */
static long count_sleeps(pid_t pid)
{
    char path[64], line[256];
    long sleeps = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %ld", &sleeps);
    fclose(file);
    return sleeps;
}

/* Somebody comes, and is sent away. */
static void refuse(int listener)
{
    const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(connection, 0);
    close(connection);
}

/* Hundredths of a second that all of its threads have computed for. */
static long count_ticks(pid_t pid)
{
    char path[64], line[1024];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    cr_assert(file && fgets(line, sizeof line, file));
    cr_assert_eq(sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
                        &user, &system),
                 2);
    fclose(file);
    return user + system;
}

/* Each attempt is a few sleeps, and so is what lies between two, seconds though it be. Counted is
 * what the process did, and not how long it took. */
Test(stream, that_is_refused_is_tried_seldom_and_slept_between)
{
    enum { ATTEMPTS = 3, SLEEPS_MAX = 20, TICKS_MAX = 5 };
    uint16_t port;
    struct scene scene = {0};
    const int listener = support_listen(&port);
    snprintf(scene.url, sizeof scene.url, CAMERA "=rtsp://127.0.0.1:%u/camera", port);
    start_run(&scene);
    refuse(listener);
    const pid_t decoder = support_ringside_process(scene.run, "ringside: decoder " CAMERA, 0);
    const long before = count_sleeps(decoder), ticks_before = count_ticks(decoder);
    for (int i = 0; i < ATTEMPTS - 1; i++)
        refuse(listener);
    const long sleeps = count_sleeps(decoder) - before;
    const long ticks = count_ticks(decoder) - ticks_before;
    cr_expect(sleeps < (ATTEMPTS - 1) * SLEEPS_MAX, "%ld", sleeps);
    cr_expect(ticks < (ATTEMPTS - 1) * TICKS_MAX, "%ld", ticks);
    close_scene(&scene, "offline,ended");
    close(listener);
}

/* -- streams of others ------------------------------------------------------------------------- */

#define SOUND "-f", "lavfi", "-i", "sine=duration=1"
#define PICTURE "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1"
#define MOVIE "-c:v", "libx264", "-g", "5", "-pix_fmt", "yuv420p", "-c:a", "aac"

/* Sends the clip to the port without end, in real time. */
static struct support_process *send_clip(const struct scene *scene, const char *clip)
{
    struct support_process *sender;
    cr_assert_eq(
        support_start(&sender, SUPPORT_DEADLINE,
                      SUPPORT_ARGUMENTS("ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop",
                                        "-1", "-i", clip, "-map", "0", "-c", "copy", "-f", "mpegts",
                                        strchr(scene->url, '=') + 1)),
        0);
    return sender;
}

static void stop_sender(struct support_process *sender)
{
    struct support_result result;
    support_signal(sender, SIGKILL);
    support_wait(&sender, &result);
    support_result_free(&result);
}

/* libavformat goes on taking the sound for the picture: that comes to nothing until it looks
 * anew. */
Test(stream, whose_sound_and_picture_change_places_goes_on)
{
    struct scene scene;
    char *first = support_ringside_clip(
        "first.ts", SUPPORT_ARGUMENTS(PICTURE, SOUND, "-map", "0", "-map", "1", MOVIE));
    char *other = support_ringside_clip(
        "other.ts", SUPPORT_ARGUMENTS(PICTURE, SOUND, "-map", "1", "-map", "0", MOVIE));
    open_scene(&scene, "");
    snprintf(scene.url, sizeof scene.url, CAMERA "=udp://127.0.0.1:%s", scene.port);
    start_run(&scene);
    struct support_process *sender = send_clip(&scene, first);
    await(&scene, ONLINE(1));
    stop_sender(sender);
    sender = send_clip(&scene, other);
    await(&scene, "\"state\":\"stalled\",\"reason\":\"nothing of use came for 2.0 s\"");
    await(&scene, ONLINE(2));
    close_scene(&scene, "online,stalled,online,ended");
    stop_sender(sender);
}

/* Its server is whoever sends: it is connected to when it listens. */
static void check_sent(const char *format, const char *url, const char *option, const char *value)
{
    struct scene scene;
    struct support_process *sender;
    char *clip = support_ringside_clip(
        "first.ts", SUPPORT_ARGUMENTS(PICTURE, SOUND, "-map", "0", "-map", "1", MOVIE));
    open_scene(&scene, "");
    snprintf(scene.url, sizeof scene.url, CAMERA "=%s:%s%s", url, scene.port,
             strncmp(url, "rtmp", 4) == 0 ? "/live/camera" : "");
    cr_assert_eq(
        support_start(&sender, SUPPORT_DEADLINE,
                      SUPPORT_ARGUMENTS("ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop",
                                        "-1", "-i", clip, "-c:v", "copy", "-an", "-f", format,
                                        option, value, strchr(scene.url, '=') + 1)),
        0);
    start_run(&scene);
    await(&scene, ONLINE(1));
    await(&scene, "\"seq\":30,");
    struct support_result result;
    cr_assert_eq(support_signal(scene.run, SIGINT), 0);
    support_ringside_wait(&scene.run, &result);
    cr_expect_eq(result.exit_code, INTERRUPTED);
    check_frames(support_events(result.out));
    stop_sender(sender);
}

Test(stream, comes_by_rtmp)
{
    check_sent("flv", "rtmp://127.0.0.1", "-listen", "1");
}

Test(stream, comes_by_srt)
{
    check_sent("mpegts", "srt://127.0.0.1", "-mode", "listener");
}

Test(stream, comes_by_rtsp_and_udp)
{
    struct scene scene;
    open_scene(&scene, "");
    strcat(scene.url, "?udp");
    start_server(&scene, NULL);
    start_run(&scene);
    await(&scene, ONLINE(1));
    await(&scene, "\"seq\":30,");
    close_scene(&scene, "online,ended");
}

static void check_refused(const char *input, const char *reason)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null", input));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, reason), "%s", result.err);
    cr_expect_eq(strchr(result.err, '\n'), result.err + result.err_size - 1, "%s", result.err);
}

Test(device, that_is_none_is_told_in_a_line)
{
    check_refused("v4l2:/dev/video99", "/dev/video99: cannot be opened: No such file or directory");
    check_refused("/dev/video99", "/dev/video99: cannot be opened: No such file or directory");
    check_refused("v4l2:/dev/null", "/dev/null: cannot be opened: it is no camera");
}
