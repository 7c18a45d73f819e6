/* Several inputs at once, one input several times, and one input that changes on its way. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

#define LAVFI(graph) "-f", "lavfi", "-i", graph
#define H264 "-c:v", "libx264", "-pix_fmt", "yuv420p"

static json_t *run(const char *const arguments[])
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_assert_str_eq(result.err, "");
    cr_assert_eq(result.exit_code, 0);
    json_t *events = support_events(result.out);
    support_result_free(&result);
    return events;
}

/* Different in all: codec, container, size, format and length. */
static const struct {
    const char *file, *camera;
    const char *const *arguments;
} inputs[] = {
    {"gate.mp4", "gate",
     SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=320x240:rate=25:duration=1"), H264)},
    {"yard.avi", "yard",
     SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=160x120:rate=10:duration=3"), "-c:v", "mpeg4")},
    {"door.mkv", "door",
     SUPPORT_ARGUMENTS(LAVFI("testsrc=size=319x241:rate=25:duration=0.4"), "-c:v", "ffv1",
                       "-pix_fmt", "yuv422p10le")},
    {"roof.mpg", "roof",
     SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=352x288:rate=25:duration=1"), "-c:v", "mpeg2video")},
    {"hall.mov", "hall",
     SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=640x360:rate=25:duration=0.6"), "-c:v", "mjpeg",
                       "-pix_fmt", "yuvj444p")},
    {"road.gif", "road", SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=200x100:rate=10:duration=1"))},
};

enum { INPUTS = sizeof inputs / sizeof *inputs };

Test(many, six_inputs_through_four_workers)
{
    const char *arguments[9 + INPUTS + 1] = {"run", "-w",       "framemd5", "-w",  "motion",
                                             "-w",  "framemd5", "-w",       "null"};
    for (size_t i = 0; i < INPUTS; i++)
        arguments[9 + i] = support_ringside_clip(inputs[i].file, inputs[i].arguments);
    json_t *events = run(arguments);
    for (size_t i = 0; i < INPUTS; i++) {
        struct support_reference reference = support_reference(arguments[9 + i]);
        support_reference_check(&reference, events, inputs[i].camera, 0);
        support_reference_check(&reference, events, inputs[i].camera, 2);
        const json_t *summary = support_summary(events, inputs[i].camera);
        support_summary_check(summary, reference.count, 4);
        for (size_t worker = 0; worker < 4; worker++)
            cr_expect_eq(support_integer(support_summary_worker(summary, worker), "skipped"), 0);
    }
    cr_expect_eq(json_array_size(support_events_pick(events, "summary", NULL, -1)), INPUTS);
}

static char *small_clip(void)
{
    return support_ringside_clip(
        "small.mp4",
        SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=160x120:rate=25:duration=0.8"), "-bf", "2", H264));
}

Test(many, as_many_workers_as_a_ring_has_places)
{
    enum { WORKERS = 64 };
    const char *arguments[1 + 2 * WORKERS + 2] = {"run"};
    for (size_t i = 0; i < WORKERS; i++) {
        arguments[1 + 2 * i] = "-w";
        arguments[2 + 2 * i] = i == WORKERS - 1 ? "framemd5" : "null";
    }
    arguments[1 + 2 * WORKERS] = small_clip();
    json_t *events = run(arguments);
    struct support_reference reference = support_reference(small_clip());
    support_reference_check(&reference, events, "small", WORKERS - 1);
    support_summary_check(support_summary(events, "small"), reference.count, WORKERS);
}

Test(many, the_same_input_twice_has_two_names)
{
    char *clip = small_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "-w", "framemd5", clip, clip, clip));
    struct support_reference reference = support_reference(clip);
    static const char *const names[] = {"small", "small-2", "small-3"};
    for (size_t i = 0; i < 3; i++) {
        support_reference_check(&reference, events, names[i], 0);
        support_summary_check(support_summary(events, names[i]), reference.count, 1);
    }
}

Test(many, a_stem_does_not_take_a_name_that_was_given)
{
    char *clip = small_clip();
    char *named;
    cr_assert_geq(asprintf(&named, "small=%s", clip), 0);
    json_t *events = run(SUPPORT_ARGUMENTS("run", "-w", "framemd5", clip, named));
    struct support_reference reference = support_reference(clip);
    support_reference_check(&reference, events, "small", 0);
    support_reference_check(&reference, events, "small-2", 0);
}

/* -- loop -------------------------------------------------------------------------------------- */

Test(loop, plays_the_input_so_often_and_time_goes_on)
{
    char *clip = small_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "--loop", "3", "-w", "framemd5", clip));
    struct support_reference reference = support_reference(clip);
    json_t *frames = support_events_pick(events, "frame", "small", 0);
    cr_assert_eq(json_array_size(frames), 3 * reference.count);
    double last = -1;
    size_t i;
    const json_t *event;
    json_array_foreach(frames, i, event)
    {
        cr_assert_eq(support_integer(event, "seq"), (long long)i);
        cr_assert_str_eq(support_text(event, "md5"), reference.frames[i % reference.count].md5);
        const double pts = support_number(event, "pts");
        const double expected =
            reference.frames[i % reference.count].pts + 0.8 * (double)(i / reference.count);
        cr_assert_gt(pts, last);
        cr_assert_float_eq(pts, expected, 1e-5, "frame %zu: %f, not %f", i, pts, expected);
        last = pts;
    }
    support_summary_check(support_summary(events, "small"), 3 * reference.count, 1);
}

