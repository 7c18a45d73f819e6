/*
 * No analyzer allocates memory for a frame: what it needs it has by the first ones.
 *
 * The program's own malloc counts what is asked of it, by this project's code and by any library,
 * between two moments. What a frame's event takes does not count: its line is made of JSON.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libframe/md5.h"
#include "tests/support/scratch.h"
#include "tests/support/screening.h"

#define RATE 25.0
#define WARM_UP 40
#define FRAMES 60

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local unsigned long allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    allocations++;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

/* Noise, and something that moves and is told: everything that an analyzer does for a frame. */
static void paint(struct support_canvas *canvas, int frame, enum frame_format format)
{
    support_canvas_open(canvas, format, 320, 240, FRAME_RANGE_LIMITED);
    support_canvas_texture(canvas, 16, 120, 60);
    support_canvas_paint(canvas, (struct support_patch){frame * 2, 60, 40, 40, 250});
    support_canvas_noise(canvas, 3, (unsigned)frame);
}

static void expect_none(const char *name, const char *options, enum frame_format format, bool rgb)
{
    struct support_screening screening;
    int quiet = 0;
    support_screening_open(&screening, name, options);
    for (int i = 0; i < WARM_UP + FRAMES; i++) {
        struct support_canvas canvas, converted;
        paint(&canvas, i, format);
        if (rgb)
            cr_assert(support_canvas_convert(&canvas, FRAME_FORMAT_RGB24, &converted));
        const size_t told = json_array_size(screening.events);
        const unsigned long before = allocations;
        support_screening_show(&screening, rgb ? &converted : &canvas, i / RATE);
        const unsigned long made = allocations - before;
        if (i >= WARM_UP && json_array_size(screening.events) == told) {
            cr_assert_eq(made, 0, "%s made %lu in frame %d, %s", name, made, i,
                         rgb ? "rgb24" : frame_format_name(format));
            quiet++;
        }
        support_canvas_close(&canvas);
        if (rgb)
            support_canvas_close(&converted);
    }
    cr_expect_eq(screening.error, 0, "%s: %s", strerror(-screening.error), screening.log);
    cr_expect_gt(quiet, 5, "%s tells something in every frame", name);
    support_screening_close(&screening);
}

static void expect_none_in_any_format(const char *name, const char *options)
{
    expect_none(name, options, FRAME_FORMAT_YUV420P, false);
    expect_none(name, options, FRAME_FORMAT_GRAY16LE, false);
    expect_none(name, options, FRAME_FORMAT_YUV420P, true);
}

Test(allocations, are_counted)
{
    /* The compiler knows what strdup does to other variables, or believes to. */
    char *(*volatile duplicate)(const char *) = strdup;
    const unsigned long before = allocations;
    free(duplicate("text"));
    cr_expect_eq(allocations, before + 1);
}

/* It is followed, but is not to be told before it has gone all the way. */
Test(allocations, motion_makes_none)
{
    expect_none_in_any_format("motion", "travel=100,linger_seconds=100");
}

Test(allocations, health_makes_none)
{
    expect_none_in_any_format("health", NULL);
}

Test(allocations, scene_makes_none)
{
    expect_none_in_any_format("scene", NULL);
}

/* Between pictures. */
Test(allocations, snapshot_makes_none)
{
    char options[512];
    char *scratch;
    cr_assert_eq(support_scratch_create(&scratch), 0);
    snprintf(options, sizeof options,
             "directory=%s,every_seconds=100,on_scene=yes,on_motion=yes,motion=travel=100\\,"
             "linger_seconds=100",
             scratch);
    expect_none_in_any_format("snapshot", options);
    support_scratch_remove(&scratch);
}

Test(allocations, stats_make_none)
{
    expect_none_in_any_format("stats", NULL);
}

/* framemd5 tells something in every frame: what it does before that. */
Test(allocations, hash_makes_none)
{
    struct support_canvas canvas;
    struct frame frame;
    char hex[FRAME_MD5_SIZE];
    paint(&canvas, 1, FRAME_FORMAT_YUV420P);
    cr_assert_eq(frame_view(&frame, &canvas.descriptor, canvas.data, canvas.descriptor.size), 0);
    const unsigned long before = allocations;
    cr_expect_eq(frame_md5(&frame, hex), 0);
    cr_expect_eq(allocations, before);
    support_canvas_close(&canvas);
}

Test(allocations, null_makes_none)
{
    expect_none_in_any_format("null", NULL);
}
