/* ringside serve: cameras, figures and events for a browser. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/events.h"
#include "tests/support/require.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"
#include "tests/support/server.h"
#include "tests/support/web.h"

/* A run of one camera in real time, and a server that shows no other. */
struct scene {
    struct support_process *run;
    struct support_web web;
    char camera[32], ring[64];
};

#define MOVING "test:size=160x120,rate=25,duration=10"

static void begin(struct scene *scene, const char *input, const char *const arguments[])
{
    char *named, pid[16];
    const char *argv[16] = {pid, "-i", "0.1"};
    snprintf(scene->camera, sizeof scene->camera, "gate-%d", (int)getpid());
    cr_assert_geq(asprintf(&named, "%s=%s", scene->camera, input), 0);
    scene->run = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-q", "--pace", "--loop", "0", "-w", "motion", named));
    snprintf(pid, sizeof pid, "%d", (int)support_pid(scene->run));
    snprintf(scene->ring, sizeof scene->ring, "%s-0-%s", pid, scene->camera);
    for (int i = 0; arguments[i]; i++)
        argv[i + 3] = arguments[i];
    support_web_start(&scene->web, argv);
    free(named);
}

static void finish(struct scene *scene)
{
    struct support_result result;
    support_web_stop(&scene->web);
    cr_assert_eq(support_signal(scene->run, SIGTERM), 0);
    support_ringside_wait(&scene->run, &result);
    cr_expect_eq(result.exit_code, 128 + SIGTERM, "%s", result.err);
    support_result_free(&result);
}

/* The camera, when its state is that. The server looks now and then, and has no event for it. */
static json_t *await_camera(const struct scene *scene, const char *state)
{
    for (;;) {
        json_t *camera = support_web_camera(&scene->web, scene->camera);
        if (camera && strcmp(support_text(camera, "state"), state) == 0)
            return camera;
        json_decref(camera);
        usleep(10000);
    }
}

static double metric(const struct scene *scene, const char *name)
{
    char begin[256];
    snprintf(begin, sizeof begin, "%s{camera=\"%s\",ring=\"%s\"", name, scene->camera, scene->ring);
    return support_web_metric(&scene->web, begin);
}

/* -- figures ------------------------------------------------------------------------------------
 */

Test(serve, figures_are_those_of_the_rings)
{
    struct scene scene;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    json_t *camera = await_camera(&scene, "online");
    while (support_number(camera, "fps") == 0) { /* the first look knows no rates */
        json_decref(camera);
        usleep(10000);
        camera = await_camera(&scene, "online");
    }
    cr_expect_str_eq(support_text(camera, "ring"), scene.ring);
    cr_expect_gt(support_integer(camera, "published"), 0);
    cr_expect_eq(json_array_size(json_object_get(camera, "workers")), 1, "it reads nothing itself");
    const json_t *worker = json_array_get(json_object_get(camera, "workers"), 0);
    cr_expect_str_eq(support_text(json_object_get(worker, "process"), "title"), "worker motion#0");
    json_decref(camera);
    cr_expect_eq(metric(&scene, "ringside_camera_online"), 1);
    cr_expect_gt(metric(&scene, "ringside_camera_frames_published_total"), 0);
    cr_expect_gt(metric(&scene, "ringside_worker_frames_received_total"), 0);
    cr_expect_eq(metric(&scene, "ringside_serve_pictures_encoded_total"), 0);
    finish(&scene);
}

Test(serve, metrics_are_what_prometheus_asks_for)
{
    struct scene scene;
    struct support_result result;
    if (system("command -v promtool >/dev/null") != 0)
        cr_skip_test("no promtool");
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    json_decref(await_camera(&scene, "online"));
    struct support_reply reply = support_web_get(&scene.web, "/metrics", "");
    cr_expect_not_null(strstr(reply.head, "Content-Type: text/plain; version=0.0.4"));
    char *path = support_scratch_path(getenv("TMPDIR"), "metrics");
    FILE *file = fopen(path, "w");
    fputs(reply.body, file);
    fclose(file);
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE,
                             SUPPORT_ARGUMENTS("sh", "-c", "promtool check metrics <\"$0\"", path)),
                 0);
    cr_expect_eq(result.exit_code, 0);
    cr_expect_str_eq(result.err, "");
    cr_expect_str_eq(result.out, "");
    finish(&scene);
}

