/* snapshot's files: when, how named, how many, and what they show. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/scratch.h"
#include "tests/support/screening.h"

#define RATE 25.0
#define WIDTH 320
#define HEIGHT 240

static char *scratch;
static struct support_canvas canvas;

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

TestSuite(snapshot, .init = set_up, .fini = tear_down);

static void open_with(struct support_screening *screening, const char *options)
{
    char text[2048];
    snprintf(text, sizeof text, "directory=%s,%s", scratch, options);
    support_screening_open(screening, "snapshot", text);
}

static void show(struct support_screening *screening, double level, int frames)
{
    for (int i = 0; i < frames; i++) {
        support_canvas_fill(&canvas, level);
        support_canvas_noise(&canvas, 2, (unsigned)screening->shown + 1);
        support_screening_show(screening, &canvas, (double)screening->shown / RATE);
    }
}

static json_t *close_it(struct support_screening *screening)
{
    cr_expect_eq(screening->error, 0, "%s", screening->log);
    return support_screening_close(screening);
}

/* The files of the directory, sorted, with a blank behind each. */
static char *files(void)
{
    struct dirent **entries;
    char *names = calloc(1, 65536);
    const int count = scandir(scratch, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++)
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
            strcat(strcat(names, entries[i]->d_name), " ");
    return names;
}

/* A file's picture as gray, by ffmpeg. */
static uint8_t *read_gray(const char *path, int width, int height)
{
    char *out = support_scratch_path(scratch, "gray.raw");
    struct support_result result;
    support_run(&result, SUPPORT_DEADLINE,
                (const char *const[]){"ffmpeg", "-v", "error", "-y", "-i", path, "-f", "rawvideo",
                                      "-pix_fmt", "gray", out, NULL});
    cr_assert_eq(result.exit_code, 0, "%s: %s", path, result.err);
    FILE *file = fopen(out, "r");
    const size_t size = (size_t)width * (size_t)height;
    uint8_t *pixels = calloc(1, size);
    cr_assert(file && pixels);
    cr_assert_eq(fread(pixels, 1, size, file), size);
    cr_assert_eq(fgetc(file), EOF, "%s is larger than %d x %d", path, width, height);
    fclose(file);
    unlink(out);
    return pixels;
}

Test(snapshot, at_intervals)
{
    struct support_screening screening;
    open_with(&screening, "every_seconds=2,name={camera}-{seq}-{reason}-{pts}.jpg");
    show(&screening, 100, 125);
    json_t *events = close_it(&screening);
    cr_expect_eq(json_array_size(events), 3);
    cr_expect_str_eq(files(), "gate-00000000-interval-000000.000.jpg "
                              "gate-00000050-interval-000002.000.jpg "
                              "gate-00000100-interval-000004.000.jpg ");
}

Test(snapshot, tells_where_it_is)
{
    struct stat status;
    struct support_screening screening;
    open_with(&screening, "name={camera}.jpg");
    show(&screening, 100, 1);
    const json_t *event = json_array_get(close_it(&screening), 0);
    const char *path = json_string_value(json_object_get(event, "path"));
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    cr_expect_eq(status.st_size, json_integer_value(json_object_get(event, "bytes")));
    cr_expect_eq(json_number_value(json_object_get(event, "taken")), 0);
}

/* In the range that files have: full. */
static void expect_picture(const char *format, const char *name, enum frame_format of,
                           enum frame_range range, int width, int height)
{
    char options[256];
    struct support_screening screening;
    struct support_canvas picture;
    const struct support_patch patch = {width / 2, 0, width, height, 220};
    support_canvas_open(&picture, of, width, height, range);
    support_canvas_fill(&picture, 40);
    support_canvas_paint(&picture, patch);
    snprintf(options, sizeof options, "format=%s,name=%s", format, name);
    open_with(&screening, options);
    support_screening_show(&screening, &picture, 0);
    close_it(&screening);
    char *path = support_scratch_path(scratch, name);
    const uint8_t *gray = read_gray(path, width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (abs(x - width / 2) > 8)
                cr_assert_float_eq(gray[y * width + x], x < width / 2 ? 40 : 220, 4,
                                   "%s of %s, range %d at %d,%d: %d", format, frame_format_name(of),
                                   (int)range, x, y, gray[y * width + x]);
    support_canvas_close(&picture);
    free(path);
}

Test(snapshot, shows_what_was_there)
{
    static const enum frame_format formats[] = {FRAME_FORMAT_YUV420P,  FRAME_FORMAT_YUV422P10LE,
                                                FRAME_FORMAT_NV12,     FRAME_FORMAT_GRAY8,
                                                FRAME_FORMAT_GRAY16LE, FRAME_FORMAT_YUYV422};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int range = FRAME_RANGE_LIMITED; range <= FRAME_RANGE_FULL; range++) {
            expect_picture("jpeg", "picture.jpg", formats[i], range, 64, 48);
            expect_picture("png", "picture.png", formats[i], range, 64, 48);
        }
    expect_picture("jpeg", "odd.jpg", FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, 63, 47);
    expect_picture("png", "odd.png", FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, 63, 47);
}

