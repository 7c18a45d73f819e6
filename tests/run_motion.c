/* motion tells where something moves, and is silent where nothing does. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"

#define CAMERA "camera"
#define LAVFI(graph) "-f", "lavfi", "-i", graph

struct box {
    int x, y, width, height;
};

struct size {
    int width, height;
};

static json_t *motion_of(const char *clip, const char *worker)
{
    char *input;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", worker, input));
    cr_assert_str_eq(result.err, "");
    cr_assert_eq(result.exit_code, 0);
    json_t *motion = support_events_pick(support_events(result.out), "motion", CAMERA, 0);
    support_result_free(&result);
    free(input);
    return motion;
}

static const char *state_of(const json_t *event)
{
    return support_text(event, "state");
}

static struct box box_at(const json_t *event, size_t index)
{
    struct box box;
    json_t *list = json_array_get(json_object_get(event, "boxes"), index);
    cr_assert_eq(json_unpack(list, "[i,i,i,i!]", &box.x, &box.y, &box.width, &box.height), 0, "%s",
                 json_dumps(event, 0));
    return box;
}

static size_t boxes_in(const json_t *event)
{
    const json_t *boxes = json_object_get(event, "boxes");
    cr_assert(json_is_array(boxes), "%s", json_dumps(event, 0));
    return json_array_size(boxes);
}

static bool covers(struct box outer, struct box inner)
{
    return outer.x <= inner.x && outer.y <= inner.y &&
           outer.x + outer.width >= inner.x + inner.width &&
           outer.y + outer.height >= inner.y + inner.height;
}

/* Boxes lie in the picture and have an area; only a stop has none. */
static void check_boxes(const json_t *event, struct size size)
{
    const bool stop = strcmp(state_of(event), "stop") == 0;
    cr_assert_eq(boxes_in(event) == 0, stop, "%s", json_dumps(event, 0));
    for (size_t i = 0; i < boxes_in(event); i++) {
        const struct box box = box_at(event, i);
        const struct box picture = {0, 0, size.width, size.height};
        cr_assert(box.width > 0 && box.height > 0 && covers(picture, box), "%s",
                  json_dumps(event, 0));
    }
}

#define IDS_MAX 64

/* What is known of an object by its events so far. */
struct life {
    bool moving, over;
    double began;
    long long seq;
    double pts;
};

static void check_event(const json_t *event, struct life *life)
{
    const char *text = json_dumps(event, 0), *state = state_of(event);
    const double pts = support_number(event, "pts");
    cr_assert(!life->over, "%s", text);
    cr_assert_eq(strcmp(state, "start") == 0, !life->moving, "%s", text);
    cr_assert(strcmp(state, "start") == 0 || strcmp(state, "update") == 0 ||
              strcmp(state, "stop") == 0);
    life->began = life->moving ? life->began : pts;
    life->moving = true;
    life->over = strcmp(state, "stop") == 0;
    cr_assert_gt(support_number(event, "score"), 0);
    cr_assert_leq(support_number(event, "score"), 1);
    cr_assert_float_eq(support_number(event, "duration"), pts - life->began, 0.001, "%s", text);
    /* At the end of the clip the stop comes with the last frame, which may have its update. */
    cr_assert(support_integer(event, "seq") > life->seq ||
              (life->over && support_integer(event, "seq") == life->seq));
    cr_assert(pts > life->pts || (life->over && pts == life->pts));
    life->seq = support_integer(event, "seq");
    life->pts = pts;
}

/* Each object has a start, updates, and a stop, with growing sequence numbers and times; ids are
 * given from 1 on, in order. */
static void check_order(const json_t *motion, struct size size)
{
    struct life lives[IDS_MAX] = {0};
    long long last = 0;
    size_t i;
    const json_t *event;
    json_array_foreach(motion, i, event)
    {
        const long long id = support_integer(event, "id");
        cr_assert(id > 0 && id < IDS_MAX && id <= last + 1, "%s", json_dumps(event, 0));
        if (id > last) {
            last = id;
            lives[id] = (struct life){.seq = -1, .pts = -1};
        }
        check_event(event, &lives[id]);
        check_boxes(event, size);
    }
    for (long long id = 1; id <= last; id++)
        cr_assert(lives[id].over, "object %lld never stops", id);
}

/* -- a box that comes in after two seconds, crosses the picture, and leaves -------------------- */

#define RATE 25
#define SIDE 40
#define TOP 100
#define SPEED 160 /* pixels a second */
#define CELL 4    /* pixels that motion may be wrong by at each side of a picture of this size */

#define CROSSING                                                                                   \
    LAVFI("color=slategray:size=320x240:rate=25:duration=6"),                                      \
        LAVFI("color=white:size=40x40:rate=25"), "-filter_complex",                                \
        "overlay=x='(t-2)*160-40':y=100:shortest=1,noise=alls=8:allf=t:all_seed=1"

