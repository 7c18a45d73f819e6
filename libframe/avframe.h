/*
 * Between FFmpeg's pictures and ours. The only header here that knows FFmpeg's types.
 *
 * Life story. A decoder gives an AVFrame. Its facts, geometry, colour and time, become
 * a descriptor; its planes are either copied into a slot
 * (frame_descriptor_from_avframe, then frame_copy_from_avframe), or lie in the slot
 * already because the decoder was given its buffers there (frame_descriptor_in_place).
 * The AVFrame is only read and stays the caller's.
 *
 * From an AVFrame come: width and height (the visible part), range, colour, pixel
 * aspect, pts (the best effort of libavcodec, else the frame's own), duration, key and
 * corrupt flags. It does not know when its data was received, nor, in general, how the
 * camera was held: received_ns, wall_clock_ns and rotation are 0 and for the caller to
 * fill in.
 *
 * Threads. There is no hidden state; functions may be called from any thread.
 */
#ifndef LIBFRAME_AVFRAME_H
#define LIBFRAME_AVFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "libframe/api.h"
#include "libframe/frame.h"

FRAME_BEGIN

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
#include <libavutil/rational.h>

/* yuvj420p and its kin give the plain format; FRAME_FORMAT_NONE if there is none. */
FRAME_API enum frame_format frame_format_from_av(enum AVPixelFormat format);

/* AV_PIX_FMT_NONE for a number without a row in the table, or unknown to this FFmpeg. */
FRAME_API enum AVPixelFormat frame_format_to_av(enum frame_format format);

/* The frame's duration in units of its time base, 0 if not known: the field's name has
 * changed between FFmpeg's versions. */
FRAME_API int64_t frame_avframe_duration(const AVFrame *avframe);

/*
 * Describes the frame as frame_descriptor_layout(..., align) would lay it out. The
 * buffer must then have desc->size bytes. `time_base` is that of the frame's times,
 * seconds a unit; 0/1 if not known. Errors as frame_descriptor_layout.
 */
FRAME_API int frame_descriptor_from_avframe(struct frame_descriptor *desc, const AVFrame *avframe,
                                            AVRational time_base, uint32_t align);

/*
 * Describes a frame whose planes lie in the `size` bytes at `base`, where they lie.
 * -ENOTSUP for a format without a row or for rows that run upwards, -EINVAL if a plane,
 * or FRAME_PADDING bytes behind it, is outside; the descriptor is then untouched.
 */
FRAME_API int frame_descriptor_in_place(struct frame_descriptor *desc, const AVFrame *avframe,
                                        AVRational time_base, const void *base, size_t size);

/*
 * Copies the frame's planes into the `size` bytes at `data`, by a descriptor that
 * frame_descriptor_from_avframe made of this frame or of one of the same format and
 * size. -EINVAL if those differ, -EMSGSIZE if desc->size bytes are not there.
 */
FRAME_API int frame_copy_from_avframe(const struct frame_descriptor *desc, void *data, size_t size,
                                      const AVFrame *avframe);

/*
 * The rotation of a descriptor, in degrees, from a display matrix as containers carry
 * it (AV_PKT_DATA_DISPLAYMATRIX); 0 if it says nothing of use. A mirrored picture is
 * not told from one that is not.
 */
FRAME_API uint32_t frame_rotation_from_matrix(const int32_t matrix[9]);

FRAME_END

#endif