/* -- pictures -----------------------------------------------------------------------------------
 */

/* Reads on to the next JPEG in a stream of them, which is at least so many bytes long. */
static char *next_picture(int stream, size_t *size)
{
    char head[4096] = "";
    size_t used = 0;
    const char *length = NULL;
    while (!length || !strstr(length, "\r\n\r\n")) {
        cr_assert_lt(used, sizeof head - 1);
        cr_assert_eq(support_web_read(stream, head + used, 1), 1, "%s", head);
        head[++used] = '\0';
        length = strstr(head, "Content-Length: ");
    }
    *size = (size_t)atol(length + strlen("Content-Length: "));
    char *picture = malloc(*size);
    cr_assert_eq(support_web_read(stream, picture, *size), *size);
    return picture;
}

static int ask_for_pictures(const struct scene *scene)
{
    char *request;
    int fd = support_web_connect(&scene->web);
    int size = asprintf(&request, "GET /cameras/%s.mjpeg HTTP/1.0\r\nHost: localhost\r\n\r\n",
                        scene->camera);
    cr_assert_eq(write(fd, request, (size_t)size), size);
    free(request);
    return fd;
}

/* Of a clip that is all of one colour; and its size. */
Test(serve, pictures_are_the_cameras)
{
    struct scene scene;
    struct support_result result;
    size_t size;
    char *clip = support_ringside_clip(
        "red.mkv", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "color=0xc02040:size=64x48:rate=25:d=2",
                                     "-c:v", "ffv1", "-pix_fmt", "bgr0"));
    begin(&scene, clip, SUPPORT_ARGUMENTS(NULL));
    json_decref(await_camera(&scene, "online"));
    int stream = ask_for_pictures(&scene);
    free(next_picture(stream, &size));
    char *picture = next_picture(stream, &size);
    char *path = support_scratch_path(getenv("TMPDIR"), "picture.jpg");
    FILE *file = fopen(path, "w");
    cr_assert_eq(fwrite(picture, 1, size, file), size);
    fclose(file);
    support_run(&result, SUPPORT_DEADLINE,
                SUPPORT_ARGUMENTS("sh", "-c",
                                  "ffprobe -v error -show_entries stream=width,height -of csv=p=0 "
                                  "\"$0\"; ffmpeg -v error -i \"$0\" -vf scale=1:1 -f rawvideo "
                                  "-pix_fmt rgb24 - | od -An -tu1",
                                  path));
    int width, height, red, green, blue;
    cr_assert_eq(sscanf(result.out, "%d,%d %d %d %d", &width, &height, &red, &green, &blue), 5);
    cr_expect(width == 64 && height == 48);
    cr_expect(abs(red - 0xc0) < 8 && abs(green - 0x20) < 8 && abs(blue - 0x40) < 8, "%s",
              result.out);
    close(stream);
    json_t *camera = support_web_camera(&scene.web, scene.camera);
    cr_expect_eq(support_integer(camera, "width"), 64);
    cr_expect_eq(support_integer(camera, "height"), 48);
    finish(&scene);
}

Test(serve, fifty_viewers_cost_one_encoding)
{
    enum { VIEWERS = 50, PICTURES = 5 };
    struct scene scene;
    int streams[VIEWERS];
    size_t size;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS("--fps", "20"));
    json_decref(await_camera(&scene, "online"));
    for (int i = 0; i < VIEWERS; i++)
        streams[i] = ask_for_pictures(&scene);
    for (int picture = 0; picture < PICTURES; picture++)
        for (int i = 0; i < VIEWERS; i++)
            free(next_picture(streams[i], &size));
    cr_expect_eq(metric(&scene, "ringside_serve_viewers"), VIEWERS);
    const double encoded = metric(&scene, "ringside_serve_pictures_encoded_total");
    const double published = metric(&scene, "ringside_camera_frames_published_total");
    const double sent = support_web_metric(&scene.web, "ringside_serve_pictures_sent_total");
    cr_expect_geq(sent, VIEWERS * PICTURES);
    cr_expect(encoded >= PICTURES && encoded * VIEWERS / 2 < sent && encoded <= published + 25,
              "%g encoded, %g sent", encoded, sent);
    for (int i = 0; i < VIEWERS; i++)
        close(streams[i]);
    finish(&scene);
}