/* Where it is in frame `seq`. */
static struct box crossing_at(long long seq)
{
    const double seconds = (double)seq / RATE;
    return (struct box){(int)floor((seconds - 2) * SPEED) - SIDE, TOP, SIDE, SIDE};
}

static bool is_wholly_visible(struct box box)
{
    return box.x >= 0 && box.x + box.width <= 320;
}

static struct box grown(struct box box, int by)
{
    return (struct box){box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by};
}

/* One box, around the moving one and not much larger. */
static void check_crossing_box(const json_t *event)
{
    const struct box truth = crossing_at(support_integer(event, "seq"));
    if (!is_wholly_visible(truth))
        return;
    cr_assert_eq(boxes_in(event), 1, "%s", json_dumps(event, 0));
    const struct box told = box_at(event, 0);
    cr_assert(covers(told, grown(truth, -CELL)), "at %d: %s", truth.x, json_dumps(event, 0));
    cr_assert(covers(grown(truth, 2 * CELL), told), "at %d: %s", truth.x, json_dumps(event, 0));
}

/* The threshold is about half of what there is to see: in each format a level has to be a level. */
static void check_crossing(const char *clip)
{
    json_t *motion = motion_of(clip, "motion:threshold=60");
    const size_t count = json_array_size(motion);
    check_order(motion, (struct size){320, 240});
    cr_assert_gt(count, 40); /* it is wholly visible in 43 frames */
    for (size_t i = 0; i + 1 < count; i++)
        check_crossing_box(json_array_get(motion, i));

    /* It shows from frame 51 to 106; two frames in a row are asked for, and a second of rest. */
    const long long start = support_integer(json_array_get(motion, 0), "seq");
    const long long last = support_integer(json_array_get(motion, count - 2), "seq");
    const long long stop = support_integer(json_array_get(motion, count - 1), "seq");
    cr_expect(start >= 52 && start <= 55, "%lld", start);
    cr_expect(last >= 103 && last <= 106, "%lld", last);
    cr_expect(stop == last + RATE || stop == last + RATE + 1, "%lld after %lld", stop, last);
    cr_expect_eq(count, (size_t)(last - start + 2), "a frame of the crossing has no event");
}

#define CROSSING_OF_FORMAT(name, file, format)                                                     \
    Test(crossing, name)                                                                           \
    {                                                                                              \
        char *clip = support_ringside_clip(                                                        \
            file, SUPPORT_ARGUMENTS(CROSSING, "-c:v", "ffv1", "-pix_fmt", format));                \
        check_crossing(clip);                                                                      \
        free(clip);                                                                                \
    }

CROSSING_OF_FORMAT(is_followed_in_yuv, "crossing.mkv", "yuv420p")
CROSSING_OF_FORMAT(is_followed_in_10_bit, "crossing-10.mkv", "yuv422p10le")
CROSSING_OF_FORMAT(is_followed_in_rgb, "crossing-rgb.mkv", "bgr0")
CROSSING_OF_FORMAT(is_followed_in_16_bit_gray, "crossing-gray.mkv", "gray16le")

Test(crossing, is_followed_by_each_camera_on_its_own)
{
    char *crossing = support_ringside_clip(
        "crossing.mkv", SUPPORT_ARGUMENTS(CROSSING, "-c:v", "ffv1", "-pix_fmt", "yuv420p"));
    char *still = support_ringside_clip(
        "gray.mkv", SUPPORT_ARGUMENTS(LAVFI("color=gray:size=320x240:rate=25:duration=3"), "-c:v",
                                      "ffv1", "-pix_fmt", "yuv420p"));
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", still, crossing, still));
    cr_assert_eq(result.exit_code, 0);
    json_t *together = support_events(result.out);
    json_t *alone = motion_of(crossing, "motion");
    json_t *motion = support_events_pick(together, "motion", "crossing", 0);
    cr_assert_eq(json_array_size(motion), json_array_size(alone));
    for (size_t i = 0; i < json_array_size(alone); i++)
        cr_assert(json_equal(json_object_get(json_array_get(motion, i), "boxes"),
                             json_object_get(json_array_get(alone, i), "boxes")));
    cr_expect_eq(json_array_size(support_events_pick(together, "motion", NULL, -1)),
                 json_array_size(alone));
}

/* It is still there at the end: the stop that belongs to the start comes with the last frame. */
Test(crossing, that_the_clip_cuts_short_is_stopped)
{
    char *clip = support_ringside_clip(
        "cut.mkv", SUPPORT_ARGUMENTS(CROSSING, "-t", "3", "-c:v", "ffv1", "-pix_fmt", "yuv420p"));
    json_t *motion = motion_of(clip, "motion");
    check_order(motion, (struct size){320, 240});
    const json_t *stop = json_array_get(motion, json_array_size(motion) - 1);
    cr_expect_eq(support_integer(stop, "seq"), 3 * RATE - 1);
}

