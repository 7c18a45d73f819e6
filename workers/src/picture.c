#include "workers/src/picture.h"

#include <math.h>

void picture_begin__(struct picture *picture, const struct worker_wants *wants, double fps)
{
    *picture = (struct picture){.wants = wants};
    frame_rate_begin(&picture->rate, fps);
}

bool picture_is_due__(struct picture *picture, double pts)
{
    return frame_rate_is_due(&picture->rate, pts);
}

static int at_least_1(double length)
{
    return length < 1 ? 1 : (int)length;
}

/* The largest size of this shape within what is wanted. */
static void fit(const struct worker_wants *wants, int *width, int *height)
{
    const double across = wants->max_width > 0 ? (double)wants->max_width / *width : 1;
    const double down = wants->max_height > 0 ? (double)wants->max_height / *height : 1;
    const double scale = fmin(1, fmin(across, down));
    if (scale == 1)
        return;
    *width = at_least_1(*width * scale + 0.5);
    *height = at_least_1(*height * scale + 0.5);
}

static enum frame_format format_for(const struct picture *picture, const struct frame *frame,
                                    bool same_size)
{
    struct frame_luma luma;
    const enum frame_format own = frame->info->format;
    if (picture->wants->luma)
        return same_size && frame_luma(frame, &luma) == 0 ? own : FRAME_FORMAT_GRAY8;
    return picture->wants->format ? picture->wants->format : own;
}

int picture_make__(struct picture *picture, struct frame *frame)
{
    int width = frame->width, height = frame->height;
    fit(picture->wants, &width, &height);
    const bool same_size = width == frame->width && height == frame->height;
    const enum frame_format format = format_for(picture, frame, same_size);
    if (same_size && format == frame->info->format)
        return 0;
    int error = picture->converter ? 0 : frame_converter_create(&picture->converter, NULL);
    return error ? error : frame_convert(picture->converter, frame, format, width, height, frame);
}

void picture_end__(struct picture *picture)
{
    frame_converter_destroy(&picture->converter);
}