/* A viewer that takes nothing costs itself its pictures. */
Test(serve, viewer_that_stands_still_holds_up_nobody)
{
    struct scene scene;
    size_t size;
    begin(&scene, "test:size=640x480,rate=25,duration=10", SUPPORT_ARGUMENTS("--fps", "100"));
    json_decref(await_camera(&scene, "online"));
    int still = ask_for_pictures(&scene), moving = ask_for_pictures(&scene);
    for (int i = 0; i < 20; i++)
        free(next_picture(moving, &size));
    cr_expect_eq(metric(&scene, "ringside_serve_viewers"), 2);
    json_t *camera;
    const json_t *workers;
    do { /* until it has looked at itself */
        camera = await_camera(&scene, "online");
        workers = json_object_get(camera, "workers");
    } while (json_array_size(workers) < 2);
    cr_expect_eq(json_array_size(workers), 2, "one reader for both viewers");
    for (size_t i = 0; i < 2; i++)
        cr_expect_leq(support_integer(json_array_get(workers, i), "held"), 1);
    close(still);
    close(moving);
    finish(&scene);
}

Test(serve, killed_decoder_is_offline_and_comes_back)
{
    struct scene scene;
    char title[64];
    size_t size;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    json_decref(await_camera(&scene, "online"));
    int stream = ask_for_pictures(&scene);
    free(next_picture(stream, &size));
    snprintf(title, sizeof title, "ringside: decoder %s", scene.camera);
    pid_t decoder = support_ringside_process(scene.run, title, 0);
    cr_assert_eq(support_signal(scene.run, SIGSTOP), 0); /* or another would come too soon to see */
    cr_assert_eq(kill(decoder, SIGKILL), 0);
    json_decref(await_camera(&scene, "offline"));
    cr_expect_eq(metric(&scene, "ringside_camera_online"), 0);
    cr_assert_eq(support_signal(scene.run, SIGCONT), 0);
    json_decref(await_camera(&scene, "online"));
    cr_expect_eq(metric(&scene, "ringside_camera_decoder_restarts_total"), 1);
    for (int i = 0; i < 3; i++)
        free(next_picture(stream, &size));
    close(stream);
    finish(&scene);
}

/* -- events -------------------------------------------------------------------------------------
 */

/* The next event of that type in a stream of them. */
static json_t *next_event(int stream, const char *type)
{
    enum { EVENT_MAX = 65536 };
    char *line = malloc(EVENT_MAX);
    for (;;) {
        size_t used = 0;
        do {
            cr_assert_lt(used, EVENT_MAX - 1);
            cr_assert_eq(support_web_read(stream, line + used, 1), 1);
        } while (line[used++] != '\n');
        line[used] = '\0';
        json_t *event = strncmp(line, "data: ", 6) == 0 ? json_loads(line + 6, 0, NULL) : NULL;
        if (event && strcmp(support_text(event, "type"), type) == 0) {
            free(line);
            return event;
        }
        json_decref(event);
    }
}

static int ask_for_events(const struct scene *scene, const char *headers)
{
    char *request;
    int fd = support_web_connect(&scene->web);
    int size = asprintf(&request, "GET /events HTTP/1.0\r\nHost: localhost\r\n%s\r\n", headers);
    cr_assert_eq(write(fd, request, (size_t)size), size);
    free(request);
    return fd;
}

