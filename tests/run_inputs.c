/* Whatever an input is and wherever it comes from, its frames are those that FFmpeg shows. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/clip.h"
#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"
#include "tests/support/server.h"
#include "tests/support/traces.h"

#define CAMERA "camera"
#define LAVFI(graph) "-f", "lavfi", "-i", graph
#define PICTURE LAVFI("testsrc2=size=192x144:rate=25:duration=1")
#define H264 "-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p"

static char *named(const char *input)
{
    char *argument;
    cr_assert_geq(asprintf(&argument, CAMERA "=%s", input), 0);
    return argument;
}

static json_t *run(const char *input, const char *option, const char *value)
{
    struct support_result result;
    support_ringside(&result,
                     SUPPORT_ARGUMENTS("run", option, value, "-w", "framemd5", named(input)));
    cr_expect_str_eq(result.err, "", "%s", input);
    cr_expect_eq(result.exit_code, 0);
    return support_events(result.out);
}

/* With 1, 2 and 4 threads, and where there is no slot to decode into. */
static void check_all_ways(const char *input, const struct support_reference *reference)
{
    static const char *const ways[][2] = {
        {"--threads", "1"}, {"--threads", "2"}, {"--threads", "4"}, {"--slots", "2"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        json_t *events = run(input, ways[i][0], ways[i][1]);
        support_reference_check(reference, events, CAMERA, 0);
        support_summary_check(support_summary(events, CAMERA), reference->count, 1);
    }
}

/* -- files ------------------------------------------------------------------------------------- */

#define FILE_OF(name, path, ...)                                                                   \
    Test(file, name)                                                                               \
    {                                                                                              \
        char *clip = support_ringside_clip(path, SUPPORT_ARGUMENTS(PICTURE, __VA_ARGS__));         \
        struct support_reference reference = support_reference(clip);                              \
        check_all_ways(clip, &reference);                                                          \
    }

FILE_OF(mp4, "a.mp4", H264)
FILE_OF(mov, "a.mov", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")
FILE_OF(mkv, "a.mkv", "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p")
FILE_OF(webm, "a.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
FILE_OF(av1, "av1.mkv", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime")
FILE_OF(avi, "a.avi", "-c:v", "mpeg4")
FILE_OF(transport_stream, "a.ts", H264)
FILE_OF(flv, "a.flv", H264)
FILE_OF(raw_h264, "a.h264", H264, "-bf", "0")
FILE_OF(raw_hevc, "a.hevc", "-c:v", "libx265", "-x265-params", "log-level=none:bframes=0")
FILE_OF(y4m, "a.y4m", "-pix_fmt", "yuv420p")
FILE_OF(jpeg, "a.jpg", "-frames:v", "1", "-update", "1")
FILE_OF(bmp, "a.bmp", "-frames:v", "1", "-update", "1")
FILE_OF(tiff, "a.tiff", "-frames:v", "1", "-update", "1")
FILE_OF(webp, "a.webp", "-c:v", "libwebp", "-lossless", "1", "-frames:v", "1")
FILE_OF(ppm, "a.ppm", "-frames:v", "1", "-update", "1")

/* To libavformat these names would be a URL, a pattern, and an option of the program's. */
Test(file, whose_name_means_something_else_elsewhere)
{
    static const char *const names[] = {"http:a.mkv", "a%03d.mkv", "a*.mkv", "concat:a|b.mkv",
                                        "pipe:0"};
    char *clip =
        support_ringside_clip("a.mkv", SUPPORT_ARGUMENTS(PICTURE, "-c:v", "libx265", "-x265-params",
                                                         "log-level=none", "-pix_fmt", "yuv420p"));
    struct support_reference reference = support_reference(clip);
    cr_assert_eq(chdir(getenv("TMPDIR")), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_assert_eq(link(clip, names[i]), 0);
        json_t *events = run(names[i], "--threads", "1");
        support_reference_check(&reference, events, CAMERA, 0);
        unlink(names[i]);
    }
}

/* -- standard input, pipes --------------------------------------------------------------------- */

static void check_script(const char *script, const char *clip)
{
    struct support_result result;
    struct support_reference reference = support_reference(clip);
    cr_assert_eq(
        support_run(&result, SUPPORT_DEADLINE,
                    SUPPORT_ARGUMENTS("bash", "-c", script, support_ringside_path(), clip)),
        0);
    cr_expect_eq(result.leftover, 0);
    cr_expect_eq(result.exit_code, 0);
    cr_expect_str_eq(result.err, "");
    support_reference_check(&reference, support_events(result.out), CAMERA, 0);
}

Test(pipe, into_standard_input)
{
    static const char script[] = "cat \"$1\" | \"$0\" run -w framemd5 camera=-";
    check_script(script, support_ringside_clip("a.ts", SUPPORT_ARGUMENTS(PICTURE, H264)));
    check_script(script,
                 support_ringside_clip("a.y4m", SUPPORT_ARGUMENTS(PICTURE, "-pix_fmt", "yuv420p")));
}

/* Its index stands behind its frames: it has to be read where it is. */
Test(pipe, that_is_a_file)
{
    check_script("\"$0\" run -w framemd5 camera=- <\"$1\"",
                 support_ringside_clip("a.mp4", SUPPORT_ARGUMENTS(PICTURE, H264)));
}

Test(pipe, with_a_name_that_is_opened_before_there_is_a_writer)
{
    check_script("trap 'rm -f \"$1.fifo\"' EXIT; mkfifo \"$1.fifo\"\n"
                 "\"$0\" run -w framemd5 \"camera=$1.fifo\" & run=$!\n"
                 "cat \"$1\" >\"$1.fifo\"; wait $run",
                 support_ringside_clip("a.ts", SUPPORT_ARGUMENTS(PICTURE, H264)));
}

Test(pipe, into_which_nobody_writes_does_not_keep_a_run_from_ending)
{
    char *path = support_scratch_path(getenv("TMPDIR"), "silent");
    cr_assert_eq(mkfifo(path, 0600), 0);
    struct support_process *process =
        support_ringside_start(SUPPORT_ARGUMENTS("run", "-w", "framemd5", named(path)));
    /* With a decoder and a worker it takes signals. */
    while (support_session_members(support_pid(process), NULL, 0) < 3)
        sched_yield();
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    cr_expect_str_eq(result.err, "");
}

/* -- several files ----------------------------------------------------------------------------- */

static char *make_folder(const char *name)
{
    char *folder = support_scratch_path(getenv("TMPDIR"), name);
    cr_assert_eq(mkdir(folder, 0700), 0);
    return folder;
}

/* So many clips of several sizes and kinds, with names in whose order only a number tells. */
static struct support_reference fill_folder(const char *folder)
{
    static const char *const names[] = {"clip2.mp4", "clip10.ts", "clip11.avi"};
    static const char *const sizes[] = {"192x144", "320x240", "64x48"};
    struct support_reference all = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = support_scratch_path(folder, names[i]);
        char graph[64];
        snprintf(graph, sizeof graph, "testsrc2=size=%s:rate=25:duration=0.4", sizes[i]);
        cr_assert_eq(support_clip(path, SUPPORT_ARGUMENTS(LAVFI(graph), "-c:v", "mpeg4")), 0);
        struct support_reference one = support_reference(path);
        support_reference_append(&all, &one);
    }
    return all;
}

/* The frames of all, with times that go on over the seams. */
static void check_stream(const json_t *events, const struct support_reference *reference)
{
    json_t *frames = support_events_pick(events, "frame", CAMERA, 0);
    cr_assert_eq(json_array_size(frames), reference->count, "%zu of %zu", json_array_size(frames),
                 reference->count);
    double last = 0;
    for (size_t i = 0; i < reference->count; i++) {
        const json_t *frame = json_array_get(frames, i);
        cr_expect_str_eq(support_text(frame, "md5"), reference->frames[i].md5, "frame %zu", i);
        const double pts = support_number(frame, "pts");
        if (i > 0)
            cr_expect(pts > last + 0.0399 && pts < last + 0.0401, "frame %zu: %f after %f", i, pts,
                      last);
        last = pts;
    }
}

/* Its last packet tells no time: a frame's length after the one before. */
Test(file, program_stream)
{
    char *clip = support_ringside_clip("a.mpg", SUPPORT_ARGUMENTS(PICTURE, "-c:v", "mpeg2video"));
    struct support_reference reference = support_reference(clip);
    check_stream(run(clip, "--threads", "1"), &reference);
    check_stream(run(clip, "--threads", "4"), &reference);
}

Test(files, of_a_folder_are_one_stream)
{
    char *folder = make_folder("folder");
    struct support_reference reference = fill_folder(folder);
    check_stream(run(folder, "--threads", "1"), &reference);
    check_stream(run(folder, "--threads", "4"), &reference);
}

Test(files, of_a_pattern_are_one_stream)
{
    char *folder = make_folder("pattern");
    struct support_reference reference = fill_folder(folder);
    char *others = support_scratch_path(folder, "other.txt");
    fclose(fopen(others, "w"));
    check_stream(run(support_scratch_path(folder, "clip*"), "--threads", "1"), &reference);
}

Test(files, of_a_sequence_are_one_stream)
{
    char *folder = make_folder("sequence");
    static const char *const kinds[] = {"image%03d.png", "picture-%d.jpg"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *pattern = support_scratch_path(folder, kinds[i]);
        cr_assert_eq(support_clip(pattern, SUPPORT_ARGUMENTS(PICTURE)), 0);
        struct support_reference reference = support_reference(pattern);
        check_stream(run(pattern, "--threads", "1"), &reference);
    }
}

/* One that is of no use is told, and the others are shown. */
Test(files, are_shown_beside_one_that_is_none)
{
    char *folder = make_folder("mixed");
    struct support_reference reference = fill_folder(folder);
    FILE *file = fopen(support_scratch_path(folder, "clip3.txt"), "w");
    fputs("This is not a video, it is only a text, and long enough to be one.\n", file);
    fclose(file);
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", named(folder)));
    cr_expect_eq(result.exit_code, 3);
    cr_expect_not_null(strstr(result.err, "clip3.txt"), "%s", result.err);
    json_t *events = support_events(result.out);
    check_stream(events, &reference);
    cr_expect_str_eq(support_text(support_summary(events, CAMERA), "outcome"), "partial");
}

/* -- the network ------------------------------------------------------------------------------- */

static char *url_of(const char *protocol, uint16_t port, const char *rest)
{
    char *url;
    cr_assert_geq(asprintf(&url, "%s://127.0.0.1:%u%s", protocol, port, rest), 0);
    return url;
}

Test(network, http)
{
    struct support_server server;
    static const char *const names[] = {"first.mp4", "a.ts"};
    support_server_start(&server, getenv("TMPDIR"), NULL);
    free(support_ringside_clip("first.mp4",
                               SUPPORT_ARGUMENTS(PICTURE, H264, "-movflags", "+faststart")));
    free(support_ringside_clip("a.ts", SUPPORT_ARGUMENTS(PICTURE, H264)));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *clip = support_scratch_path(getenv("TMPDIR"), names[i]);
        struct support_reference reference = support_reference(clip);
        char rest[64];
        snprintf(rest, sizeof rest, "/%s", names[i]);
        check_all_ways(url_of("http", server.port, rest), &reference);
    }
    support_server_stop(&server);
}

Test(network, hls)
{
    struct support_server server;
    char *list = support_ringside_clip(
        "list.m3u8", SUPPORT_ARGUMENTS(PICTURE, H264, "-hls_time", "0.4", "-hls_playlist_type",
                                       "vod", "-hls_segment_filename",
                                       support_scratch_path(getenv("TMPDIR"), "part%d.ts")));
    struct support_reference reference = support_reference(list);
    support_server_start(&server, getenv("TMPDIR"), NULL);
    check_all_ways(url_of("http", server.port, "/list.m3u8"), &reference);
    support_server_stop(&server);
}

/* Even where it says so, a file is no way to others. */
Test(network, is_not_reached_from_a_file)
{
    uint16_t port;
    int listener = support_listen(&port);
    char *path = support_scratch_path(getenv("TMPDIR"), "way-out.m3u8");
    FILE *file = fopen(path, "w");
    fprintf(file,
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:%u/a.ts\n"
            "#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            port);
    fclose(file);
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", named(path)));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    cr_expect_lt(accept4(listener, NULL, NULL, SOCK_CLOEXEC), 0, "it was connected to");
}

/* Whether somebody has that UDP port. */
static bool is_bound(uint16_t port)
{
    char line[256], local[32];
    bool found = false;
    snprintf(local, sizeof local, ":%04X ", port);
    FILE *file = fopen("/proc/net/udp", "re");
    cr_assert_not_null(file);
    while (!found && fgets(line, sizeof line, file))
        found = strstr(line, local) != NULL;
    fclose(file);
    return found;
}

static uint16_t free_udp_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* A few packets at a time, as they fit into the receiver's memory at once. */
static void send_clip(const char *clip, uint16_t port)
{
    enum { DATAGRAM = 7 * 188 };
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    char data[DATAGRAM];
    size_t size;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    FILE *file = fopen(clip, "r");
    cr_assert(fd >= 0 && file);
    while ((size = fread(data, 1, sizeof data, file)) > 0)
        cr_assert_eq(sendto(fd, data, size, 0, (struct sockaddr *)&address, sizeof address),
                     (ssize_t)size);
    fclose(file);
    close(fd);
}

/* It never ends: after its last frame but those that the codec keeps, it is stopped. */
Test(network, transport_stream_by_udp)
{
    enum { KEPT = 5 };
    char *clip = support_ringside_clip(
        "small.ts", SUPPORT_ARGUMENTS(LAVFI("testsrc=size=64x48:rate=25:duration=3"), "-c:v",
                                      "mpeg2video", "-g", "10"));
    struct support_reference reference = support_reference(clip);
    const uint16_t port = free_udp_port();
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-w", "framemd5", named(url_of("udp", port, ""))));
    while (!is_bound(port))
        sched_yield();
    send_clip(clip, port);
    char last[32];
    snprintf(last, sizeof last, "\"seq\":%zu,", reference.count - KEPT);
    send_clip(clip, port); /* pushes the first one out of the parser */
    cr_assert_eq(support_await(process, last), 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    json_t *frames = support_events_pick(support_events(result.out), "frame", CAMERA, 0);
    for (size_t i = 0; i <= reference.count - KEPT; i++)
        cr_expect_str_eq(support_text(json_array_get(frames, i), "md5"), reference.frames[i].md5,
                         "frame %zu", i);
}

/* -- what changes in the middle ---------------------------------------------------------------- */

/* Frames of both clips, one behind the other in one file. */
static json_t *run_both(const char *first, const char *second)
{
    char *path, *script;
    struct support_result result;
    cr_assert_geq(asprintf(&path, "%s/both.ts", getenv("TMPDIR")), 0);
    cr_assert_geq(asprintf(&script, "cat %s %s >%s", first, second, path), 0);
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, SUPPORT_ARGUMENTS("sh", "-c", script)), 0);
    return run(path, "--threads", "1");
}

static char *first_clip(void)
{
    return support_ringside_clip("a.ts", SUPPORT_ARGUMENTS(PICTURE, H264));
}

Test(change, of_a_codecs_parameters_is_followed)
{
    char *other = support_ringside_clip(
        "baseline.ts", SUPPORT_ARGUMENTS(PICTURE, "-vf", "negate", "-c:v", "libx264", "-profile:v",
                                         "baseline", "-refs", "5", "-pix_fmt", "yuv420p"));
    struct support_reference reference = support_reference(first_clip());
    struct support_reference next = support_reference(other);
    json_t *frames = support_events_pick(run_both(first_clip(), other), "frame", CAMERA, 0);
    cr_assert_eq(json_array_size(frames), reference.count + next.count);
    for (size_t i = 0; i < json_array_size(frames); i++) {
        const struct support_reference *of = i < reference.count ? &reference : &next;
        cr_expect_str_eq(support_text(json_array_get(frames, i), "md5"),
                         of->frames[i < reference.count ? i : i - reference.count].md5);
    }
}

/* Of the stream that is there no more, libavformat keeps the last packets to itself. */
Test(change, of_stream_and_codec_is_followed)
{
    enum { KEPT_MAX = 3 };
    char *other = support_ringside_clip("pid.ts", SUPPORT_ARGUMENTS(PICTURE, "-vf", "negate",
                                                                    "-c:v", "mpeg2video",
                                                                    "-mpegts_start_pid", "0x300"));
    struct support_reference reference = support_reference(first_clip());
    struct support_reference next = support_reference(other);
    json_t *frames = support_events_pick(run_both(first_clip(), other), "frame", CAMERA, 0);
    const size_t count = json_array_size(frames);
    cr_assert_geq(count, reference.count - KEPT_MAX + next.count);
    for (size_t i = 0; i < next.count; i++)
        cr_expect_str_eq(support_text(json_array_get(frames, count - next.count + i), "md5"),
                         next.frames[i].md5, "frame %zu", i);
    for (size_t i = 1; i < count; i++)
        cr_expect_gt(support_number(json_array_get(frames, i), "pts"),
                     support_number(json_array_get(frames, i - 1), "pts"));
}

/* -- test: ------------------------------------------------------------------------------------- */

Test(scene, has_the_size_rate_and_duration_that_were_asked_for)
{
    char *clip = support_ringside_clip(
        "scene.nut",
        SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=160x90:rate=10:duration=2"), "-c:v", "rawvideo"));
    struct support_reference reference = support_reference(clip);
    cr_assert_eq(reference.count, 20);
    json_t *events = run("test:size=160x90,rate=10,duration=2", "--threads", "1");
    support_reference_check(&reference, events, CAMERA, 0);
    support_summary_check(support_summary(events, CAMERA), 20, 1);
}

/* Only options of the scene: a graph of libavfilter could open files. */
Test(scene, is_no_way_to_other_filters)
{
    static const char *const scenes[] = {"test:size=64x48[a];movie=x", "test:,drawtext=textfile=x",
                                         "test:nonsense=3", "test:size=64"};
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct support_result result;
        support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", scenes[i]));
        cr_expect_eq(result.exit_code, 1, "%s", scenes[i]);
        cr_expect_not_null(strstr(result.err, "cannot be opened"), "%s", result.err);
    }
}
