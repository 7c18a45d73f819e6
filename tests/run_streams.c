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
    await(&scene, "\"state\":\"stalled\",\"reason\":\"nothing came for 2.0 s\"");
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
