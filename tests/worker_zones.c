/* motion's zones and masks, as users draw them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scratch.h"
#include "tests/support/screening.h"

#define WIDTH 320
#define HEIGHT 240
#define RATE 25.0

/* What stands here is drawn at once, and need not move to be told. */
#define AT_ONCE "travel=0,learn_seconds=0,start_frames=2"

#define LEFT_HALF "\"points\":[[0,0],[0.5,0],[0.5,1],[0,1]]"
#define RIGHT_HALF "\"points\":[[0.5,0],[1,0],[1,1],[0.5,1]]"
#define ALL "\"points\":[[0,0],[1,0],[1,1],[0,1]]"

static const struct support_patch in_the_left = {40, 80, 40, 40, 200};
static const struct support_patch in_the_right = {240, 80, 40, 40, 200};

static struct support_canvas canvas;
static char *scratch;

static void set_up(void)
{
    cr_assert_eq(support_scratch_create(&scratch), 0);
    support_canvas_open(&canvas, FRAME_FORMAT_YUV420P, WIDTH, HEIGHT, FRAME_RANGE_LIMITED);
}

static void tear_down(void)
{
    support_canvas_close(&canvas);
    support_scratch_remove(&scratch);
}

TestSuite(zones, .init = set_up, .fini = tear_down);

static void open_with(struct support_screening *screening, const char *zones, const char *more)
{
    char options[1024];
    char *path = support_scratch_path(scratch, "zones.json");
    FILE *file = fopen(path, "w");
    cr_assert(file && fprintf(file, "{\"zones\":[%s]}", zones) > 0 && fclose(file) == 0);
    snprintf(options, sizeof options, "zones=%s," AT_ONCE "%s", path, more);
    free(path);
    support_screening_open(screening, "motion", options);
}

/* So many frames with, or without, patches. */
static void show(struct support_screening *screening, int frames, const struct support_patch *one,
                 const struct support_patch *two)
{
    support_canvas_fill(&canvas, 60);
    if (one)
        support_canvas_paint(&canvas, *one);
    if (two)
        support_canvas_paint(&canvas, *two);
    for (int i = 0; i < frames; i++)
        support_screening_show(screening, &canvas, (double)screening->shown / RATE);
}

static json_t *close_it(struct support_screening *screening)
{
    cr_assert_eq(screening->error, 0, "%s", screening->log);
    return support_screening_close(screening);
}

/* The x of the boxes of all starts, in order, and the zones' names. */
static char *starts(const json_t *events)
{
    char *text = calloc(1, 4096);
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "state")), "start") != 0)
            continue;
        const json_t *box = json_array_get(json_object_get(event, "boxes"), 0);
        const char *zone = json_string_value(json_object_get(event, "zone"));
        sprintf(text + strlen(text), "%s%s@%d", *text ? " " : "", zone ? zone : "-",
                (int)json_integer_value(json_array_get(box, 0)));
    }
    return text;
}

static char *starts_with(const char *zones, const char *more)
{
    struct support_screening screening;
    open_with(&screening, zones, more);
    show(&screening, 5, NULL, NULL);
    show(&screening, 5, &in_the_left, &in_the_right);
    return starts(close_it(&screening));
}

Test(zones, none_tells_all)
{
    cr_expect_str_eq(starts_with("", ""), "-@40 -@240");
}

Test(zones, include_tells_only_what_is_within)
{
    cr_expect_str_eq(starts_with("{\"name\":\"door\",\"kind\":\"include\"," RIGHT_HALF "}", ""),
                     "door@240");
}

Test(zones, ignore_tells_all_but_what_is_within)
{
    cr_expect_str_eq(starts_with("{\"name\":\"road\",\"kind\":\"ignore\"," RIGHT_HALF "}", ""),
                     "-@40");
}

Test(zones, exclude_sees_nothing_within)
{
    cr_expect_str_eq(starts_with("{\"name\":\"clock\",\"kind\":\"exclude\"," RIGHT_HALF "}", ""),
                     "-@40");
}

/* In an ignored zone an object is followed, and told when it leaves; in a masked one it is not
 * there: its box begins where the mask ends. */
static char *leaving(const char *kind)
{
    char zone[256];
    struct support_screening screening;
    snprintf(zone, sizeof zone, "{\"name\":\"z\",\"kind\":\"%s\"," LEFT_HALF "}", kind);
    open_with(&screening, zone, "");
    show(&screening, 5, NULL, NULL);
    for (int x = 20; x <= 144; x += 4) {
        const struct support_patch patch = {x, 80, 40, 40, 200};
        show(&screening, 1, &patch, NULL);
    }
    return starts(close_it(&screening));
}

Test(zones, ignored_is_told_when_it_leaves)
{
    cr_expect_str_eq(leaving("ignore"), "-@144"); /* as much of it is out as is in */
}

Test(zones, excluded_is_seen_when_it_leaves)
{
    cr_expect_str_eq(leaving("exclude"), "-@160");
}

Test(zones, of_two_that_overlap_the_first_counts)
{
    cr_expect_str_eq(starts_with("{\"name\":\"door\",\"kind\":\"include\"," RIGHT_HALF "},"
                                 "{\"name\":\"yard\",\"kind\":\"include\"," ALL "}",
                                 ""),
                     "yard@40 door@240");
}

