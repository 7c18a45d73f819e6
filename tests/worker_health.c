/* health tells what is wrong with a camera's picture, from when to when, and nothing else. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/screening.h"

#define RATE 25.0
#define WIDTH 320
#define HEIGHT 180

enum look { WELL, BLACK, DARK, BRIGHT, BLURRED, FROZEN, COVERED, MOVED, NOISE };

struct watch {
    struct support_screening screening;
    struct support_canvas sharp, clean, canvas; /* what is there, how it looks, and with noise */
    enum look look;
    double now;
};

static void open_watch(struct watch *watch, enum frame_format format, int width, int height,
                       enum frame_range range, const char *options)
{
    *watch = (struct watch){.now = 0};
    support_screening_open(&watch->screening, "health", options);
    support_canvas_open(&watch->sharp, format, width, height, range);
    support_canvas_open(&watch->clean, format, width, height, range);
    support_canvas_open(&watch->canvas, format, width, height, range);
    support_canvas_texture(&watch->sharp, height / 20, 120, 70);
}

static double level_at(int x, int y, const void *user)
{
    const struct watch *watch = user;
    const int width = (int)watch->sharp.descriptor.width;
    const int height = (int)watch->sharp.descriptor.height;
    switch (watch->look) {
    case BLACK:
        return 4;
    case COVERED:
        return 90;
    case DARK:
        return x < width / 12 ? 200 : 8;
    case BRIGHT:
        return x < width * 2 / 3 ? 252 : 100;
    case MOVED:
        return support_canvas_level(&watch->sharp, (x + width / 3) % width,
                                    (y + height / 5) % height);
    default:
        return support_canvas_level(&watch->sharp, x, y);
    }
}

static void paint(struct watch *watch, enum look look)
{
    watch->look = look;
    support_canvas_draw(&watch->clean, level_at, watch);
    if (look == BLURRED)
        support_canvas_blur(&watch->clean, (int)watch->clean.descriptor.height / 18);
}

/* So many seconds at `fps`; every frame has its own noise unless it is frozen. */
static void show_at(struct watch *watch, enum look look, double seconds, double fps)
{
    paint(watch, look);
    const int frames = (int)lrint(seconds * fps);
    for (int i = 0; i < frames; i++) {
        support_canvas_copy(&watch->canvas, &watch->clean);
        support_canvas_noise(&watch->canvas, look == NOISE ? 25 : 3,
                             look == FROZEN ? 1 : (unsigned)watch->screening.shown + 1);
        watch->now += 1 / fps;
        support_screening_show(&watch->screening, &watch->canvas, watch->now);
    }
}

static void show(struct watch *watch, enum look look, double seconds)
{
    show_at(watch, look, seconds, RATE);
}

static char *close_watch(struct watch *watch)
{
    char *text = calloc(1, 4096);
    size_t i;
    const json_t *event;
    cr_assert_eq(watch->screening.error, 0);
    json_t *events = support_screening_close(&watch->screening);
    json_array_foreach(events, i, event)
        sprintf(text + strlen(text), "%s%s %s", *text ? ", " : "",
                json_string_value(json_object_get(event, "condition")),
                json_string_value(json_object_get(event, "state")));
    json_decref(events);
    support_canvas_close(&watch->sharp);
    support_canvas_close(&watch->clean);
    support_canvas_close(&watch->canvas);
    return text;
}

static void expect(struct watch *watch, const char *told, const char *what)
{
    char *text = close_watch(watch);
    cr_expect(strcmp(text, told) == 0, "%s: '%s' instead of '%s'", what, text, told);
    free(text);
}

static void open_gray(struct watch *watch, const char *options)
{
    open_watch(watch, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, FRAME_RANGE_FULL, options);
}

/* Ill for three seconds between times that are well; a second is asked for. */
static void expect_illness(enum look look, const char *name, const char *options)
{
    char told[64];
    struct watch watch;
    open_gray(&watch, options);
    show(&watch, WELL, 3);
    show(&watch, look, 3);
    show(&watch, WELL, 3);
    snprintf(told, sizeof told, "%s start, %s stop", name, name);
    expect(&watch, told, name);
}

Test(health, black_is_told)
{
    expect_illness(BLACK, "black", "seconds=1");
}

Test(health, underexposed_is_told)
{
    expect_illness(DARK, "underexposed", "seconds=1,moved=0");
}

