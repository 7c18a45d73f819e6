/* Each analyzer sees the same in a picture, whatever format, range and size it comes in. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/screening.h"

#define RATE 25.0

struct shape {
    int width, height;
    struct support_patch patch;
    const char *box;
};

static const struct shape even = {320, 240, {40, 80, 24, 12, 200}, "[[40,80,24,12]]"};
/* The patch reaches into the last column and row, which are narrower than a cell. */
static const struct shape odd = {319, 241, {300, 220, 19, 21, 200}, "[[300,220,19,21]]"};

/* A clip of two pictures: nothing, then something. */
struct clip {
    struct support_canvas nothing, something;
};

static void paint(struct clip *clip, const struct shape *shape, enum frame_format format,
                  enum frame_range range)
{
    support_canvas_open(&clip->nothing, format, shape->width, shape->height, range);
    support_canvas_open(&clip->something, format, shape->width, shape->height, range);
    support_canvas_fill(&clip->nothing, 60);
    support_canvas_fill(&clip->something, 60);
    support_canvas_paint(&clip->something, shape->patch);
}

static bool convert(struct clip *clip, enum frame_format format, struct clip *out)
{
    return support_canvas_convert(&clip->nothing, format, &out->nothing) &&
           support_canvas_convert(&clip->something, format, &out->something);
}

static void throw_away(struct clip *clip)
{
    support_canvas_close(&clip->nothing);
    support_canvas_close(&clip->something);
}

/* -- motion ------------------------------------------------------------------------------------ */

static void expect_motion(struct clip *clip, const char *box, const char *what)
{
    struct support_screening screening;
    support_screening_open(&screening, "motion", "travel=0,learn_seconds=0,start_frames=2");
    for (int i = 0; i < 8; i++)
        support_screening_show(&screening, i < 5 ? &clip->nothing : &clip->something, i / RATE);
    cr_assert_eq(screening.error, 0, "%s: %s", what, strerror(-screening.error));
    json_t *events = support_screening_close(&screening);
    const json_t *start = json_array_get(events, 0);
    char *told = json_dumps(json_object_get(start, "boxes"), JSON_COMPACT);
    cr_expect_eq(json_array_size(events), 3, "%s: %zu events", what, json_array_size(events));
    cr_expect(told && strcmp(told, box) == 0, "%s: %s instead of %s", what, told, box);
    cr_expect_eq(json_integer_value(json_object_get(start, "seq")), 6, "%s", what);
    free(told);
    json_decref(events);
}

static void expect_motion_in(const struct shape *shape, enum frame_format format,
                             enum frame_range range)
{
    struct clip clip;
    char what[64];
    snprintf(what, sizeof what, "%s, range %d, %d x %d", frame_format_name(format), (int)range,
             shape->width, shape->height);
    paint(&clip, shape, format, range);
    expect_motion(&clip, shape->box, what);
    throw_away(&clip);
}

Test(motion, is_seen_in_every_format_with_luma)
{
    int formats = 0;
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        if (!support_canvas_can_be(i))
            continue;
        formats++;
        expect_motion_in(&even, i, FRAME_RANGE_LIMITED);
        expect_motion_in(&even, i, FRAME_RANGE_FULL);
        expect_motion_in(&odd, i, FRAME_RANGE_UNSPECIFIED);
    }
    cr_expect_gt(formats, 50);
}

/* What these show is made of dots, which libswscale strews anew all over the picture when a part of
 * it changes. */
static bool is_strewn(enum frame_format format)
{
    return format == FRAME_FORMAT_RGB4_BYTE || format == FRAME_FORMAT_BGR4_BYTE;
}

