/* Less than all: keyframes only, a lower rate, no damaged frames. What is shown is the same as
 * ever, and what is not is counted. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

#define CAMERA "camera"
#define SCENE "-f", "lavfi", "-i", "testsrc2=size=192x144:rate=25:duration=2"
#define NOISE "-bsf:v", "noise=amount=5000"

enum { FRAMES = 50, KEY_EVERY = 10, PARTIAL = 3 };

static char *make_clip(void)
{
    return support_ringside_clip("clip.mp4",
                                 SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-g", "10", "-bf", "2",
                                                   "-b_strategy", "0", "-pix_fmt", "yuv420p"));
}

/* One thread: how far damage spreads depends on what others have decoded by then. */
static json_t *run(const char *clip, const char *option, const char *value, int exit_code)
{
    char *input;
    struct support_result result;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--threads", "1", option, value, "-w",
                                                "framemd5", input));
    cr_expect_eq(result.exit_code, exit_code, "%s", result.err);
    return support_events(result.out);
}

/* Each frame has the time and the picture of one of the clip's. Returns how many there are. */
static size_t check_frames(const json_t *events, const struct support_reference *reference)
{
    json_t *frames = support_events_pick(events, "frame", CAMERA, 0);
    size_t i;
    size_t next = 0;
    const json_t *frame;
    json_array_foreach(frames, i, frame)
    {
        cr_expect_eq(support_integer(frame, "seq"), (long long)i);
        const double pts = support_number(frame, "pts");
        while (next < reference->count && fabs(reference->frames[next].pts - pts) > 1e-5)
            next++;
        cr_assert_lt(next, reference->count, "no frame has time %f", pts);
        cr_expect_str_eq(support_text(frame, "md5"), reference->frames[next++].md5, "at %f", pts);
    }
    return json_array_size(frames);
}

static long long figure(const json_t *events, const char *key)
{
    return support_integer(support_summary(events, CAMERA), key);
}

Test(less, only_keyframes)
{
    char *clip = make_clip();
    struct support_reference reference = support_reference(clip);
    json_t *events = run(clip, "--decode", "key", 0);
    cr_expect_eq(check_frames(events, &reference), FRAMES / KEY_EVERY);
    cr_expect_eq(figure(events, "decoded"), FRAMES / KEY_EVERY);
}

Test(less, only_what_others_refer_to)
{
    char *clip = make_clip();
    struct support_reference reference = support_reference(clip);
    json_t *events = run(clip, "--decode", "ref", 0);
    const size_t shown = check_frames(events, &reference);
    cr_expect(shown > FRAMES / KEY_EVERY && shown < FRAMES, "%zu", shown);
}

/* All are decoded, for they refer to each other. */
Test(less, at_a_lower_rate)
{
    char *clip = make_clip();
    struct support_reference reference = support_reference(clip);
    json_t *events = run(clip, "--max-fps", "10", 0);
    cr_expect_eq(check_frames(events, &reference), 20);
    cr_expect_eq(figure(events, "decoded"), FRAMES);
    cr_expect_eq(figure(events, "published"), 20);
    events = run(clip, "--max-fps", "1000", 0);
    cr_expect_eq(check_frames(events, &reference), FRAMES);
}

/* Time and hash of each frame that a worker has looked at. */
static json_t *seen_by(const json_t *events, int worker)
{
    json_t *seen = json_array();
    size_t i;
    const json_t *frame;
    json_array_foreach(support_events_pick(events, "frame", CAMERA, worker), i, frame)
    {
        json_array_append_new(
            seen, json_pack("[f, s]", support_number(frame, "pts"), support_text(frame, "md5")));
    }
    return seen;
}

static json_t *run_two(const char *clip, const char *workers[2], const char *max_fps)
{
    char *input;
    struct support_result result;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", workers[0], "-w", workers[1], input,
                                                max_fps ? "--max-fps" : NULL, max_fps));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    return support_events(result.out);
}

/* Each looks at the frames that it would pick from all of them. */
Test(less, than_all_where_no_worker_asks_for_more)
{
    char *clip = make_clip();
    const char *workers[] = {"framemd5:fps=10,policy=lossless", "framemd5:fps=3,policy=lossless"};
    json_t *all = run_two(clip, workers, "0");
    json_t *asked = run_two(clip, workers, NULL);
    cr_expect_eq(figure(all, "published"), FRAMES);
    cr_expect_eq(figure(asked, "decoded"), FRAMES);
    cr_expect(figure(asked, "published") >= 20 && figure(asked, "published") <= 26);
    for (int worker = 0; worker < 2; worker++) {
        cr_expect_gt(json_array_size(seen_by(all, worker)), 5);
        cr_expect(json_equal(seen_by(asked, worker), seen_by(all, worker)));
    }
    workers[1] = "framemd5:policy=lossless";
    cr_expect_eq(figure(run_two(clip, workers, NULL), "published"), FRAMES);
}

Test(pace, tells_how_late_frames_were)
{
    json_t *events = run(make_clip(), "--decode", "all", 0);
    cr_expect_null(json_object_get(support_summary(events, CAMERA), "late"));
    events = run(make_clip(), "--pace", "--quiet", 0);
    cr_expect_geq(figure(events, "late"), 0);
    cr_expect_geq(support_number(support_summary(events, CAMERA), "worst_late_ms"), 0);
}

static void check_damaged(const char *clip)
{
    json_t *dropped = run(clip, "--corrupt", "drop", PARTIAL);
    json_t *passed = run(clip, "--corrupt", "pass", PARTIAL);
    json_t *usual = run(clip, "--threads", "1", PARTIAL);
    const long long corrupt = figure(dropped, "corrupt");
    cr_expect_gt(corrupt, 0);
    cr_expect_gt(figure(dropped, "published"), 0);
    cr_expect_eq(figure(dropped, "published") + corrupt, figure(dropped, "decoded"));
    cr_expect_eq(figure(passed, "corrupt"), corrupt);
    cr_expect_eq(figure(passed, "published"), figure(passed, "decoded"));
    cr_expect_eq(figure(usual, "published"), figure(dropped, "published"));
    cr_expect_str_eq(support_text(support_summary(usual, CAMERA), "outcome"), "partial");
}

Test(damaged, frames_are_kept_from_workers_unless_asked_for)
{
    check_damaged(
        support_ringside_clip("noise.avi", SUPPORT_ARGUMENTS(SCENE, "-c:v", "mpeg4", NOISE)));
    check_damaged(support_ringside_clip(
        "noise.mkv", SUPPORT_ARGUMENTS(SCENE, "-c:v", "libx264", "-pix_fmt", "yuv420p", NOISE)));
}

static void check_usage(const char *option, const char *value)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", option, value, "test:"));
    cr_expect_eq(result.exit_code, 2);
    cr_expect_not_null(strstr(result.err, option), "%s", result.err);
    cr_expect_not_null(strstr(result.err, "must be"), "%s", result.err);
}

Test(less, of_what_there_is_not)
{
    check_usage("--decode", "none");
    check_usage("--decode", "");
    check_usage("--max-fps", "-1");
    check_usage("--max-fps", "nan");
    check_usage("--corrupt", "yes");
}
