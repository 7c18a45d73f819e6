/*
 * A frame: one picture of a video, as it stands in memory somebody else owns.
 *
 * Life story. A producer decides on a format and a size and lays the picture out
 * in a buffer (frame_descriptor_layout), or finds it laid out already (avframe.h
 * does both for a decoder's pictures). It writes the planes into the buffer, puts
 * what is known about the picture into a `struct frame_descriptor`, and hands
 * both on, the descriptor beside the payload. A consumer makes a `struct frame`
 * of them (frame_view): the descriptor is copied and checked as a whole, and the
 * planes become pointers into the payload. Nothing of the picture is copied. A
 * frame has no destructor: it is a value on the consumer's stack, good for as long
 * as the payload stays mapped and unchanged, which is for the payload's owner to
 * promise.
 *
 * The descriptor travels in shared memory, where whoever maps it may have written
 * anything. frame_view is the one gate: behind it every row of every plane, with
 * FRAME_PADDING bytes after the last, lies inside the payload, whatever was in the
 * descriptor. Only numbers are checked; what the pixels show is not.
 *
 * Padding. FFmpeg's vector code, and anybody's, reads past the end of a row up to
 * the next multiple of its register width. Between rows that meets the next row;
 * behind a plane's last row it meets FRAME_PADDING bytes which belong to the
 * payload, of any value. A picture that lacks them is refused.
 *
 * Errors. Functions return 0 or one of these, negated:
 *   -ENOTSUP    the format is not in the table, or not fit for what was asked
 *   -EINVAL     an argument breaks the rule given here
 *   -EPROTO     a descriptor that contradicts itself, the payload or this version
 *   -EMSGSIZE   the buffer is too small for the picture
 *   -ENOMEM     as the system said
 *
 * Threads. There is no hidden state: functions may be called from any thread, and
 * a frame may be read by several at once.
 */
#ifndef LIBFRAME_FRAME_H
#define LIBFRAME_FRAME_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "libframe/api.h"
#include "libframe/format.h"

FRAME_BEGIN

#define FRAME_VERSION 1
#define FRAME_DIMENSION_MAX 32768 /* pixels, in either direction */
#define FRAME_ALIGN_MAX 4096      /* bytes */
#define FRAME_PADDING 64          /* bytes readable behind a plane: an AVX-512 register */
#define FRAME_NO_PTS INT64_MIN    /* a time that is not known; FFmpeg's AV_NOPTS_VALUE */

/* How luma, and gray, use their numbers: of 8 bits 16..235, or all 0..255. */
enum frame_range {
    FRAME_RANGE_UNSPECIFIED = 0,
    FRAME_RANGE_LIMITED = 1,
    FRAME_RANGE_FULL = 2,
};

enum frame_flag {
    FRAME_FLAG_KEY = 1 << 0,     /* decodable without the frames before it */
    FRAME_FLAG_CORRUPT = 1 << 1, /* damaged or concealed: do not trust what it shows */
    FRAME_FLAGS = FRAME_FLAG_KEY | FRAME_FLAG_CORRUPT,
};

/* The code point for "not known" in all three colour tables of ISO/IEC 23091-2. */
#define FRAME_COLOUR_UNSPECIFIED 2

/*
 * Everything known about one frame, 256 bytes of shared memory. Colour is given
 * as in ITU-T H.273 = ISO/IEC 23091-2 (once 23001-8), which are also FFmpeg's
 * numbers. Of planes the format does not have, offset and stride are 0.
 */
struct frame_descriptor {
    uint32_t version;     /* FRAME_VERSION */
    uint32_t format;      /* enum frame_format */
    uint32_t width;       /* pixels, 1..FRAME_DIMENSION_MAX */
    uint32_t height;      /* pixels, likewise */
    uint32_t plane_count; /* as the format has */
    uint32_t flags;       /* enum frame_flag */
    uint64_t size;        /* bytes of the payload that are in use, all padding included */

    uint64_t offsets[FRAME_PLANES_MAX]; /* bytes from the payload's start to the first row */
    uint32_t strides[FRAME_PLANES_MAX]; /* bytes from one row to the next */