/* The frame of a mask around what moves: most of the box is masked, and not the object. */
Test(zones, a_box_that_is_mostly_masked_is_told)
{
    struct support_screening screening;
    open_with(&screening,
              "{\"name\":\"clock\",\"kind\":\"exclude\",\"points\":[[0.1375,0.35],"
              "[0.2375,0.35],[0.2375,0.4833],[0.1375,0.4833]]}",
              "");
    show(&screening, 5, NULL, NULL);
    show(&screening, 5, &in_the_left, NULL);
    cr_expect_str_eq(starts(close_it(&screening)), "-@40");
}

/* Each patch has 2.08 % of the picture. */
Test(zones, have_sizes_of_their_own)
{
    const char *const small = "{\"name\":\"small\",\"kind\":\"include\",\"max_area\":1," LEFT_HALF
                              "},{\"name\":\"large\",\"kind\":\"include\"," RIGHT_HALF "}";
    const char *const big =
        "{\"name\":\"big\",\"kind\":\"include\",\"min_area\":3," LEFT_HALF
        "},{\"name\":\"any\",\"kind\":\"include\",\"min_area\":2," RIGHT_HALF "}";
    cr_expect_str_eq(starts_with(small, ""), "large@240");
    cr_expect_str_eq(starts_with(small, ",min_area=5"), "");
    cr_expect_str_eq(starts_with(big, ""), "any@240");
    cr_expect_str_eq(starts_with(big, ",min_area=5"), "any@240"); /* the zone knows better */
}

/* 140 levels of difference: half of that is not enough for a threshold of 100, twice is. */
Test(zones, have_a_sensitivity_of_their_own)
{
    const char *const zones =
        "{\"name\":\"dull\",\"kind\":\"include\",\"sensitivity\":0.5," LEFT_HALF "},"
        "{\"name\":\"keen\",\"kind\":\"include\",\"sensitivity\":2," RIGHT_HALF "}";
    cr_expect_str_eq(starts_with(zones, ",threshold=100"), "keen@240");
    cr_expect_str_eq(starts_with(zones, ",threshold=200"), "keen@240");
    cr_expect_str_eq(starts_with(zones, ",threshold=60"), "dull@40 keen@240");
}

/* A triangle: its box would take both patches in. */
Test(zones, are_polygons)
{
    const char *const zone = "{\"name\":\"roof\",\"kind\":\"include\",\"points\":"
                             "[[0,0],[0.5,0],[0,1]]}";
    struct support_screening screening;
    const struct support_patch outside = {110, 180, 40, 40, 200};
    open_with(&screening, zone, "");
    show(&screening, 5, NULL, NULL);
    show(&screening, 5, &in_the_left, &outside);
    cr_expect_str_eq(starts(close_it(&screening)), "roof@40");
}

/* The masked half flickers: were it counted, that would be a change of light, and the patch with it
 * not to be trusted. */
Test(zones, masked_light_is_no_light)
{
    struct support_screening screening;
    const struct support_patch half = {0, 0, WIDTH / 2, HEIGHT, 220};
    open_with(&screening, "{\"name\":\"screen\",\"kind\":\"exclude\"," LEFT_HALF "}", ",light=30");
    show(&screening, 5, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        show(&screening, 1, &half, &in_the_right);
        show(&screening, 1, &in_the_right, NULL);
    }
    cr_expect_str_eq(starts(close_it(&screening)), "-@240");
}

/* -- files that are not as they should be ------------------------------------------------------ */

static void expect_refused(const char *zones, const char *word)
{
    struct support_screening screening;
    open_with(&screening, zones, "");
    cr_expect_neq(screening.error, 0, "taken: %s", zones);
    cr_expect(strstr(screening.log, word), "%s: %s", zones, screening.log);
    support_screening_close(&screening);
}

Test(zones, that_make_no_sense_are_refused_with_a_reason)
{
    expect_refused("{", "line 1");
    expect_refused("{\"kind\":\"include\"," ALL "}", "name");
    expect_refused("{\"name\":\"a\",\"kind\":\"inside\"," ALL "}", "kind");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"points\":[[0,0],[1,1]]}", "points");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"points\":[[0,0],[1,1],[2,0]]}",
                   "points");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"points\":[[0,0],[1,1],[0]]}", "points");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"colour\":1," ALL "}", "colour");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"sensitivity\":0," ALL "}",
                   "sensitivity");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"min_area\":-3," ALL "}", "areas");
    expect_refused("{\"name\":\"a\",\"kind\":\"include\",\"max_area\":101," ALL "}", "areas");
    expect_refused("{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123\","
                   "\"kind\":\"include\"," ALL "}",
                   "name");
}

Test(zones, too_many_are_refused)
{
    char zones[8192] = "";
    for (int i = 0; i < 33; i++)
        sprintf(zones + strlen(zones), "%s{\"name\":\"z%d\",\"kind\":\"include\"," ALL "}",
                i ? "," : "", i);
    expect_refused(zones, "32");
}

Test(zones, a_file_that_is_not_there_is_named)
{
    struct support_screening screening;
    support_screening_open(&screening, "motion", "zones=/nowhere/zones.json");
    cr_expect_neq(screening.error, 0);
    cr_expect(strstr(screening.log, "/nowhere/zones.json: No such file"), "%s", screening.log);
    support_screening_close(&screening);
}