/* Half dark, half bright: in any format with luma, or as libswscale makes it from one. */
static bool paint_halves(struct support_canvas *picture, enum frame_format format)
{
    struct support_canvas painted;
    const bool has_luma = support_canvas_can_be(format);
    support_canvas_open(&painted, has_luma ? format : FRAME_FORMAT_YUV444P, 64, 48,
                        FRAME_RANGE_FULL);
    support_canvas_fill(&painted, 40);
    support_canvas_paint(&painted, (struct support_patch){32, 0, 32, 48, 220});
    if (has_luma) {
        *picture = painted;
        return true;
    }
    const bool made = support_canvas_convert(&painted, format, picture);
    support_canvas_close(&painted);
    return made;
}

/* Those of few bits are strewn with dots. */
Test(snapshot, shows_what_was_there_in_every_format)
{
    enum frame_format formats[FRAME_FORMAT_COUNT];
    int count = 0;
    for (int i = FRAME_FORMAT_NONE + 1; i < FRAME_FORMAT_COUNT; i++) {
        char options[64];
        struct support_screening screening;
        struct support_canvas picture;
        if (!frame_format_info(i) || frame_format_info(i)->bits < 5 || !paint_halves(&picture, i))
            continue;
        snprintf(options, sizeof options, "format=png,name=%03d.png", count);
        open_with(&screening, options);
        support_screening_show(&screening, &picture, 0);
        if (!screening.error)
            formats[count++] = i;
        else /* nv16, say, which libswscale does not read */
            cr_expect_eq(screening.error, -ENOTSUP, "%s", frame_format_name(i));
        support_screening_close(&screening);
        support_canvas_close(&picture);
    }
    cr_assert_gt(count, 140);
    const uint8_t *gray = read_gray(support_scratch_path(scratch, "%03d.png"), 64, 48 * count);
    for (int i = 0; i < count; i++) {
        const int slack = frame_format_info(formats[i])->bits < 8 ? 12 : 4;
        const uint8_t *row = gray + (ptrdiff_t)(i * 48 + 24) * 64;
        cr_expect_float_eq(row[16], 40, slack, "%s: %d", frame_format_name(formats[i]), row[16]);
        cr_expect_float_eq(row[48], 220, slack, "%s: %d", frame_format_name(formats[i]), row[48]);
    }
}

Test(snapshot, keeps_the_newest)
{
    struct support_screening screening;
    open_with(&screening, "every_seconds=0.04,keep=3,name={camera}-{seq}.jpg");
    show(&screening, 100, 10);
    close_it(&screening);
    cr_expect_str_eq(files(), "gate-00000007.jpg gate-00000008.jpg gate-00000009.jpg ");
    /* Another run goes on with what there is. */
    open_with(&screening, "every_seconds=0.04,keep=2,name={camera}-{seq}.jpg");
    show(&screening, 100, 1);
    close_it(&screening);
    cr_expect_str_eq(files(), "gate-00000000.jpg gate-00000009.jpg ");
}

/* Each has a fixed size. */
Test(snapshot, keeps_no_more_bytes)
{
    struct support_screening screening;
    char options[128];
    open_with(&screening, "every_seconds=0.04,format=png,name={seq}.png");
    show(&screening, 100, 1);
    const json_t *event = json_array_get(close_it(&screening), 0);
    const double bytes = json_number_value(json_object_get(event, "bytes"));
    snprintf(options, sizeof options, "every_seconds=0.04,format=png,name={seq}.png,keep_mib=%.6f",
             bytes * 3.5 / 1048576);
    open_with(&screening, options);
    show(&screening, 100, 9);
    close_it(&screening);
    cr_expect_str_eq(files(), "00000006.png 00000007.png 00000008.png ");
}

Test(snapshot, keeps_off_what_is_not_its_own)
{
    char *foreign = support_scratch_path(scratch, "yard-00000000.jpg");
    struct support_screening screening;
    cr_assert_not_null(fopen(foreign, "w"));
    open_with(&screening, "every_seconds=0.04,keep=1,name={camera}-{seq}.jpg");
    show(&screening, 100, 3);
    close_it(&screening);
    cr_expect_str_eq(files(), "gate-00000002.jpg yard-00000000.jpg ");
}

