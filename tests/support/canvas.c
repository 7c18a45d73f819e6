#include "tests/support/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libframe/convert.h"
#include "tests/support/require.h"

#define ALIGN 256

static void make_room(struct support_canvas *canvas)
{
    canvas->data = aligned_alloc(FRAME_PADDING, canvas->descriptor.size + FRAME_PADDING);
    support_require(canvas->data);
    for (size_t i = 0; i < canvas->descriptor.size; i++)
        canvas->data[i] = i / 8 % 2 ? 255 : 0;
}

static struct frame view(const struct support_canvas *canvas)
{
    struct frame frame;
    support_require(
        frame_view(&frame, &canvas->descriptor, canvas->data, canvas->descriptor.size) == 0);
    return frame;
}

static struct frame_luma luma_of(const struct support_canvas *canvas, enum frame_range *range)
{
    struct frame frame = view(canvas);
    struct frame_luma luma;
    support_require(frame_luma(&frame, &luma) == 0);
    *range = frame_effective_range(&frame);
    return luma;
}

/* Chroma, and all else there is, to the middle: gray in every YUV format. */
static void take_colour_out(struct support_canvas *canvas)
{
    const struct frame frame = view(canvas);
    const int bits = frame.info->bits;
    const int shift = frame.info->luma.shift;
    const unsigned middle = 1U << (bits - 1) << shift;
    for (int plane = 0; plane < frame.info->plane_count; plane++) {
        uint8_t *data = canvas->data + canvas->descriptor.offsets[plane];
        for (unsigned y = 0; y < frame_rows(&frame, plane); y++)
            for (size_t x = 0; x < frame_row_bytes(&frame, plane); x++) {
                const bool high = bits > 8 && x % 2;
                data[y * canvas->descriptor.strides[plane] + x] =
                    (uint8_t)(high ? middle >> 8 : middle & 255);
            }
    }
}

bool support_canvas_can_be(enum frame_format format)
{
    const struct frame_format_info *info = frame_format_info(format);
    return info && info->luma.step > 0 && !info->big_endian;
}

void support_canvas_open(struct support_canvas *canvas, enum frame_format format, int width,
                         int height, enum frame_range range)
{
    support_require(frame_descriptor_layout(&canvas->descriptor, format, (uint32_t)width,
                                            (uint32_t)height, ALIGN) == 0);
    canvas->descriptor.range = (uint8_t)range;
    make_room(canvas);
    take_colour_out(canvas);
    support_canvas_fill(canvas, 0);
}

void support_canvas_close(struct support_canvas *canvas)
{
    free(canvas->data);
    canvas->data = NULL;
}

/* -- levels ------------------------------------------------------------------------------------ */

struct scale {
    double black, step;
};

static struct scale scale_of(const struct frame_luma *luma, enum frame_range range)
{
    const double unit = 1U << (luma->bits - 8);
    if (range == FRAME_RANGE_LIMITED)
        return (struct scale){16 * unit, 219 * unit / 255};
    return (struct scale){0, ((1U << luma->bits) - 1) / 255.0};
}

static void put(const struct frame_luma *luma, struct scale scale, int x, int y, double level)
{
    uint8_t *at = (uint8_t *)(uintptr_t)luma->data + y * luma->stride + (ptrdiff_t)x * luma->step;
    level = fmin(fmax(level, 0), 255);
    const unsigned value = (unsigned)lrint(scale.black + level * scale.step) << luma->shift;
    at[0] = (uint8_t)value;
    if (luma->bits > 8)
        at[1] = (uint8_t)(value >> 8);
}

static double get(const struct frame_luma *luma, struct scale scale, int x, int y)
{
    const uint8_t *at = luma->data + y * luma->stride + (ptrdiff_t)x * luma->step;
    const unsigned value = luma->bits > 8 ? (unsigned)(at[0] | at[1] << 8) >> luma->shift : at[0];
    return (value - scale.black) / scale.step;
}

void support_canvas_paint(struct support_canvas *canvas, struct support_patch patch)
{
    enum frame_range range;
    const struct frame_luma luma = luma_of(canvas, &range);
    const struct scale scale = scale_of(&luma, range);
    for (int y = patch.y; y < patch.y + patch.height; y++)
        for (int x = patch.x; x < patch.x + patch.width; x++)
            if (x >= 0 && y >= 0 && x < luma.width && y < luma.height)
                put(&luma, scale, x, y, patch.level);
}

