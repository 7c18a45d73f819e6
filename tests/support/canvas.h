/*
 * A canvas: a picture that a test paints, of whatever format has luma to point at, and what
 * libswscale makes of it in others.
 *
 * What stands beside the picture is bright and dark in turns, so that whoever counts it is noticed.
 */
#ifndef TESTS_SUPPORT_CANVAS_H
#define TESTS_SUPPORT_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "libframe/frame.h"

struct support_canvas {
    struct frame_descriptor descriptor;
    uint8_t *data;
};

/* A rectangle in pixels, and its level: 0 is black, 255 is white, in every format and range. */
struct support_patch {
    int x, y, width, height;
    double level;
};

/* Whether a canvas can be of this format: it has luma to point at. */
bool support_canvas_can_be(enum frame_format format);

/* A black picture. Its colour is gray. Aborts where the format has no luma. */
void support_canvas_open(struct support_canvas *canvas, enum frame_format format, int width,
                         int height, enum frame_range range);
void support_canvas_close(struct support_canvas *canvas);

void support_canvas_paint(struct support_canvas *canvas, struct support_patch patch);
void support_canvas_fill(struct support_canvas *canvas, double level);

/* Every pixel's level as the function says. */
void support_canvas_draw(struct support_canvas *canvas,
                         double (*level_at)(int x, int y, const void *user), const void *user);

/* What another canvas of this format and size shows. */
void support_canvas_copy(struct support_canvas *canvas, const struct support_canvas *from);

/* Adds noise of up to so many levels either way; the same for the same seed. */
void support_canvas_noise(struct support_canvas *canvas, int levels, unsigned seed);

/* Small squares of levels around the middle one: something to see sharply. */
void support_canvas_texture(struct support_canvas *canvas, int side, double middle,
                            double amplitude);

/* The mean of so many pixels to each side: a blurred picture. */
void support_canvas_blur(struct support_canvas *canvas, int radius);

/* The same picture in another format; false where libswscale can't. The caller closes it. */
bool support_canvas_convert(const struct support_canvas *canvas, enum frame_format format,
                            struct support_canvas *out);

/* The level of a pixel. */
double support_canvas_level(const struct support_canvas *canvas, int x, int y);

#endif
