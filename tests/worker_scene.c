/* scene tells cuts and gradual changes, and nothing of flashes, noise and what moves. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/screening.h"

#define RATE 25.0
#define WIDTH 160
#define HEIGHT 90

/* Two places: textures of other grains and levels. */
enum place { HERE, THERE };

struct film {
    struct support_screening screening;
    struct support_canvas places[2], canvas;
    enum frame_format format;
    bool timeless;
};

static void open_film(struct film *film, enum frame_format format, enum frame_range range,
                      int width, int height)
{
    film->format = format;
    support_screening_open(&film->screening, "scene", NULL);
    for (int i = 0; i < 2; i++)
        support_canvas_open(&film->places[i], format, width, height, range);
    support_canvas_open(&film->canvas, format, width, height, range);
    support_canvas_texture(&film->places[HERE], 9, 90, 60);
    support_canvas_texture(&film->places[THERE], 17, 160, 60);
}

/* What is on the canvas, with noise. */
static void show_canvas(struct film *film)
{
    support_canvas_noise(&film->canvas, 3, (unsigned)film->screening.shown + 1);
    const double seconds = 50 + (double)film->screening.shown / RATE;
    support_screening_show(&film->screening, &film->canvas, film->timeless ? NAN : seconds);
}

static void show(struct film *film, enum place place, int frames)
{
    for (int i = 0; i < frames; i++) {
        support_canvas_copy(&film->canvas, &film->places[place]);
        show_canvas(film);
    }
}

struct mix {
    const struct support_canvas *places;
    double share; /* of THERE */
};

static double level_of_mix(int x, int y, const void *user)
{
    const struct mix *mix = user;
    return support_canvas_level(&mix->places[HERE], x, y) * (1 - mix->share) +
           support_canvas_level(&mix->places[THERE], x, y) * mix->share;
}

/* A frame with so much of THERE. */
static void show_mix(struct film *film, double share)
{
    support_canvas_draw(&film->canvas, level_of_mix, &(struct mix){film->places, share});
    show_canvas(film);
}

/* "cut 50.4-50.4" for each. */
static char *close_film(struct film *film)
{
    char *text = calloc(1, 1024);
    size_t i;
    const json_t *event;
    cr_assert_eq(film->screening.error, 0);
    json_t *events = support_screening_close(&film->screening);
    json_array_foreach(events, i, event)
    {
        const json_t *begin = json_object_get(event, "begin"), *end = json_object_get(event, "end");
        sprintf(text + strlen(text), "%s%s", *text ? " " : "",
                json_string_value(json_object_get(event, "kind")));
        if (!json_is_null(begin))
            sprintf(text + strlen(text), " %.2f-%.2f", json_number_value(begin),
                    json_number_value(end));
    }
    json_decref(events);
    for (int j = 0; j < 2; j++)
        support_canvas_close(&film->places[j]);
    support_canvas_close(&film->canvas);
    return text;
}

static void expect(struct film *film, const char *told, const char *what)
{
    char *text = close_film(film);
    cr_expect(strcmp(text, told) == 0, "%s: '%s' instead of '%s'", what, text, told);
    free(text);
}

static void open_gray(struct film *film)
{
    *film = (struct film){.timeless = false};
    open_film(film, FRAME_FORMAT_GRAY8, FRAME_RANGE_FULL, WIDTH, HEIGHT);
}

Test(scene, cut_is_told_with_its_time)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 10);
    show(&film, THERE, 20);
    show(&film, HERE, 20);
    expect(&film, "cut 50.40-50.40 cut 51.20-51.20", "cuts");
}

Test(scene, cut_is_told_in_every_format)
{
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        if (!support_canvas_can_be(i))
            continue;
        for (int range = FRAME_RANGE_LIMITED; range <= FRAME_RANGE_FULL; range++) {
            struct film film = {.timeless = false};
            open_film(&film, i, range, 31, 47);
            show(&film, HERE, 4);
            show(&film, THERE, 8);
            expect(&film, "cut 50.16-50.16", frame_format_name(i));
        }
    }
}

Test(scene, cut_without_times_is_told)
{
    struct film film;
    open_gray(&film);
    film.timeless = true;
    show(&film, HERE, 10);
    show(&film, THERE, 10);
    expect(&film, "cut", "without times");
}

Test(scene, flash_is_none)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 10);
    show(&film, THERE, 2);
    show(&film, HERE, 20);
    expect(&film, "", "flash");
}

Test(scene, fade_is_gradual)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 10);
    for (int i = 1; i <= 25; i++)
        show_mix(&film, i / 25.0);
    show(&film, THERE, 20);
    expect(&film, "gradual 50.40-51.36", "fade");
}

Test(scene, fade_that_comes_back_is_none)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 10);
    for (int i = 1; i <= 40; i++)
        show_mix(&film, 0.5 - 0.5 * cos(i * 2 * 3.14159265 / 40));
    show(&film, HERE, 20);
    expect(&film, "", "there and back");
}

/* Something large and bright that comes in, stays, and takes a third of the picture. */
Test(scene, what_moves_is_none)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 10);
    for (int i = 0; i < 40; i++) {
        const int right = i * 3 < 60 ? i * 3 : 60;
        support_canvas_fill(&film.canvas, 0);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                support_canvas_paint(
                    &film.canvas,
                    (struct support_patch){
                        x, y, 1, 1,
                        x < right ? 250 : support_canvas_level(&film.places[HERE], x, y)});
        support_screening_show(&film.screening, &film.canvas,
                               50 + (double)film.screening.shown / RATE);
    }
    expect(&film, "", "moving");
}

Test(scene, noise_is_none)
{
    struct film film;
    open_gray(&film);
    show(&film, HERE, 50);
    expect(&film, "", "noise");
}

/* Another size begins anew: there is nothing to compare with. */
Test(scene, of_another_size_is_none)
{
    struct support_screening screening;
    struct support_canvas small, large;
    support_screening_open(&screening, "scene", NULL);
    support_canvas_open(&small, FRAME_FORMAT_GRAY8, 64, 64, FRAME_RANGE_FULL);
    support_canvas_open(&large, FRAME_FORMAT_GRAY8, 128, 128, FRAME_RANGE_FULL);
    support_canvas_fill(&large, 255);
    for (int i = 0; i < 20; i++)
        support_screening_show(&screening, i / 10 ? &large : &small, i / RATE);
    json_t *events = support_screening_close(&screening);
    cr_expect_eq(json_array_size(events), 0);
    json_decref(events);
    support_canvas_close(&small);
    support_canvas_close(&large);
}
