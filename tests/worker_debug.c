/* The pictures that motion writes for the person who tunes it. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/command.h"
#include "tests/support/scratch.h"
#include "tests/support/screening.h"

#define RATE 25.0
#define WIDTH 320
#define HEIGHT 240

static char *scratch;
static struct support_canvas canvas;
static const struct support_patch patch = {80, 100, 40, 40, 200};

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

TestSuite(debug, .init = set_up, .fini = tear_down);

static void show(struct support_screening *screening, int frames, bool patched)
{
    support_canvas_fill(&canvas, 60);
    if (patched)
        support_canvas_paint(&canvas, patch);
    for (int i = 0; i < frames; i++)
        support_screening_show(screening, &canvas, (double)screening->shown / RATE);
}

static void run(const char *directory, const char *more)
{
    struct support_screening screening;
    char options[1024];
    snprintf(options, sizeof options, "travel=0,learn_seconds=0,start_frames=2,debug=%s%s",
             directory, more);
    support_screening_open(&screening, "motion", options);
    show(&screening, 5, false);
    show(&screening, 6, true);
    cr_assert_eq(screening.error, 0);
    cr_expect_str_eq(screening.log, "");
    support_screening_close(&screening);
}

/* The files of a directory, sorted, with a blank behind each. */
static char *files(const char *directory)
{
    struct dirent **entries;
    char *names = calloc(1, 65536);
    const int count = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++)
        if (entries[i]->d_name[0] != '.')
            strcat(strcat(names, entries[i]->d_name), " ");
    return names;
}

/* A picture as bytes of gray, by ffmpeg. */
static uint8_t *read_gray(const char *directory, const char *name, int width, int height)
{
    char *path = support_scratch_path(directory, name);
    char *out = support_scratch_path(scratch, "gray.raw");
    struct support_result result;
    support_run(&result, SUPPORT_DEADLINE,
                (const char *const[]){"ffmpeg", "-v", "error", "-y", "-i", path, "-f", "rawvideo",
                                      "-pix_fmt", "gray", out, NULL});
    cr_assert_eq(result.exit_code, 0, "%s: %s", name, result.err);
    FILE *file = fopen(out, "r");
    uint8_t *pixels = calloc(1, (size_t)width * (size_t)height);
    cr_assert(file && pixels);
    cr_assert_eq(fread(pixels, 1, (size_t)width * (size_t)height, file),
                 (size_t)width * (size_t)height);
    cr_assert_eq(fgetc(file), EOF, "%s is larger than %d x %d", name, width, height);
    fclose(file);
    return pixels;
}

Test(debug, has_four_pictures_every_so_many_frames)
{
    run(scratch, "");
    cr_expect_str_eq(files(scratch),
                     "gate-000000-background.png gate-000000-boxes.png gate-000000-difference.png "
                     "gate-000000-mask.png gate-000010-background.png gate-000010-boxes.png "
                     "gate-000010-difference.png gate-000010-mask.png ");
}

Test(debug, makes_its_directory)
{
    char *below = support_scratch_path(scratch, "below");
    run(below, ",debug_every=100");
    cr_expect_str_eq(files(below), "gate-000000-background.png gate-000000-boxes.png "
                                   "gate-000000-difference.png gate-000000-mask.png ");
}

/* 80 x 60 cells of 4 pixels; the patch has those from (20, 25) to (29, 34). */
Test(debug, pictures_show_what_is_seen)
{
    run(scratch, "");
    const uint8_t *background = read_gray(scratch, "gate-000010-background.png", 80, 60);
    const uint8_t *difference = read_gray(scratch, "gate-000010-difference.png", 80, 60);
    const uint8_t *mask = read_gray(scratch, "gate-000010-mask.png", 80, 60);
    for (int y = 0; y < 60; y++)
        for (int x = 0; x < 80; x++) {
            const bool in_patch = x >= 20 && x < 30 && y >= 25 && y < 35;
            const int i = y * 80 + x;
            cr_assert(abs(background[i] - 60) <= 2, "%d,%d: %d", x, y, background[i]);
            cr_assert(in_patch ? difference[i] == 255 : difference[i] <= 4, "%d,%d: %d", x, y,
                      difference[i]);
            cr_assert_eq(mask[i], in_patch ? 255 : 0, "%d,%d", x, y);
        }
}