void support_canvas_fill(struct support_canvas *canvas, double level)
{
    support_canvas_paint(canvas, (struct support_patch){0, 0, (int)canvas->descriptor.width,
                                                        (int)canvas->descriptor.height, level});
}

void support_canvas_draw(struct support_canvas *canvas,
                         double (*level_at)(int x, int y, const void *user), const void *user)
{
    enum frame_range range;
    const struct frame_luma luma = luma_of(canvas, &range);
    const struct scale scale = scale_of(&luma, range);
    for (int y = 0; y < luma.height; y++)
        for (int x = 0; x < luma.width; x++)
            put(&luma, scale, x, y, level_at(x, y, user));
}

void support_canvas_copy(struct support_canvas *canvas, const struct support_canvas *from)
{
    support_require(canvas->descriptor.format == from->descriptor.format &&
                    canvas->descriptor.size == from->descriptor.size);
    memcpy(canvas->data, from->data, from->descriptor.size);
}

static uint32_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

void support_canvas_noise(struct support_canvas *canvas, int levels, unsigned seed)
{
    enum frame_range range;
    const struct frame_luma luma = luma_of(canvas, &range);
    const struct scale scale = scale_of(&luma, range);
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (int y = 0; y < luma.height; y++)
        for (int x = 0; x < luma.width; x++) {
            const int by = (int)(draw(&state) % (unsigned)(2 * levels + 1)) - levels;
            put(&luma, scale, x, y, get(&luma, scale, x, y) + by);
        }
}

void support_canvas_texture(struct support_canvas *canvas, int side, double middle,
                            double amplitude)
{
    uint64_t state = 1;
    for (int y = 0; y < (int)canvas->descriptor.height; y += side)
        for (int x = 0; x < (int)canvas->descriptor.width; x += side) {
            const double level = middle + amplitude * ((double)(draw(&state) % 2001) / 1000 - 1);
            support_canvas_paint(canvas, (struct support_patch){x, y, side, side, level});
        }
}

void support_canvas_blur(struct support_canvas *canvas, int radius)
{
    enum frame_range range;
    const struct frame_luma luma = luma_of(canvas, &range);
    const struct scale scale = scale_of(&luma, range);
    const size_t pixels = (size_t)luma.width * (size_t)luma.height;
    double *sharp = malloc(pixels * sizeof *sharp);
    support_require(sharp);
    for (size_t i = 0; i < pixels; i++)
        sharp[i] = get(&luma, scale, (int)(i % (size_t)luma.width), (int)(i / (size_t)luma.width));
    for (int y = 0; y < luma.height; y++)
        for (int x = 0; x < luma.width; x++) {
            double sum = 0;
            int count = 0;
            for (int v = y - radius; v <= y + radius; v++)
                for (int u = x - radius; u <= x + radius; u++)
                    if (u >= 0 && v >= 0 && u < luma.width && v < luma.height) {
                        sum += sharp[v * luma.width + u];
                        count++;
                    }
            put(&luma, scale, x, y, sum / count);
        }
    free(sharp);
}

double support_canvas_level(const struct support_canvas *canvas, int x, int y)
{
    enum frame_range range;
    const struct frame_luma luma = luma_of(canvas, &range);
    return get(&luma, scale_of(&luma, range), x, y);
}

bool support_canvas_convert(const struct support_canvas *canvas, enum frame_format format,
                            struct support_canvas *out)
{
    struct frame_converter *converter;
    struct frame frame = view(canvas);
    support_require(frame_converter_create(&converter, NULL) == 0);
    const int error = frame_convert(converter, &frame, format, frame.width, frame.height, &frame);
    if (!error) {
        support_require(frame_descriptor_layout(&out->descriptor, format, (uint32_t)frame.width,
                                                (uint32_t)frame.height, ALIGN) == 0);
        out->descriptor.range = frame.descriptor.range;
        make_room(out);
    }
    for (int plane = 0; !error && plane < frame.info->plane_count; plane++)
        for (unsigned y = 0; y < frame_rows(&frame, plane); y++)
            memcpy(out->data + out->descriptor.offsets[plane] +
                       (size_t)y * out->descriptor.strides[plane],
                   frame.planes[plane] + y * frame.strides[plane], frame_row_bytes(&frame, plane));
    frame_converter_destroy(&converter);
    return !error;
}