Test(serve, events_are_those_of_the_run)
{
    struct scene scene;
    char *header;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    int stream = ask_for_events(&scene, "");
    json_t *event = next_event(stream, "motion");
    cr_expect_str_eq(support_text(event, "camera"), scene.camera);
    cr_expect_str_eq(support_text(event, "ring"), scene.ring);
    cr_expect_gt(support_number(event, "at"), 1e9);
    cr_expect_eq(json_array_size(json_object_get(event, "boxes")), 1);
    /* Who comes again goes on behind what they had. */
    const double received = support_web_metric(&scene.web, "ringside_serve_events_total ");
    cr_assert_geq(asprintf(&header, "Last-Event-ID: %.0f\r\n", received), 0);
    int again = ask_for_events(&scene, header);
    json_t *later = next_event(again, "motion");
    cr_expect_gt(support_number(later, "at"), support_number(event, "at"));
    close(stream);
    close(again);
    finish(&scene);
}

static int connect_to_events(pid_t run)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int length =
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "ringside-%d.events", (int)run);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    support_require(
        connect(listener, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)length) == 0);
    return listener;
}

/* A listener that takes nothing loses events, is told how many, and holds up nobody. */
Test(serve, run_waits_for_no_listener)
{
    struct support_process *run;
    struct support_result result;
    char packet[65536], *input;
    cr_assert_geq(asprintf(&input, "gate-%d=test:size=64x48,rate=25,duration=250", (int)getpid()),
                  0);
    run = support_ringside_start(SUPPORT_ARGUMENTS("run", "-q", "-w", "framemd5", input));
    support_ringside_await_full(run); /* it is in the middle of it */
    int listener = connect_to_events(support_pid(run));
    support_ringside_wait(&run, &result);
    cr_expect_eq(result.exit_code, 0);
    size_t heard = 0;
    ssize_t size;
    while ((size = recv(listener, packet, sizeof packet - 1, 0)) > 0)
        heard++;
    cr_expect_eq(size, 0);
    json_t *events = support_events(result.out);
    cr_expect(heard > 10 && heard < json_array_size(events), "%zu of %zu", heard,
              json_array_size(events));
    close(listener);
}

