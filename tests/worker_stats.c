/* stats measures what was painted, in every format. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/screening.h"

#define RATE 25.0

static double number(const json_t *event, const char *key)
{
    const json_t *value = json_object_get(event, key);
    cr_assert(json_is_number(value), "no %s", key);
    return json_number_value(value);
}

static double bin(const json_t *event, size_t index)
{
    return json_number_value(json_array_get(json_object_get(event, "histogram"), index));
}

/* What is told of one picture alone. */
static json_t *stats_of(struct support_canvas *canvas, const char *options)
{
    struct support_screening screening;
    support_screening_open(&screening, "stats", options);
    support_screening_show(&screening, canvas, 0);
    support_screening_show(&screening, canvas, 1 / RATE);
    cr_assert_eq(screening.error, 0);
    json_t *events = support_screening_close(&screening);
    cr_assert_eq(json_array_size(events), 1);
    json_t *event = json_incref(json_array_get(events, 0));
    json_decref(events);
    return event;
}

/* The right half white, the rest black. */
static void paint_halves(struct support_canvas *canvas, enum frame_format format, int width,
                         int height, enum frame_range range)
{
    support_canvas_open(canvas, format, width, height, range);
    support_canvas_paint(canvas, (struct support_patch){width / 2, 0, width, height, 255});
}

static void expect_halves(struct support_canvas *canvas, const char *what, double tolerance)
{
    json_t *event = stats_of(canvas, "bins=4");
    const double white = (double)(canvas->descriptor.width - canvas->descriptor.width / 2) /
                         canvas->descriptor.width;
    cr_expect_float_eq(number(event, "mean"), 255 * white, tolerance, "%s: %f", what,
                       number(event, "mean"));
    cr_expect_float_eq(number(event, "contrast"), 127.5, tolerance, "%s", what);
    cr_expect_float_eq(bin(event, 0), 1 - white, 0.02, "%s: %f", what, bin(event, 0));
    cr_expect_float_eq(bin(event, 3), white, 0.02, "%s: %f", what, bin(event, 3));
    cr_expect_float_eq(number(event, "sharpness"), 1, 0.01, "%s", what);
    json_decref(event);
}

Test(stats, are_the_same_in_every_format_with_luma)
{
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        if (!support_canvas_can_be(i))
            continue;
        for (int range = FRAME_RANGE_LIMITED; range <= FRAME_RANGE_FULL; range++) {
            struct support_canvas canvas;
            paint_halves(&canvas, i, 64, 48, range);
            expect_halves(&canvas, frame_format_name(i), 0.6);
            support_canvas_close(&canvas);
        }
    }
}

Test(stats, are_the_same_in_colours)
{
    static const enum frame_format formats[] = {FRAME_FORMAT_RGB24, FRAME_FORMAT_BGR0,
                                                FRAME_FORMAT_GBRP16LE, FRAME_FORMAT_GRAY10BE};
    struct support_canvas gray;
    paint_halves(&gray, FRAME_FORMAT_YUV444P, 64, 48, FRAME_RANGE_FULL);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct support_canvas canvas;
        cr_assert(support_canvas_convert(&gray, formats[i], &canvas));
        expect_halves(&canvas, frame_format_name(formats[i]), 1.5);
        support_canvas_close(&canvas);
    }
    support_canvas_close(&gray);
}

/* With cells that are cut at the edges, and one pixel each. */
Test(stats, are_the_same_in_odd_sizes)
{
    static const int sizes[][2] = {{63, 47}, {1, 1}, {2, 361}, {1919, 721}, {641, 361}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct support_canvas canvas;
        char what[32];
        snprintf(what, sizeof what, "%d x %d", sizes[i][0], sizes[i][1]);
        support_canvas_open(&canvas, FRAME_FORMAT_YUV420P, sizes[i][0], sizes[i][1],
                            FRAME_RANGE_LIMITED);
        support_canvas_fill(&canvas, 100);
        json_t *event = stats_of(&canvas, "bins=256");
        cr_expect_float_eq(number(event, "mean"), 100, 1, "%s: %f", what, number(event, "mean"));
        cr_expect_float_eq(number(event, "contrast"), 0, 0.01, "%s", what);
        cr_expect_eq(number(event, "sharpness"), 0, "%s", what);
        cr_expect_float_eq(bin(event, 99) + bin(event, 100) + bin(event, 101), 1, 0.001, "%s",
                           what);
        json_decref(event);
        support_canvas_close(&canvas);
    }
}