/* RGB, big-endian words, palettes, single bits: those that libswscale reads and writes. */
Test(motion, is_seen_in_every_format_that_can_be_converted)
{
    int formats = 0;
    struct clip gray;
    paint(&gray, &even, FRAME_FORMAT_YUV444P, FRAME_RANGE_FULL);
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        struct clip clip = {0};
        const bool asked = frame_format_info(i) && !support_canvas_can_be(i) && !is_strewn(i);
        if (asked && convert(&gray, i, &clip)) {
            formats++;
            expect_motion(&clip, even.box, frame_format_name(i));
        }
        throw_away(&clip);
    }
    cr_expect_gt(formats, 50);
}

/* The threshold is in levels of 0 to 255, not in what a format or range makes of them. */
static size_t events_at(enum frame_format format, enum frame_range range, const char *options)
{
    struct clip clip;
    struct support_screening screening;
    paint(&clip, &even, format, range);
    support_screening_open(&screening, "motion", options);
    for (int i = 0; i < 8; i++)
        support_screening_show(&screening, i < 5 ? &clip.nothing : &clip.something, i / RATE);
    throw_away(&clip);
    json_t *events = support_screening_close(&screening);
    const size_t count = json_array_size(events);
    json_decref(events);
    return count;
}

Test(motion, has_a_threshold_in_levels)
{
    static const enum frame_format formats[] = {FRAME_FORMAT_YUV420P, FRAME_FORMAT_YUV420P10LE,
                                                FRAME_FORMAT_GRAY16LE, FRAME_FORMAT_P010LE,
                                                FRAME_FORMAT_YUYV422};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int range = FRAME_RANGE_LIMITED; range <= FRAME_RANGE_FULL; range++) {
            const char *name = frame_format_name(formats[i]);
            cr_expect_eq(events_at(formats[i], range,
                                   "travel=0,learn_seconds=0,start_frames=2,threshold=142"),
                         0, "%s, range %d", name, range);
            cr_expect_neq(events_at(formats[i], range,
                                    "travel=0,learn_seconds=0,start_frames=2,threshold=137"),
                          0, "%s, range %d", name, range);
        }
}

/* Very large pictures have cells of 256 pixels at most, or their sums would not fit. */
Test(motion, is_seen_in_a_very_high_picture)
{
    static const struct shape tower = {32, 32768, {0, 16384, 32, 512, 200}, "[[0,16384,32,512]]"};
    static const enum frame_format formats[] = {FRAME_FORMAT_GRAY8, FRAME_FORMAT_GRAY16LE};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct clip clip;
        struct support_screening screening;
        paint(&clip, &tower, formats[i], FRAME_RANGE_FULL);
        support_canvas_fill(&clip.nothing, 255);
        support_canvas_fill(&clip.something, 255);
        support_canvas_paint(&clip.something, tower.patch);
        support_screening_open(&screening, "motion",
                               "travel=0,learn_seconds=0,start_frames=2,detail=16");
        for (int j = 0; j < 8; j++)
            support_screening_show(&screening, j < 5 ? &clip.nothing : &clip.something, j / RATE);
        cr_assert_eq(screening.error, 0);
        json_t *events = support_screening_close(&screening);
        char *box = json_dumps(json_object_get(json_array_get(events, 0), "boxes"), JSON_COMPACT);
        cr_expect(box && strcmp(box, tower.box) == 0, "%s", box);
        free(box);
        json_decref(events);
        throw_away(&clip);
    }
}

/* A frame that the decoder flagged is not looked at, whatever it shows. */
Test(motion, is_not_seen_in_damaged_frames)
{
    struct clip clip;
    struct support_screening screening;
    paint(&clip, &even, FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED);
    clip.something.descriptor.flags |= FRAME_FLAG_CORRUPT;
    support_screening_open(&screening, "motion", "travel=0,learn_seconds=0,start_frames=2");
    for (int i = 0; i < 10; i++)
        support_screening_show(&screening, i < 5 ? &clip.nothing : &clip.something, i / RATE);
    json_t *events = support_screening_close(&screening);
    cr_expect_eq(json_array_size(events), 0);
    json_decref(events);
    throw_away(&clip);
}