static void listen_as_nobody(void *run)
{
    char packet[16];
    int listener = connect_to_events(*(pid_t *)run);
    support_require(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    int another = connect_to_events(*(pid_t *)run);
    support_require(recv(another, packet, sizeof packet, 0) == 0);
    support_require(recv(listener, packet, sizeof packet, 0) > 0);
}

Test(serve, another_user_hears_nothing)
{
    struct support_result result;
    char *input;
    if (getuid() != 0)
        cr_skip_test("only the superuser can be another");
    cr_assert_geq(asprintf(&input, "gate-%d=%s", (int)getpid(), MOVING), 0);
    struct support_process *run = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-q", "--pace", "--loop", "0", "-w", "motion", input));
    cr_assert_eq(support_await(run, "motion"), 0); /* it listens */
    pid_t pid = support_pid(run);
    cr_expect_eq(support_join(support_fork(listen_as_nobody, &pid)), 0);
    support_signal(run, SIGTERM);
    support_ringside_wait(&run, &result);
}

/* A snapshot's event has its path, and the arguments of a program that reads the ring too. */
Test(serve, nothing_tells_a_path)
{
    struct support_process *run, *reader;
    struct support_result result;
    struct scene scene;
    char *input, *worker, pid[16];
    snprintf(scene.camera, sizeof scene.camera, "gate-%d", (int)getpid());
    cr_assert_geq(asprintf(&input, "%s=%s", scene.camera, MOVING), 0);
    cr_assert_geq(asprintf(&worker, "snapshot:directory=%s,every_seconds=0.2", getenv("TMPDIR")),
                  0);
    run = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-q", "--pace", "--loop", "0", "-w", worker, input));
    snprintf(pid, sizeof pid, "%d", (int)support_pid(run));
    support_web_start(&scene.web, SUPPORT_ARGUMENTS(pid, "-i", "0.1"));
    json_decref(await_camera(&scene, "online"));
    reader = support_ringside_start(SUPPORT_ARGUMENTS("cat", "--fps", "0.01", scene.camera));
    cr_assert_eq(support_await(reader, "YUV4MPEG2"), 0);
    int stream = ask_for_events(&scene, "");
    json_t *event = next_event(stream, "snapshot");
    cr_expect_null(strchr(support_text(event, "path"), '/'));
    while (json_array_size(json_object_get(await_camera(&scene, "online"), "workers")) < 2)
        usleep(10000);
    static const char *const targets[] = {"/cameras.json", "/metrics", "/none"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct support_reply reply = support_web_get(&scene.web, targets[i], "");
        cr_expect_null(strstr(reply.body, "--fps"), "%s", reply.body);
        cr_expect_null(strstr(reply.body, support_ringside_path()), "%s", reply.body);
        cr_expect_null(strstr(reply.body, getenv("TMPDIR")), "%s", reply.body);
        free(reply.head);
    }
    close(stream);
    support_web_stop(&scene.web);
    support_signal(run, SIGTERM);
    support_ringside_wait(&run, &result);
    support_wait(&reader, &result);
}

/* -- replies ------------------------------------------------------------------------------------
 */

static void check_reply(const struct scene *scene, const char *target, const char *headers,
                        int status)
{
    struct support_reply reply = support_web_get(&scene->web, target, headers);
    cr_expect_eq(reply.status, status, "%s %s: %d", target, headers, reply.status);
    cr_expect_not_null(strstr(reply.head, "X-Content-Type-Options: nosniff\r\n"));
    free(reply.head);
}

Test(serve, only_what_is_there_is_served)
{
    struct scene scene;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    check_reply(&scene, "/", "", 200);
    check_reply(&scene, "/?x=y", "", 200);
    check_reply(&scene, "/index.html", "", 404);
    check_reply(&scene, "//etc/passwd", "", 404);
    check_reply(&scene, "/../../etc/passwd", "", 404);
    check_reply(&scene, "/cameras/no-such.mjpeg", "", 404);
    check_reply(&scene, "/cameras/.mjpeg", "", 404);
    check_reply(&scene, "/", "Host: 127.0.0.1:8080\r\n", 200);
    check_reply(&scene, "/", "Host: [::1]:8080\r\n", 200);
    check_reply(&scene, "/", "Host: example.com\r\n", 421);
    check_reply(&scene, "/", "Host: 127.0.0.1.example.com\r\n", 421);
    check_reply(&scene, "/", "Host: 10.0.0.1\r\n", 421);
    finish(&scene);
}

/* A server without cameras, for who knows what is in that file. */
static void begin_secret(struct scene *scene, const char *option, const char *line)
{
    char *path = support_scratch_path(getenv("TMPDIR"), "secret");
    FILE *file = fopen(path, "w");
    fprintf(file, "%s\n", line);
    fclose(file);
    support_web_start(&scene->web, SUPPORT_ARGUMENTS(option, path, "no-such-camera"));
    free(path);
}

#define TOKEN "0123456789abcdefghij"

/* A blocked signal reaches a signalfd even where it is ignored. */
Test(serve, what_nohup_ignores_was_taken_for_the_end)
{
    struct support_web web;
    char *path = support_scratch_path(getenv("TMPDIR"), "nohup");
    FILE *script = fopen(path, "w");
    fprintf(script, "#!/bin/sh\nexec nohup '%s' \"$@\"\n", getenv("RINGSIDE"));
    fclose(script);
    chmod(path, 0700);
    setenv("RINGSIDE", path, 1);
    free(path);
    support_web_start(&web, SUPPORT_ARGUMENTS("no-such-camera"));
    cr_assert_eq(support_signal(web.process, SIGHUP), 0);
    for (int i = 0; i < 3; i++) {
        struct support_reply reply = support_web_get(&web, "/metrics", "");
        cr_expect_eq(reply.status, 200);
        free(reply.head);
    }
    support_web_stop(&web);
}

Test(serve, token_is_asked_for)
{
    struct scene scene;
    begin_secret(&scene, "--token-file", TOKEN);
    static const char *const targets[] = {"/", "/cameras.json", "/metrics", "/events", "/pictures"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        check_reply(&scene, targets[i], "", 401);
    check_reply(&scene, "/none", "", 401);
    check_reply(&scene, "/", "Authorization: Bearer " TOKEN "\r\n", 200);
    check_reply(&scene, "/", "Host: example.com\r\nAuthorization: bearer " TOKEN "\r\n", 200);
    check_reply(&scene, "/", "Authorization: Bearer " TOKEN "k\r\n", 401);
    check_reply(&scene, "/", "Authorization: Bearer 0123456789abcdefghi\r\n", 401);
    check_reply(&scene, "/", "Authorization: Bearer\r\n", 401);
    check_reply(&scene, "/", "Authorization: " TOKEN "\r\n", 401);
    check_reply(&scene, "/", "Cookie: ringside=" TOKEN "\r\n", 200);
    check_reply(&scene, "/", "Cookie: ringside=\r\n", 401);
    check_reply(&scene, "/metrics?token=" TOKEN, "", 200);
    check_reply(&scene, "/?token=", "", 401);
    struct support_reply reply = support_web_get(&scene.web, "/?token=" TOKEN, "");
    cr_expect_eq(reply.status, 303);
    cr_expect_not_null(strstr(reply.head, "\r\nLocation: /\r\n"));
    cr_expect_not_null(
        strstr(reply.head, "\r\nSet-Cookie: ringside=" TOKEN "; Path=/; HttpOnly; SameSite=Lax"));
    support_web_stop(&scene.web);
}

Test(serve, password_is_asked_for)
{
    struct scene scene;
    begin_secret(&scene, "--password-file", "keeper:open sesame");
    struct support_reply reply = support_web_get(&scene.web, "/", "");
    cr_expect_eq(reply.status, 401);
    cr_expect_not_null(strstr(reply.head, "\r\nWWW-Authenticate: Basic realm="));
    check_reply(&scene, "/", "Authorization: Basic a2VlcGVyOm9wZW4gc2VzYW1l\r\n", 200);
    check_reply(&scene, "/", "Authorization: Basic a2VlcGVyOm9wZW4gc2VzYW1m\r\n", 401);
    check_reply(&scene, "/", "Authorization: Bearer a2VlcGVyOm9wZW4gc2VzYW1l\r\n", 401);
    support_web_stop(&scene.web);
}

/* -- hostile clients ----------------------------------------------------------------------------
 */

static const char *const strange[] = {
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /pictures?ring=a&ring=&ring=%00&ring&=x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: -99999999999999999999\r\n\r\n",
    "GET /cameras/%2e%2e%2f%2e%2e%2fetc%2fpasswd%00.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /pictures HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551615\r\n\r\nxyz",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789",
    "GET /metrics HTTP/0.9\r\n\r\n",
    "GET  /  HTTP/9.9\n\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1\r\nAuthorization: Basic ====\r\nCookie: ringside\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n:\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* TLS */
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

/* One of these, with a few bytes changed, a part of it sent many times, or cut off. */
static void send_strange(const struct scene *scene, unsigned *seed)
{
    enum { MOST = 100000 };
    char *request = malloc(MOST);
    const char *plain = strange[(unsigned)rand_r(seed) % (sizeof strange / sizeof *strange)];
    size_t size = strlen(plain), from = (unsigned)rand_r(seed) % size;
    memcpy(request, plain, size);
    for (int i = rand_r(seed) % 4; i > 0; i--)
        request[(unsigned)rand_r(seed) % size] = (char)rand_r(seed);
    const size_t part = 1 + (unsigned)rand_r(seed) % (size - from);
    for (int i = rand_r(seed) % 3 ? 0 : rand_r(seed) % 2000; i > 0 && size + part < MOST; i--) {
        memmove(request + from + part, request + from, size - from);
        size += part;
    }
    size = rand_r(seed) % 3 ? size : (unsigned)rand_r(seed) % size;
    int fd = support_web_connect(&scene->web);
    send(fd, request, size, MSG_NOSIGNAL);
    if (rand_r(seed) % 2)
        recv(fd, request, (unsigned)rand_r(seed) % 1000, MSG_DONTWAIT);
    if (rand_r(seed) % 2) /* a reset in place of an orderly end */
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
    free(request);
}

/* The same each time: what it finds can be had again. */
Test(serve, strange_requests_do_no_harm)
{
    struct scene scene;
    unsigned seed = 1;
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    json_decref(await_camera(&scene, "online"));
    for (int i = 0; i < 1000; i++)
        send_strange(&scene, &seed);
    check_reply(&scene, "/", "", 200);
    finish(&scene);
}

/* Five hundred at once that say nothing, half a request, or take nothing of a stream: there is
 * still room for one that asks, and the ring has one reader more than its worker. */
Test(serve, crowd_of_the_slow_leaves_room)
{
    enum { CROWD = 500 };
    static const char *const halves[] = {"", "G", "GET / HTTP/1.1\r\nHost: loc",
                                         "GET /pictures HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                         "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    struct scene scene;
    int crowd[CROWD];
    begin(&scene, MOVING, SUPPORT_ARGUMENTS(NULL));
    json_decref(await_camera(&scene, "online"));
    for (int i = 0; i < CROWD; i++) {
        const char *half = halves[i % 5];
        crowd[i] = support_web_connect(&scene.web);
        send(crowd[i], half, strlen(half), MSG_NOSIGNAL);
    }
    for (int i = 0; i < 10; i++)
        check_reply(&scene, "/cameras.json", "", 200);
    json_t *camera;
    do
        camera = await_camera(&scene, "online");
    while (json_array_size(json_object_get(camera, "workers")) < 2);
    cr_expect_eq(json_array_size(json_object_get(camera, "workers")), 2);
    cr_expect_gt(support_web_metric(&scene.web, "ringside_serve_connections_dropped_total"), 40);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    do
        camera = await_camera(&scene, "online");
    while (json_array_size(json_object_get(camera, "workers")) > 1);
    cr_expect_eq(support_integer(json_array_get(json_object_get(camera, "workers"), 0), "skipped"),
                 0);
    finish(&scene);
}

#define SEE "; see 'ringside help serve'\n"

static void check_refused(const char *const arguments[], int status, const char *line)
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_expect_eq(result.exit_code, status);
    cr_expect_str_eq(result.out, "");
    cr_expect_str_eq(result.err, line);
    support_result_free(&result);
}

#define REFUSED(line, ...) check_refused(SUPPORT_ARGUMENTS("serve", __VA_ARGS__), 2, line SEE)

Test(serve, bad_arguments_are_told_in_a_line)
{
    REFUSED("ringside serve: no option '-x'", "-x");
    REFUSED("ringside serve: --listen needs a value", "--listen");
    REFUSED("ringside serve: --listen ::1:80: must be ADDRESS:PORT, such as 127.0.0.1:8080 or "
            "[::1]:8080",
            "--listen", "::1:80");
    REFUSED("ringside serve: --listen 127.0.0.1:99999: must be ADDRESS:PORT, such as "
            "127.0.0.1:8080 or [::1]:8080",
            "--listen", "127.0.0.1:99999");
    REFUSED("ringside serve: --listen: others could look at this address; give --token-file or "
            "--password-file",
            "--listen", "0.0.0.0:0");
    REFUSED("ringside serve: --interval 0: must be a number from 0.1 to 3600", "-i", "0");
    REFUSED("ringside serve: --fps 0: must be a number from 0.1 to 1000", "--fps", "0");
    REFUSED("ringside serve: --quality 101: must be a number from 1 to 100", "-q", "101");
    uint16_t port;
    char taken[16];
    int listener = support_listen(&port);
    snprintf(taken, sizeof taken, "%u", port);
    check_refused(SUPPORT_ARGUMENTS("serve", "-l", taken), 1,
                  "ringside serve: --listen: Address already in use\n");
    close(listener);
    REFUSED("ringside serve: --token-file /none: No such file or directory", "--token-file",
            "/none");
    REFUSED("ringside serve: --password-file /proc/self/comm: must be NAME:PASSWORD",
            "--password-file", "/proc/self/comm");
    REFUSED("ringside serve: --token-file /proc/self/comm: must have at least 16 letters, digits, "
            "hyphens or underscores",
            "--token-file", "/proc/self/comm", "--token-file", "/proc/self/comm");
    REFUSED("ringside serve: --token-file /dev/null: its first line is empty", "--token-file",
            "/dev/null");
}
