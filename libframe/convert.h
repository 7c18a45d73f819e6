/*
 * A converter: turns frames into another format or size, as many as come.
 *
 * Life story. A consumer that wants its pictures in one form, whatever the camera
 * sends, creates a converter and passes every frame through it. What needs no work
 * is passed on as it is: a frame that already has the form, and the luma of a YUV
 * frame that is wanted as gray of the same size and depth, come back as views of
 * the input's own memory. All else goes through libswscale into a buffer of the
 * converter's. The scaler and the buffer are made for the first frame and kept
 * while format, size, range and matrix stay the same, so that a steady stream
 * allocates nothing.
 *
 * Ranges. The result has the range of the input: full stays full, limited stays
 * limited, and RGB, which is always full, makes full YUV and gray. What states no
 * range is taken as frame_effective_range says. With `full_range` set, YUV and gray
 * come out full whatever went in: limited 16..235 is spread over 0..255. Every
 * converted frame states its range in its descriptor; a frame that is passed on
 * unconverted keeps its descriptor.
 *
 * Colour. YUV keeps its matrix; between YUV and RGB the matrix of the descriptor is
 * used, and BT.601 where there is none (H.273 value 6, which RGB turned into YUV
 * then states). Primaries and transfer are not touched.
 *
 * Threads. A converter belongs to one thread at a time; different converters are
 * independent. libswscale reports trouble through av_log.
 */
#ifndef LIBFRAME_CONVERT_H
#define LIBFRAME_CONVERT_H

#include "libframe/api.h"
#include "libframe/frame.h"

FRAME_BEGIN

struct frame_converter;

struct frame_converter_config {
    bool full_range; /* make YUV and gray full range; otherwise the input's range is kept */
};

/* Makes a converter; NULL config means all defaults. -ENOMEM, *out is then NULL. */
FRAME_API int frame_converter_create(struct frame_converter **out,
                                     const struct frame_converter_config *config);

/* Ends a converter and the last frame it gave; sets the pointer to NULL. NULL is fine. */
FRAME_API void frame_converter_destroy(struct frame_converter **converter);

/*
 * Gives `in` as a picture of `format` and `width` x `height` pixels. *out belongs to
 * the converter and is good until its next frame_convert or its end, and where it
 * is a view of the input no longer than that. `in` must come from frame_view or
 * from another converter; in == out is allowed.
 *
 * Times, flags and all else the descriptor says are carried over. A known pixel
 * aspect ratio is adapted to the new size.
 *
 * -ENOTSUP if libswscale can't read or write such a picture (nv16, say, or more
 * than 2 GiB), -EINVAL for a size frame_descriptor_layout would refuse, -ENOMEM.
 * *out is then untouched, and the converter can go on with other frames.
 */
FRAME_API int frame_convert(struct frame_converter *converter, const struct frame *in,
                            enum frame_format format, int width, int height, struct frame *out);

FRAME_END

#endif
