/* Workers that may lose frames: what they lose is counted, and nobody else loses any. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

#define FRAMES 50

static char *make_clip(void)
{
    return support_ringside_clip("policy.mp4",
                                 SUPPORT_ARGUMENTS("-f", "lavfi", "-i",
                                                   "testsrc2=size=320x240:rate=25:duration=2",
                                                   "-c:v", "libx264", "-pix_fmt", "yuv420p"));
}

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

static long long figure(const json_t *summary, size_t worker, const char *key)
{
    return support_integer(support_summary_worker(summary, worker), key);
}

/* The slow worker may sleep as long as the whole clip takes to decode; the lossless one beside it
 * gets each frame all the same. */
static void check_slow_worker(const char *slow)
{
    char *clip = make_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "-w", slow, "-w", "framemd5", clip));
    struct support_reference reference = support_reference(clip);
    cr_assert_eq(reference.count, FRAMES);
    support_reference_check(&reference, events, "policy", 1);

    const json_t *summary = support_summary(events, "policy");
    support_summary_check(summary, FRAMES, 2);
    cr_expect_eq(figure(summary, 1, "received"), FRAMES);
    cr_expect_gt(figure(summary, 0, "received"), 0);
    free(clip);
}

Test(policy, latest_is_counted_and_hinders_nobody)
{
    check_slow_worker("null:policy=latest,sleep_ms=200");
}

Test(policy, lossy_is_counted_and_hinders_nobody)
{
    check_slow_worker("null:policy=lossy,sleep_ms=50");
}

/* With one slot to show and one to fill the slow one holds the third: it must lose frames. */
Test(policy, losses_are_counted_exactly)
{
    static const char *const policies[] = {"lossy", "latest"};
    char *clip = make_clip();
    for (size_t i = 0; i < 2; i++) {
        char slow[64];
        snprintf(slow, sizeof slow, "null:policy=%s,sleep_ms=100", policies[i]);
        json_t *events =
            run(SUPPORT_ARGUMENTS("run", "--slots", "3", "-w", slow, "-w", "framemd5", clip));
        const json_t *summary = support_summary(events, "policy");
        support_summary_check(summary, FRAMES, 2);
        cr_expect_eq(figure(summary, 1, "skipped"), 0);
        cr_expect_gt(figure(summary, 0, "received"), 0);
        cr_expect_gt(figure(summary, 0, "skipped"), 0, "%s lost nothing", policies[i]);
    }
    free(clip);
}

/* Events of a worker that loses frames carry the true sequence numbers of those it got. */
Test(policy, events_of_a_lossy_worker_belong_to_their_frames)
{
    char *clip = make_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "--slots", "4", "-w", "framemd5:policy=latest",
                                           "-w", "framemd5:policy=lossy", "-w", "null", clip));
    struct support_reference reference = support_reference(clip);
    const json_t *summary = support_summary(events, "policy");
    support_summary_check(summary, FRAMES, 3);
    for (int worker = 0; worker < 2; worker++) {
        json_t *frames = support_events_pick(events, "frame", "policy", worker);
        cr_expect_eq((long long)json_array_size(frames),
                     figure(summary, (size_t)worker, "received"));
        long long last = -1;
        size_t i;
        const json_t *event;
        json_array_foreach(frames, i, event)
        {
            const long long seq = support_integer(event, "seq");
            cr_assert(seq > last && seq < FRAMES);
            cr_assert_str_eq(support_text(event, "md5"), reference.frames[seq].md5);
            last = seq;
        }
    }
    free(clip);
}

Test(slots, as_few_as_two_serve_lossless_workers)
{
    char *clip = make_clip();
    json_t *events = run(SUPPORT_ARGUMENTS("run", "--slots", "2", "-w", "framemd5", "-w",
                                           "framemd5", "-w", "motion", clip));
    struct support_reference reference = support_reference(clip);
    support_reference_check(&reference, events, "policy", 0);
    support_reference_check(&reference, events, "policy", 1);
    support_summary_check(support_summary(events, "policy"), FRAMES, 3);
    free(clip);
}

Test(slots, too_few_are_refused)
{
    char *clip = make_clip();
    static const struct {
        const char *slots, *worker, *minimum;
    } cases[] = {
        {"1", "null", "at least 2;"},
        {"2", "null:policy=latest", "at least 3;"},
        {"2", "null:policy=lossy", "at least 3;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct support_result result;
        support_ringside(&result, SUPPORT_ARGUMENTS("run", "--slots", cases[i].slots, "-w",
                                                    cases[i].worker, clip));
        cr_expect_eq(result.exit_code, 2);
        cr_expect_str_eq(result.out, "");
        cr_expect_not_null(strstr(result.err, cases[i].minimum), "%s", result.err);
        support_result_free(&result);
    }
    free(clip);
}