Test(loop, of_one_is_the_default)
{
    char *clip = small_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "--loop", "1", "-w", "framemd5", clip));
    struct support_reference reference = support_reference(clip);
    support_reference_check(&reference, events, "small", 0);
}

/* -- pace -------------------------------------------------------------------------------------- */

/* When is not asserted; that every frame comes, to every camera, is. */
Test(pace, delivers_all)
{
    char *clip = small_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "--pace", "-w", "framemd5", clip, clip));
    struct support_reference reference = support_reference(clip);
    support_reference_check(&reference, events, "small", 0);
    support_reference_check(&reference, events, "small-2", 0);
}

/* -- change of size ---------------------------------------------------------------------------- */

#define PART(file, size, offset)                                                                   \
    support_ringside_clip(file,                                                                    \
                          SUPPORT_ARGUMENTS(LAVFI("testsrc2=rate=25:duration=0.4:size=" size),     \
                                            "-output_ts_offset", offset, H264))

static void append_file(FILE *out, const char *path)
{
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in);
    for (int c = getc(in); c != EOF; c = getc(in))
        putc(c, out);
    fclose(in);
}

/* Each part has frames of another size. The last is smaller again: it fits the ring there is. */
Test(change, of_size_on_the_way_loses_nothing)
{
    const char *const parts[] = {
        PART("first.ts", "320x240", "0"),
        PART("second.ts", "640x480", "0.5"),
        PART("third.ts", "160x120", "1.0"),
    };
    char *whole;
    cr_assert_geq(asprintf(&whole, "%s/whole.ts", getenv("TMPDIR")), 0);
    FILE *file = fopen(whole, "w");
    struct support_reference reference = {0};
    for (size_t i = 0; i < 3; i++) {
        struct support_reference part = support_reference(parts[i]);
        append_file(file, parts[i]);
        support_reference_append(&reference, &part);
    }
    fclose(file);

    json_t *events =
        run(SUPPORT_ARGUMENTS("run", "-w", "framemd5", "-w", "motion", "-w", "framemd5", whole));
    cr_assert_eq(reference.count, 30);
    support_reference_check(&reference, events, "whole", 0);
    support_reference_check(&reference, events, "whole", 2);
    support_summary_check(support_summary(events, "whole"), 30, 3);
}