static size_t crossing_events_with(const char *worker)
{
    char *clip = support_ringside_clip(
        "crossing.mkv", SUPPORT_ARGUMENTS(CROSSING, "-c:v", "ffv1", "-pix_fmt", "yuv420p"));
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", worker, clip));
    cr_assert_eq(result.exit_code, 0);
    return json_array_size(support_events_pick(support_events(result.out), "motion", NULL, 0));
}

/* White on slate gray differs by about 100 levels, and the box has 2 % of the picture. */
Test(crossing, is_told_as_the_options_say)
{
    const size_t events = crossing_events_with("motion:travel=0");
    cr_expect_eq(crossing_events_with("motion:threshold=200"), 0);
    cr_expect_gt(crossing_events_with("motion:threshold=60"), 0);
    cr_expect_eq(crossing_events_with("motion:min_area=3"), 0);
    cr_expect_gt(crossing_events_with("motion:min_area=1"), 0);
    cr_expect_eq(crossing_events_with("motion:start_frames=1000"), 0);
    /* It goes 280 pixels, and the picture is 240 high. */
    const size_t late = crossing_events_with("motion:travel=50,linger_seconds=10");
    cr_expect(late > 0 && late < events);
    cr_expect_eq(crossing_events_with("motion:travel=0,start_frames=12"), events - 8);
}

/* -- nothing moves ----------------------------------------------------------------------------- */

#define SILENT(name, file, ...)                                                                    \
    Test(still, name)                                                                              \
    {                                                                                              \
        char *clip = support_ringside_clip(                                                        \
            file, SUPPORT_ARGUMENTS(__VA_ARGS__, "-c:v", "ffv1", "-pix_fmt", "yuv420p"));          \
        json_t *motion = motion_of(clip, "motion");                                                \
        cr_expect_eq(json_array_size(motion), 0, "%s", json_dumps(motion, 0));                     \
        free(clip);                                                                                \
    }

#define STILL LAVFI("testsrc=size=320x240:rate=25:duration=0.04")
#define HELD "loop=loop=75:size=1,setpts=N/25/TB,"

SILENT(picture, "still.mkv", STILL, "-vf", HELD "null")
SILENT(noisy_picture, "noise.mkv", STILL, "-vf", HELD "noise=alls=16:allf=t:all_seed=1")
SILENT(light_switched_on, "light.mkv", STILL, "-vf",
       "lutyuv=y='16+val/4'," HELD "eq=brightness=0.3:enable='gte(t,1)',"
       "noise=alls=8:allf=t:all_seed=1")
SILENT(light_switched_off, "dark.mkv", STILL, "-vf",
       "lutyuv=y='60+val/4'," HELD "eq=brightness=-0.2:enable='gte(t,1)',"
       "noise=alls=8:allf=t:all_seed=1")

/* -- a real clip ------------------------------------------------------------------------------- */

/* By eye: the middles of the cars in some frames. */
static const struct {
    long long seq;
    int x, y;
} cars[] = {
    {70, 372, 310},  {80, 354, 202},  {90, 344, 91},   {200, 186, 128},
    {200, 405, 324}, {210, 159, 273}, {210, 395, 229}, {220, 156, 358},
    {220, 379, 105}, {330, 226, 169}, {340, 200, 331},
};

static bool is_in_a_box(const json_t *motion, long long seq, struct box what)
{
    bool found = false;
    size_t i;
    const json_t *event;
    json_array_foreach(motion, i, event)
    {
        for (size_t j = 0; support_integer(event, "seq") == seq && j < boxes_in(event); j++)
            found = found || covers(box_at(event, j), what);
    }
    return found;
}

Test(real_clip, cars_are_in_boxes)
{
    char *clip = support_ringside_real_clip("car-detection.mp4");
    json_t *motion = motion_of(clip, "motion");
    check_order(motion, (struct size){768, 432});
    for (size_t i = 0; i < sizeof cars / sizeof *cars; i++) {
        const struct box middle = {cars[i].x - 10, cars[i].y - 10, 20, 20};
        cr_expect(is_in_a_box(motion, cars[i].seq, middle),
                  "no box around the car at %d,%d of %lld", cars[i].x, cars[i].y, cars[i].seq);
    }
    free(clip);
}

/* By eye: no car is to be seen in these frames, nor less than a second before. */
static const struct {
    long long first, last;
} empty_road[] = {{0, 50}, {140, 172}, {268, 308}};

Test(real_clip, an_empty_road_is_still)
{
    char *clip = support_ringside_real_clip("car-detection.mp4");
    json_t *motion = motion_of(clip, "motion");
    size_t i;
    const json_t *event;
    json_array_foreach(motion, i, event)
    {
        const long long seq = support_integer(event, "seq");
        for (size_t j = 0; j < sizeof empty_road / sizeof *empty_road; j++)
            cr_expect(seq < empty_road[j].first || seq > empty_road[j].last, "motion in frame %lld",
                      seq);
    }
    free(clip);
}