/* Names as they are by default, of which one camera's begin as another's do. */
Test(snapshot, keeps_off_a_camera_whose_name_goes_on)
{
    const char *const foreign = "gate-left-20260131T235959.123Z-motion-00000000.jpg";
    const char *const own = "gate-20260131T235959.123Z-motion-100000000.jpg";
    struct support_screening screening;
    cr_assert_not_null(fopen(support_scratch_path(scratch, foreign), "w"));
    cr_assert_not_null(fopen(support_scratch_path(scratch, own), "w"));
    open_with(&screening, "every_seconds=0.04,keep=1");
    show(&screening, 100, 3);
    close_it(&screening);
    const char *left = files();
    cr_expect_not_null(strstr(left, foreign), "%s", left);
    cr_expect_null(strstr(left, own), "%s", left);
    cr_expect_not_null(strstr(left, "-interval-00000002.jpg"), "%s", left);
    cr_expect_null(strstr(left, "-interval-00000001.jpg"), "%s", left);
}

/* The name is always of a whole file: whoever has the old one open still has the old one. */
Test(snapshot, replaces_whole)
{
    struct support_screening screening;
    char *path = support_scratch_path(scratch, "gate.jpg");
    struct stat before, after, held;
    open_with(&screening, "every_seconds=0.04,name={camera}.jpg");
    show(&screening, 100, 1);
    FILE *file = fopen(path, "r");
    cr_assert(file && stat(path, &before) == 0);
    show(&screening, 200, 1);
    close_it(&screening);
    cr_assert_eq(stat(path, &after), 0);
    cr_assert_eq(fstat(fileno(file), &held), 0);
    cr_expect_neq(after.st_ino, before.st_ino);
    cr_expect_eq(held.st_ino, before.st_ino);
    cr_expect_eq(held.st_size, before.st_size);
    cr_expect_str_eq(files(), "gate.jpg ");
    cr_expect_float_eq(read_gray(path, WIDTH, HEIGHT)[WIDTH * 100 + 100], 200, 5);
}

Test(snapshot, of_a_new_scene)
{
    struct support_screening screening;
    open_with(&screening, "every_seconds=0,on_scene=yes,name={reason}-{seq}.jpg");
    show(&screening, 60, 20);
    show(&screening, 160, 20);
    json_t *events = close_it(&screening);
    cr_assert_eq(json_array_size(events), 1);
    cr_expect_str_eq(files(), "scene-00000025.jpg ");
    char *path = support_scratch_path(scratch, "scene-00000025.jpg");
    cr_expect_float_eq(read_gray(path, WIDTH, HEIGHT)[WIDTH * 100 + 100], 160, 5);
}

/* It comes in from the left, grows, and shrinks again: the best one is where it is largest. */
Test(snapshot, of_the_best_moment)
{
    struct support_screening screening;
    open_with(&screening, "every_seconds=0,on_motion=yes,motion=travel=1\\,stop_seconds=0.5,"
                          "name={reason}-{seq}.png,format=png");
    show(&screening, 60, 50);
    for (int i = 0; i < 60; i++) {
        const int side = i < 30 ? 20 + 2 * i : 20 + 2 * (60 - i);
        support_canvas_fill(&canvas, 60);
        support_canvas_paint(&canvas, (struct support_patch){i * 4, 80, side, side, 200});
        support_screening_show(&screening, &canvas, (double)screening.shown / RATE);
    }
    show(&screening, 60, 40);
    json_t *events = close_it(&screening);
    cr_assert_eq(json_array_size(events), 1, "%s", json_dumps(events, 0));
    const json_t *event = json_array_get(events, 0);
    const double taken = json_number_value(json_object_get(event, "taken"));
    cr_expect(taken > 2.8 && taken < 3.6, "%f", taken); /* at its largest it is 3.2 */
    cr_expect_eq(json_integer_value(json_object_get(event, "id")), 1);
    const uint8_t *gray =
        read_gray(json_string_value(json_object_get(event, "path")), WIDTH, HEIGHT);
    int bright = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        bright += gray[i] > 150;
    cr_expect(bright >= 60 * 60 && bright <= 80 * 80, "%d", bright);
}

Test(snapshot, names_that_make_no_sense_are_refused)
{
    static const char *const names[] = {"a/b.jpg", "", "{what}.jpg", "*.jpg", "{camera"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char options[64];
        struct support_screening screening;
        snprintf(options, sizeof options, "name=%s", names[i]);
        open_with(&screening, options);
        cr_expect_neq(screening.error, 0, "%s", names[i]);
        cr_expect(strstr(screening.log, "name="), "%s", screening.log);
        support_screening_close(&screening);
    }
}

/* The next one may be possible. */
Test(snapshot, that_can_not_be_written_is_told)
{
    char *taken = support_scratch_path(scratch, "00000000.jpg");
    struct support_screening screening;
    cr_assert_eq(mkdir(taken, 0700), 0);
    open_with(&screening, "every_seconds=0.04,name={seq}.jpg");
    show(&screening, 100, 2);
    cr_expect(strstr(screening.log, "no picture"), "%s", screening.log);
    cr_expect_eq(json_array_size(close_it(&screening)), 1);
}
