/*
 * The analyzers in a run of the program, on one clip: a test card for three seconds, another for
 * three, and black for four, all with noise. What they have to tell of it is known.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"

#define LAVFI(graph) "-f", "lavfi", "-i", graph

static json_t *events_of(const char *worker, const char *type)
{
    char *clip = support_ringside_clip(
        "three.mkv",
        SUPPORT_ARGUMENTS(
            LAVFI("testsrc=size=320x240:rate=25:duration=3"),
            LAVFI("smptehdbars=size=320x240:rate=25:duration=3"),
            LAVFI("color=black:size=320x240:rate=25:duration=4"), "-filter_complex",
            "[0]format=yuv420p,setsar=1[a];[1]format=yuv420p,setsar=1[b];"
            "[2]format=yuv420p,setsar=1[c];[a][b][c]concat=n=3,noise=alls=6:allf=t:all_seed=1",
            "-c:v", "ffv1"));
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", worker, clip));
    cr_assert_str_eq(result.err, "");
    cr_assert_eq(result.exit_code, 0);
    json_t *events = support_events(result.out);
    support_summary_check(support_summary(events, "three"), 250, 1);
    support_result_free(&result);
    free(clip);
    return support_events_pick(events, type, "three", 0);
}

/* Of each event its sequence number, and what stands under these keys. */
static char *outline(const json_t *events, const char *first, const char *second)
{
    char *text = calloc(1, 4096);
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
        sprintf(text + strlen(text), "%s%lld %s %s", i ? ", " : "", support_integer(event, "seq"),
                support_text(event, first), support_text(event, second));
    return text;
}

/* Each cut is known when the new scene has lasted for 0.2 seconds. */
Test(scene, tells_both_cuts)
{
    json_t *events = events_of("scene", "scene");
    cr_expect_str_eq(outline(events, "kind", "kind"), "80 cut cut, 155 cut cut");
    cr_expect_float_eq(support_number(json_array_get(events, 0), "begin"), 3, 1e-6);
    cr_expect_float_eq(support_number(json_array_get(events, 1), "begin"), 6, 1e-6);
}

/* Two seconds of the second card are not like the first; black is to be seen for two seconds, and
 * where nothing is to be seen nothing has moved, which is looked for twice a second. All ends with
 * the clip. */
Test(health, tells_what_is_wrong)
{
    json_t *events = events_of("health", "health");
    cr_expect_str_eq(outline(events, "condition", "state"),
                     "126 moved start, 200 black start, 204 moved stop, 249 black stop");
}

Test(stats, tell_each_second)
{
    json_t *events = events_of("stats", "stats");
    cr_assert_eq(json_array_size(events), 10);
    for (size_t i = 0; i < 10; i++) {
        const json_t *event = json_array_get(events, i);
        cr_expect_eq(support_integer(event, "frames"), 25);
        cr_expect_eq(support_integer(event, "seq"), i < 9 ? 25 * (long long)(i + 1) : 249);
        if (i >= 6) { /* what noise is left of black: half of it is cut off */
            cr_expect_lt(support_number(event, "mean"), 3);
            cr_expect_lt(support_number(event, "contrast"), 4);
        } else {
            cr_expect_gt(support_number(event, "mean"), 90);
            cr_expect_gt(support_number(event, "contrast"), 70);
        }
    }
}

/* At the start and after four and eight seconds, and five frames into each new scene. */
Test(snapshot, writes_pictures)
{
    char options[512];
    char *scratch;
    cr_assert_eq(support_scratch_create(&scratch), 0);
    snprintf(options, sizeof options,
             "snapshot:directory=%s,every_seconds=4,on_scene=yes,name={camera}-{seq}.jpg", scratch);
    json_t *events = events_of(options, "snapshot");
    cr_expect_str_eq(outline(events, "reason", "reason"),
                     "0 interval interval, 80 scene scene, 100 interval interval, "
                     "155 scene scene, 200 interval interval");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *path = support_text(json_array_get(events, i), "path");
        cr_expect_eq(access(path, R_OK), 0, "%s", path);
    }
    support_scratch_remove(&scratch);
}