/* The wider the ramps, the less; and noise, which is sharper than anything, does not count. */
Test(stats, know_sharp_from_blurred)
{
    double last = 1.2;
    static const int radii[] = {0, 1, 3};
    for (size_t i = 0; i < 3; i++) {
        struct support_screening screening;
        struct support_canvas canvas;
        support_screening_open(&screening, "stats", NULL);
        for (unsigned frame = 0; frame < 4; frame++) {
            support_canvas_open(&canvas, FRAME_FORMAT_GRAY8, 320, 180, FRAME_RANGE_FULL);
            support_canvas_texture(&canvas, 12, 120, 60);
            support_canvas_blur(&canvas, radii[i]);
            support_canvas_noise(&canvas, 6, frame + 1);
            support_screening_show(&screening, &canvas, frame / RATE);
            support_canvas_close(&canvas);
        }
        json_t *events = support_screening_close(&screening);
        const double sharpness = number(json_array_get(events, 0), "sharpness");
        cr_expect(sharpness < last - 0.1, "radius %d: %f after %f", radii[i], sharpness, last);
        last = sharpness;
        json_decref(events);
    }
    cr_expect_lt(last, 0.2);
}

static json_t *stats_at(const char *options, const double *times, size_t count)
{
    struct support_screening screening;
    struct support_canvas canvas;
    support_screening_open(&screening, "stats", options);
    support_canvas_open(&canvas, FRAME_FORMAT_GRAY8, 32, 32, FRAME_RANGE_FULL);
    for (size_t i = 0; i < count; i++) {
        support_canvas_fill(&canvas, (double)i);
        support_screening_show(&screening, &canvas, times[i]);
    }
    support_canvas_close(&canvas);
    return support_screening_close(&screening);
}

static void expect_frames(json_t *events, const char *frames)
{
    char text[256] = "";
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
        sprintf(text + strlen(text), "%d ", (int)number(event, "frames"));
    cr_expect_str_eq(text, frames);
    json_decref(events);
}

Test(stats, come_once_an_interval)
{
    double times[60];
    for (int i = 0; i < 60; i++)
        times[i] = 100 + i / RATE;
    json_t *events = stats_at(NULL, times, 60);
    cr_expect_float_eq(number(json_array_get(events, 0), "mean"), 12, 0.001); /* 0 to 24 */
    cr_expect_eq(number(json_array_get(events, 0), "darkest"), 0);
    cr_expect_eq(number(json_array_get(events, 0), "brightest"), 24);
    cr_expect_eq(number(json_array_get(events, 1), "darkest"), 25);
    expect_frames(events, "25 25 10 ");
    expect_frames(stats_at("interval_seconds=0.2", times, 12), "5 5 2 ");
    expect_frames(stats_at("interval_seconds=0", times, 3), "1 1 1 ");
    expect_frames(stats_at("interval_seconds=0.001", times, 3), "1 1 1 ");
}

/* 25 frames a second where they don't say; a time that goes back is none; after a gap goes on. */
Test(stats, come_whatever_the_times_are)
{
    double times[60];
    for (int i = 0; i < 60; i++)
        times[i] = NAN;
    expect_frames(stats_at(NULL, times, 60), "25 25 10 ");
    for (int i = 0; i < 60; i++)
        times[i] = -i;
    expect_frames(stats_at(NULL, times, 60), "25 25 10 ");
    for (int i = 0; i < 4; i++)
        times[i] = i * 1000;
    expect_frames(stats_at(NULL, times, 4), "1 1 1 1 ");
}

Test(stats, of_no_frame_are_none)
{
    expect_frames(stats_at(NULL, NULL, 0), "");
}
