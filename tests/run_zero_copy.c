/* Decoders decode into the ring, and what they refer to there stays as it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

#define CAMERA "camera"
#define LAVFI(graph) "-f", "lavfi", "-i", graph
#define SCENE LAVFI("testsrc2=size=320x240:rate=25:duration=2")
enum { FRAMES = 50 };

/* Those shown before there is a ring are copied: as many as the codec shows late by. */
enum { EARLY_MAX = 16 };

static json_t *run(const char *clip, const char *const options[])
{
    const char *arguments[32] = {"run"};
    size_t count = 1;
    char *input;
    for (size_t i = 0; options[i]; i++)
        arguments[count++] = options[i];
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    arguments[count] = input;
    struct support_result result;
    support_ringside(&result, arguments);
    cr_expect_str_eq(result.err, "");
    cr_expect_eq(result.exit_code, 0);
    free(input);
    return support_events(result.out);
}

static void check_zero_copy(const json_t *events, bool expected, long long copied_max)
{
    const json_t *summary = support_summary(events, CAMERA);
    const long long published = support_integer(summary, "published");
    const long long copied = support_integer(summary, "copied");
    cr_expect_eq(json_is_true(json_object_get(summary, "zero_copy")), expected,
                 "%lld of %lld copied", copied, published);
    if (expected)
        cr_expect_leq(copied, copied_max, "%lld of %lld copied", copied, published);
    else
        cr_expect_eq(copied, published);
}

/* In place with 1, 2 and 4 threads; and the same frames where there is no slot to decode into. */
static void check_codec(const char *name, const char *const arguments[])
{
    char *clip = support_ringside_clip(name, arguments);
    struct support_reference reference = support_reference(clip);
    static const char *const threads[] = {"1", "2", "4"};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        json_t *events = run(clip, SUPPORT_ARGUMENTS("--threads", threads[i], "-w", "framemd5"));
        support_reference_check(&reference, events, CAMERA, 0);
        check_zero_copy(events, true, EARLY_MAX);
    }
    json_t *events = run(clip, SUPPORT_ARGUMENTS("--slots", "2", "-w", "framemd5"));
    support_reference_check(&reference, events, CAMERA, 0);
    check_zero_copy(events, false, 0);
    free(clip);
}

#define CODEC(name, file, ...)                                                                     \
    Test(zero_copy, name)                                                                          \
    {                                                                                              \
        check_codec(file, SUPPORT_ARGUMENTS(SCENE, __VA_ARGS__));                                  \
    }

CODEC(h264, "h264.mp4", "-c:v", "libx264", "-bf", "3", "-refs", "5", "-pix_fmt", "yuv420p")
CODEC(hevc, "hevc.mkv", "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p")
CODEC(mpeg4, "mpeg4.mp4", "-c:v", "mpeg4", "-bf", "2")
CODEC(mpeg2, "mpeg2.ts", "-c:v", "mpeg2video", "-bf", "2")
CODEC(mjpeg, "mjpeg.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")
CODEC(vp8, "vp8.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M",
      "-pix_fmt", "yuv420p")
CODEC(vp9_with_hidden_frames, "vp9.webm", "-c:v", "libvpx-vp9", "-auto-alt-ref", "1",
      "-lag-in-frames", "16", "-cpu-used", "5", "-pix_fmt", "yuv420p")
CODEC(ffv1, "ffv1.mkv", "-c:v", "ffv1", "-slices", "4", "-pix_fmt", "yuv422p10le")
CODEC(huffyuv, "huffyuv.avi", "-c:v", "huffyuv", "-pix_fmt", "rgb24")
CODEC(png, "png.mkv", "-c:v", "png", "-pix_fmt", "pal8")

Test(zero_copy, not_where_the_codec_has_its_own_memory)
{
    char *clip = support_ringside_clip(
        "raw.nut", SUPPORT_ARGUMENTS(SCENE, "-c:v", "rawvideo", "-pix_fmt", "yuv420p"));
    struct support_reference reference = support_reference(clip);
    json_t *events = run(clip, SUPPORT_ARGUMENTS("-w", "framemd5"));
    support_reference_check(&reference, events, CAMERA, 0);
    check_zero_copy(events, false, 0);
}

/* Of a codec that draws each picture into the one before: not in what was shown. The first play
 * begins before there is a ring, and stays in its own memory; the others begin in a slot. What was
 * drawn in a slot that had been shown would have to be copied. */