/* The box's line is red: of another gray than the patch, and than what is around it. */
Test(debug, boxes_are_drawn_on_the_frame)
{
    run(scratch, "");
    const uint8_t *boxes = read_gray(scratch, "gate-000010-boxes.png", WIDTH, HEIGHT);
    const uint8_t *before = read_gray(scratch, "gate-000000-boxes.png", WIDTH, HEIGHT);
    for (int x = 84; x < 116; x++) {
        cr_assert(boxes[100 * WIDTH + x] < 150 && boxes[100 * WIDTH + x] > 70, "%d: %d", x,
                  boxes[100 * WIDTH + x]);
        cr_assert(abs(boxes[99 * WIDTH + x] - 60) < 4);
        cr_assert(abs(boxes[120 * WIDTH + x] - 200) < 4);
        cr_assert(abs(before[100 * WIDTH + x] - 60) < 4);
    }
}

/* What was seen in a larger picture is nowhere in a smaller one: nothing is drawn on it, nor behind
 * it, which shows under valgrind. */
Test(debug, boxes_of_a_larger_picture_are_not_drawn_on_a_smaller_one)
{
    struct support_screening screening;
    struct support_canvas large;
    char options[1024];
    const struct support_patch far = {500, 100, 60, 340, 200};
    snprintf(options, sizeof options, "travel=0,learn_seconds=0,start_frames=2,debug=%s", scratch);
    support_canvas_open(&large, FRAME_FORMAT_YUV420P, 2 * WIDTH, 2 * HEIGHT, FRAME_RANGE_LIMITED);
    support_canvas_fill(&large, 60);
    support_screening_open(&screening, "motion", options);
    show(&screening, 1, false);
    for (int i = 1; i < 10; i++) {
        if (i == 3)
            support_canvas_paint(&large, far);
        support_screening_show(&screening, &large, i / RATE);
    }
    cr_expect_gt(json_array_size(screening.events), 0);
    show(&screening, 1, false);
    support_screening_close(&screening);
    support_canvas_close(&large);
    const uint8_t *boxes = read_gray(scratch, "gate-000010-boxes.png", WIDTH, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        cr_assert(abs(boxes[i] - 60) < 4, "%d,%d: %d", i % WIDTH, i / WIDTH, boxes[i]);
}

/* Motion goes on where pictures can't: the place of one is taken by a directory. */
Test(debug, that_can_not_be_written_ends_with_a_word_and_motion_goes_on)
{
    char options[1024];
    struct support_screening screening;
    char *taken = support_scratch_path(scratch, "gate-000000-mask.png");
    cr_assert_eq(mkdir(taken, 0700), 0);
    snprintf(options, sizeof options, "travel=0,learn_seconds=0,start_frames=2,debug=%s", scratch);
    support_screening_open(&screening, "motion", options);
    show(&screening, 5, false);
    show(&screening, 6, true);
    cr_expect_eq(screening.error, 0);
    cr_expect(strstr(screening.log, "no more pictures"), "%s", screening.log);
    cr_expect_gt(json_array_size(support_screening_close(&screening)), 0);
}

Test(debug, directory_that_can_not_be_is_refused)
{
    struct support_screening screening;
    support_screening_open(&screening, "motion", "debug=/dev/null/below");
    cr_expect_neq(screening.error, 0);
    cr_expect(strstr(screening.log, "debug=/dev/null/below"), "%s", screening.log);
    support_screening_close(&screening);
}
