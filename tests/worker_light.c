/* What has no outline of its own is light, and not told as motion. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/screening.h"

#define RATE 25.0
#define WIDTH 320
#define HEIGHT 240
#define BRIGHTER 30 /* levels */

/* A round spot on gray; it fades away to its sides, or ends at once. */
struct spot {
    int x, y, radius; /* pixels */
    bool fades;
};

static double level_at(int x, int y, const void *user)
{
    const struct spot *spot = user;
    const double part = hypot(x - spot->x, y - spot->y) / spot->radius;
    const double share = part > 1 ? 0 : spot->fades ? (1 + cos(M_PI * part)) / 2 : 1;
    return 60 + BRIGHTER * share;
}

/* It crosses the picture in two seconds, after two of nothing. How many events that makes. */
static size_t events_of(struct spot spot)
{
    struct support_canvas canvas;
    struct support_screening screening;
    support_canvas_open(&canvas, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, FRAME_RANGE_FULL);
    support_screening_open(&screening, "motion", NULL);
    for (int i = 0; i < 4 * RATE; i++) {
        spot.x = (int)((i / RATE - 2) * (WIDTH + 2 * spot.radius) / 2) - spot.radius;
        support_canvas_draw(&canvas, level_at, &spot);
        support_screening_show(&screening, &canvas, i / RATE);
    }
    cr_assert_eq(screening.error, 0, "%s", strerror(-screening.error));
    support_canvas_close(&canvas);
    json_t *events = support_screening_close(&screening);
    const size_t count = json_array_size(events);
    json_decref(events);
    return count;
}

Test(light, that_fades_away_is_no_motion)
{
    cr_expect_eq(events_of((struct spot){.y = 120, .radius = 100, .fades = true}), 0);
    cr_expect_eq(events_of((struct spot){.y = 240, .radius = 80, .fades = true}), 0);
}

Test(light, with_an_edge_is_a_thing)
{
    cr_expect_gt(events_of((struct spot){.y = 120, .radius = 100}), 0);
    cr_expect_gt(events_of((struct spot){.y = 120, .radius = 12}), 0);
    cr_expect_gt(events_of((struct spot){.y = 120, .radius = 12, .fades = true}), 0,
                 "a thing that is small, and out of focus");
}

/* Where something was taken away, there is background that nobody knew. */
Test(light, on_what_was_covered_is_no_motion)
{
    struct support_canvas with, without;
    struct support_screening screening;
    support_canvas_open(&with, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, FRAME_RANGE_FULL);
    support_canvas_open(&without, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, FRAME_RANGE_FULL);
    support_canvas_fill(&with, 60);
    support_canvas_fill(&without, 60);
    support_canvas_paint(&with, (struct support_patch){100, 80, 60, 60, 200});
    support_screening_open(&screening, "motion", "linger_seconds=0.2");
    for (int i = 0; i < 4 * RATE; i++)
        support_screening_show(&screening, i < 2 * RATE ? &with : &without, i / RATE);
    cr_assert_eq(screening.error, 0, "%s", strerror(-screening.error));
    support_canvas_close(&with);
    support_canvas_close(&without);
    json_t *events = support_screening_close(&screening);
    cr_expect_eq(json_array_size(events), 0);
    json_decref(events);
}