    uint8_t range;       /* enum frame_range */
    uint8_t primaries;   /* H.273 ColourPrimaries */
    uint8_t transfer;    /* H.273 TransferCharacteristics */
    uint8_t matrix;      /* H.273 MatrixCoefficients */
    uint32_t rotation;   /* degrees to turn it clockwise to see it upright, 0..359 */
    uint32_t aspect_num; /* width : height of one pixel, 0 : 0 if not known */
    uint32_t aspect_den;
    int64_t pts;            /* when to show it, in time base units, or FRAME_NO_PTS */
    int64_t duration;       /* how long, likewise, 0 if not known */
    uint32_t time_base_num; /* seconds a unit = num / den, 0 / 0 if not known */
    uint32_t time_base_den;
    int64_t received_ns;   /* CLOCK_MONOTONIC when its data came in, ns, 0 if not known */
    int64_t wall_clock_ns; /* CLOCK_REALTIME at that moment, ns, 0 if not known */

    uint8_t reserved[120]; /* 0 */
};

static_assert(sizeof(struct frame_descriptor) == 256, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, size) == 24, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, offsets) == 32, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, strides) == 64, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, range) == 80, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, rotation) == 84, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, pts) == 96, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, time_base_num) == 112, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, received_ns) == 120, "shared-memory layout");
static_assert(offsetof(struct frame_descriptor, reserved) == 136, "shared-memory layout");

/*
 * A picture to look at. Strides are bytes and never negative; planes the format
 * does not have are NULL. How much of a row is picture: frame_row_bytes.
 */
struct frame {
    const struct frame_format_info *info;
    int width;  /* pixels */
    int height; /* pixels */
    const uint8_t *planes[FRAME_PLANES_MAX];
    ptrdiff_t strides[FRAME_PLANES_MAX];
    struct frame_descriptor descriptor; /* a checked copy */
};

/*
 * Lays a picture out in one buffer and fills the whole descriptor: the geometry
 * as given, everything else as "not known". Strides are multiples of `align`, a
 * power of two up to FRAME_ALIGN_MAX; planes start at multiples of `align` and of
 * FRAME_PADDING and are followed by FRAME_PADDING bytes. 64 suits every vector
 * unit; 1 packs the rows. The buffer's own start is for the caller to align as
 * well.
 *
 * The buffer must have desc->size bytes. The result depends on nothing but the
 * arguments, so this is also how to ask how large a slot must be.
 *
 * -ENOTSUP for a format without a row in the table, -EINVAL for a size of 0 or
 * above FRAME_DIMENSION_MAX or a wrong `align`; the descriptor is then untouched.
 */
FRAME_API int frame_descriptor_layout(struct frame_descriptor *desc, enum frame_format format,
                                      uint32_t width, uint32_t height, uint32_t align);

/*
 * Makes a frame of a payload of `size` bytes at `data` and a descriptor that may
 * be hostile and may change while it is read. `data` must be aligned to 4 bytes
 * at least (slots are; the samples of wide formats are words).
 *
 * -EPROTO if anything is wrong with the descriptor; *out is then all zeros.
 */
FRAME_API int frame_view(struct frame *out, const struct frame_descriptor *untrusted,
                         const void *data, size_t size);

/* Bytes of picture in a row of a plane, and its rows; 0 if there is no such plane. */
FRAME_API size_t frame_row_bytes(const struct frame *frame, int plane);
FRAME_API uint32_t frame_rows(const struct frame *frame, int plane);

/* The frame's time in seconds, not a number (NAN) if it has none. */
FRAME_API double frame_pts_seconds(const struct frame_descriptor *desc);

/*
 * The frame's range as it is to be understood: as stated, and where nothing is
 * stated limited for YUV and full for gray, as FFmpeg has it. RGB is always full.
 */
FRAME_API enum frame_range frame_effective_range(const struct frame *frame);

/*
 * The luma of a frame, in place. The sample of pixel (x, y) starts at
 *     data + y * stride + x * step
 * and is one byte if bits is 8, else a little-endian 16-bit word; its value is
 * that word shifted right by `shift`.
 */
struct frame_luma {
    const uint8_t *data;
    ptrdiff_t stride; /* bytes */
    int width;        /* pixels */
    int height;       /* pixels */
    int step;         /* bytes */
    int bits;         /* 8..16 */
    int shift;        /* bits */
};

/*
 * Finds the luma of a YUV or gray frame; valid as long as the frame. -ENOTSUP where
 * there is none to point at (RGB, palettes, one bit a pixel) or it is big-endian:
 * such a frame is to be converted first (convert.h). *out is then untouched.
 */
FRAME_API int frame_luma(const struct frame *frame, struct frame_luma *out);

FRAME_END

#endif