static void check_drawing_codec(const char *codec, const char *name)
{
    enum { PLAYS = 3 };
    char *clip = support_ringside_clip(name, SUPPORT_ARGUMENTS(SCENE, "-c:v", codec, "-g", "50"));
    struct support_reference reference = support_reference(clip);
    json_t *events = run(clip, SUPPORT_ARGUMENTS("--loop", "3", "-w", "framemd5"));
    json_t *frames = support_events_pick(events, "frame", CAMERA, 0);
    cr_assert_eq(reference.count, FRAMES);
    cr_assert_eq(json_array_size(frames), PLAYS * FRAMES);
    for (size_t i = 0; i < PLAYS * FRAMES; i++)
        cr_assert_str_eq(support_text(json_array_get(frames, i), "md5"),
                         reference.frames[i % FRAMES].md5, "%s, frame %zu", codec, i);
    check_zero_copy(events, true, FRAMES);
}

Test(zero_copy, codecs_that_draw_into_the_last_picture_draw_elsewhere)
{
    check_drawing_codec("flashsv", "flashsv.mkv");
    check_drawing_codec("qtrle", "qtrle.mov");
    check_drawing_codec("msvideo1", "msvideo1.avi");
}

/* The ring is full all the time: the decoder waits for a slot and does not copy. */
Test(zero_copy, a_slow_worker_does_not_end_it)
{
    char *clip = support_ringside_clip(
        "slow.mp4", SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    struct support_reference reference = support_reference(clip);
    json_t *events =
        run(clip, SUPPORT_ARGUMENTS("--threads", "2", "-w", "framemd5", "-w", "null:sleep_ms=5",
                                    "-w", "null:sleep_ms=20,policy=latest"));
    support_reference_check(&reference, events, CAMERA, 0);
    check_zero_copy(events, true, EARLY_MAX);
}

/* The same ring serves the codec of every play, from its first frame. */
Test(zero_copy, goes_on_over_all_plays)
{
    char *clip = support_ringside_clip(
        "slow.mp4", SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    json_t *events = run(clip, SUPPORT_ARGUMENTS("--loop", "5", "-w", "framemd5"));
    check_zero_copy(events, true, EARLY_MAX);
    cr_expect_eq(support_integer(support_summary(events, CAMERA), "published"), 5 * FRAMES);
}

/* Fewer slots than the decoder would keep: some are decoded in place, all are right. */
Test(zero_copy, as_far_as_the_slots_go)
{
    char *clip =
        support_ringside_clip("h264.mp4", SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-bf", "3",
                                                            "-refs", "5", "-pix_fmt", "yuv420p"));
    struct support_reference reference = support_reference(clip);
    static const char *const slots[] = {"3", "4", "5", "6", "7", "8", "9"};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        json_t *events = run(clip, SUPPORT_ARGUMENTS("--slots", slots[i], "--threads", "2", "-w",
                                                     "framemd5", "-w", "framemd5"));
        support_reference_check(&reference, events, CAMERA, 0);
        support_reference_check(&reference, events, CAMERA, 1);
    }
}

static void append(FILE *out, const char *clip)
{
    char buffer[65536];
    size_t size;
    FILE *in = fopen(clip, "rb");
    cr_assert_not_null(in);
    while ((size = fread(buffer, 1, sizeof buffer, in)) > 0)
        cr_assert_eq(fwrite(buffer, 1, size, out), size);
    fclose(in);
}

/* Larger, and smaller again, in the middle of the stream. */
Test(zero_copy, survives_a_change_of_size)
{
    static const char *const sizes[] = {"160x120", "640x480", "320x240"};
    struct support_reference reference = {0};
    char *path = support_ringside_clip(
        "first.h264", SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    memcpy(strrchr(path, '/'), "/sizes.h264", sizeof "/sizes.h264" - 1);
    FILE *out = fopen(path, "wb");
    cr_assert_not_null(out);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[32], graph[64];
        snprintf(name, sizeof name, "%s.h264", sizes[i]);
        snprintf(graph, sizeof graph, "testsrc2=size=%s:rate=25:duration=1", sizes[i]);
        char *clip = support_ringside_clip(name, SUPPORT_ARGUMENTS("-f", "lavfi", "-i", graph,
                                                                   "-c:v", "libx264", "-bf", "0",
                                                                   "-pix_fmt", "yuv420p"));
        struct support_reference part = support_reference(clip);
        support_reference_append(&reference, &part);
        append(out, clip);
    }
    fclose(out);
    static const char *const threads[] = {"1", "4"};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        json_t *events = run(path, SUPPORT_ARGUMENTS("--threads", threads[i], "-w", "framemd5"));
        support_reference_check(&reference, events, CAMERA, 0);
        check_zero_copy(events, true, 3 * EARLY_MAX);
    }
}
