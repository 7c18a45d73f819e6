#include "workers/analyzers/motion/debug.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libframe/convert.h"
#include "workers/analyzers/vision/still.h"

#define DIFFERENCE_GAIN 4.0F
#define DOT 4 /* pixels */

struct motion_debug {
    char directory[PATH_MAX / 2];
    char name[256];
    struct vision_still *still;
    struct frame_converter *converter;
    uint8_t *memory; /* of a picture */
    size_t size;
};

int motion_debug_create(struct motion_debug **out, const char *directory, const char *name)
{
    struct motion_debug *debug = calloc(1, sizeof *debug);
    *out = NULL;
    if (!debug)
        return -ENOMEM;
    snprintf(debug->directory, sizeof debug->directory, "%s", directory);
    vision_still_part(name, debug->name, sizeof debug->name);
    int error = mkdir(directory, 0755) == 0 || errno == EEXIST ? 0 : -errno;
    if (!error)
        error = vision_still_create(&debug->still, VISION_PNG, 0);
    if (!error)
        error = frame_converter_create(&debug->converter, NULL);
    if (error)
        motion_debug_destroy(&debug);
    *out = debug;
    return error;
}

void motion_debug_destroy(struct motion_debug **debug)
{
    if (!*debug)
        return;
    vision_still_destroy(&(*debug)->still);
    frame_converter_destroy(&(*debug)->converter);
    free((*debug)->memory);
    free(*debug);
    *debug = NULL;
}

static int make_picture(struct motion_debug *debug, enum frame_format format, int width, int height,
                        struct frame *picture)
{
    struct frame_descriptor descriptor;
    int error = frame_descriptor_layout(&descriptor, format, (uint32_t)width, (uint32_t)height,
                                        FRAME_PADDING);
    if (error)
        return error;
    if (descriptor.size > debug->size) {
        free(debug->memory);
        debug->memory = calloc(1, descriptor.size);
        debug->size = debug->memory ? descriptor.size : 0;
    }
    return debug->memory ? frame_view(picture, &descriptor, debug->memory, debug->size) : -ENOMEM;
}

static int save(struct motion_debug *debug, const struct frame *picture, unsigned number,
                const char *what)
{
    char path[PATH_MAX];
    const uint8_t *data;
    size_t size;
    int error = vision_still_encode(debug->still, picture, &data, &size);
    if (error)
        return error;
    snprintf(path, sizeof path, "%s/%s-%06u-%s.png", debug->directory, debug->name, number, what);
    return vision_still_save(path, data, size);
}

/* -- pictures of cells ------------------------------------------------------------------------- */

static uint8_t mean_of(const struct motion_background *background, int cell)
{
    return (uint8_t)fminf(fmaxf(background->mean[cell], 0), 255);
}

static uint8_t difference_of(const struct motion_background *background, int cell)
{
    const float difference = background->level[cell] - background->mean[cell];
    return (uint8_t)fminf(fabsf(difference) * DIFFERENCE_GAIN, 255);
}

static uint8_t activity_of(const struct motion_background *background, int cell)
{
    const int activity = background->activity[cell];
    return activity == MOTION_STILL ? 0 : activity == MOTION_WEAK ? 128 : 255;
}

static int write_cells(struct motion_debug *debug, const struct motion_background *background,
                       unsigned number, const char *what,
                       uint8_t (*value)(const struct motion_background *, int))
{
    const struct vision_grid *grid = &background->grid;
    struct frame picture;
    int error = make_picture(debug, FRAME_FORMAT_GRAY8, grid->columns, grid->rows, &picture);
    if (error)
        return error;
    for (int i = 0; i < grid->cells; i++)
        debug->memory[i / grid->columns * picture.strides[0] + i % grid->columns] =
            value(background, i);
    return save(debug, &picture, number, what);
}

/* -- boxes on the frame ------------------------------------------------------------------------ */

struct canvas {
    uint8_t *data;
    ptrdiff_t stride;
    bool dotted;
};

static void draw_pixel(const struct canvas *canvas, int x, int y)
{
    if (canvas->dotted && (x + y) / DOT % 2)
        return;
    memcpy(canvas->data + y * canvas->stride + (ptrdiff_t)x * 3, "\xff\x30\x30", 3);
}

static void draw_box(const struct canvas *canvas, struct vision_box box)
{
    for (int x = box.x; x < box.x + box.width; x++) {
        draw_pixel(canvas, x, box.y);
        draw_pixel(canvas, x, box.y + box.height - 1);
    }
    for (int y = box.y; y < box.y + box.height; y++) {
        draw_pixel(canvas, box.x, y);
        draw_pixel(canvas, box.x + box.width - 1, y);
    }
}

static int write_boxes(struct motion_debug *debug, const struct motion_detector *detector,
                       const struct frame *frame, unsigned number)
{
    struct frame colours, picture;
    int error = frame_convert(debug->converter, frame, FRAME_FORMAT_RGB24, frame->width,
                              frame->height, &colours);
    if (!error)
        error = make_picture(debug, FRAME_FORMAT_RGB24, frame->width, frame->height, &picture);
    if (error)
        return error;
    struct canvas canvas = {debug->memory + picture.descriptor.offsets[0], picture.strides[0],
                            false};
    for (int y = 0; y < frame->height; y++)
        memcpy(canvas.data + y * canvas.stride, colours.planes[0] + y * colours.strides[0],
               frame_row_bytes(&picture, 0));
    int count;
    const struct motion_object *objects = motion_detector_objects(detector, &count);
    for (int i = 0; i < count; i++) {
        if (objects[i].state == MOTION_STOP)
            continue;
        canvas.dotted = objects[i].state != MOTION_START && objects[i].state != MOTION_UPDATE;
        draw_box(&canvas, motion_detector_box(detector, &objects[i]));
    }
    return save(debug, &picture, number, "boxes");
}

int motion_debug_write(struct motion_debug *debug, const struct motion_detector *detector,
                       const struct frame *frame, unsigned number)
{
    const struct motion_background *background = motion_detector_background(detector);
    int error = background ? 0 : -EINVAL;
    if (!error)
        error = write_cells(debug, background, number, "background", mean_of);
    if (!error)
        error = write_cells(debug, background, number, "difference", difference_of);
    if (!error)
        error = write_cells(debug, background, number, "mask", activity_of);
    return error ? error : write_boxes(debug, detector, frame, number);
}