Test(health, overexposed_is_told)
{
    expect_illness(BRIGHT, "overexposed", "seconds=1,moved=0");
}

Test(health, blurred_is_told)
{
    expect_illness(BLURRED, "blurred", "seconds=1,moved=0");
}

Test(health, frozen_is_told)
{
    expect_illness(FROZEN, "frozen", "seconds=1,frozen_seconds=1");
}

Test(health, covered_is_told)
{
    expect_illness(COVERED, "covered", "seconds=1");
}

Test(health, moved_is_told)
{
    expect_illness(MOVED, "moved", "seconds=1");
}

Test(health, is_well_with_noise)
{
    struct watch watch;
    open_gray(&watch, "seconds=0.2,frozen_seconds=0.2");
    show(&watch, NOISE, 5);
    expect(&watch, "", "noise");
}

Test(health, for_a_moment_is_not_told)
{
    struct watch watch;
    open_gray(&watch, NULL);
    show(&watch, WELL, 3);
    show(&watch, BLACK, 1);
    show(&watch, WELL, 3);
    expect(&watch, "", "a second of black");
}

/* A moment of light in it does not end it. */
Test(health, is_told_once)
{
    struct watch watch;
    open_gray(&watch, NULL);
    show(&watch, WELL, 3);
    show(&watch, BLACK, 3);
    show(&watch, WELL, 1);
    show(&watch, BLACK, 2);
    show(&watch, WELL, 3);
    expect(&watch, "black start, black stop", "black with a moment of light");
}

Test(health, stops_with_the_camera)
{
    struct watch watch;
    open_gray(&watch, NULL);
    show(&watch, BLACK, 3);
    expect(&watch, "black start, black stop", "black to the end");
}

Test(health, has_times)
{
    struct watch watch;
    open_gray(&watch, NULL);
    show(&watch, WELL, 3);
    show(&watch, BLACK, 4);
    show(&watch, WELL, 3);
    json_t *events = json_incref(watch.screening.events);
    free(close_watch(&watch));
    const json_t *start = json_array_get(events, 0), *stop = json_array_get(events, 1);
    cr_expect_float_eq(json_number_value(json_object_get(start, "pts")), 5.04, 0.05);
    cr_expect_float_eq(json_number_value(json_object_get(start, "duration")), 2, 0.05);
    cr_expect_float_eq(json_number_value(json_object_get(stop, "duration")), 6, 0.05);
    cr_expect_float_eq(json_number_value(json_object_get(start, "value")), 4, 1);
}

/* Where the camera was turned to is, after a minute, what it looks at. */
Test(health, gets_used_to_a_new_view)
{
    struct watch watch;
    open_gray(&watch, NULL);
    show_at(&watch, WELL, 10, 5);
    show_at(&watch, MOVED, 70, 5);
    char *text = close_watch(&watch);
    cr_expect_str_eq(text, "moved start, moved stop");
    free(text);
}

Test(health, of_few_frames_is_told)
{
    struct watch watch;
    open_gray(&watch, "min_fps=10");
    show_at(&watch, WELL, 3, 25);
    show_at(&watch, WELL, 6, 4);
    show_at(&watch, WELL, 3, 25);
    expect(&watch, "low_fps start, low_fps stop", "few frames");
}

Test(health, of_no_frames_is_told)
{
    struct watch watch;
    open_gray(&watch, "stall_seconds=2");
    show(&watch, WELL, 1);
    for (int i = 0; i < 3; i++)
        support_screening_idle(&watch.screening);
    cr_expect_eq(json_array_size(watch.screening.events), 0);
    for (int i = 0; i < 5; i++)
        support_screening_idle(&watch.screening);
    cr_expect_eq(json_array_size(watch.screening.events), 1);
    show(&watch, WELL, 1);
    expect(&watch, "low_fps start, low_fps stop", "no frames");
}

/* Black is black in whatever format, and neither 16 of limited range nor 0 of full is any less. */
Test(health, is_told_in_every_format)
{
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        if (!support_canvas_can_be(i))
            continue;
        for (int range = FRAME_RANGE_LIMITED; range <= FRAME_RANGE_FULL; range++) {
            struct watch watch;
            open_watch(&watch, i, 33, 25, range, "seconds=0.3,moved=0");
            show(&watch, WELL, 0.4);
            show(&watch, BLACK, 0.5);
            show(&watch, WELL, 0.5);
            expect(&watch, "black start, black stop", frame_format_name(i));
        }
    }
}
