/*
 * Pixel formats: how the bytes of a picture are arranged.
 *
 * A format is a number and a row in a table. The numbers travel in shared
 * memory between processes built at different times, so they belong to this
 * library alone: they are never renumbered or reused, new formats are appended.
 * The names are those of FFmpeg's pixel formats, so that what a user reads here
 * can be typed there. Decoders that mark full-range video by a format of its own
 * (yuvj420p and its kin) are not followed: the range is a property of the frame
 * (frame.h), the format is plain yuv420p.
 *
 * The table covers integer gray, YUV and RGB of up to 16 bits a component.
 * Hardware surfaces, Bayer mosaics, XYZ and floating point are not in it;
 * functions that meet such a picture answer -ENOTSUP.
 *
 * A picture has one to four planes. A plane is a run of rows; a row is a run of
 * steps, and a step holds what belongs to one column of that plane: a luma
 * sample, a pair of chroma samples, a whole RGB pixel. A plane marked subsampled
 * has one column for every 2^log2_chroma_width pixels and one row for every
 * 2^log2_chroma_height, rounded up, so that odd sizes lose nothing.
 *
 * Two arrangements need a word. A packed format that shares chroma between
 * neighbours (yuyv422) is one subsampled plane whose step holds two pixels. pal8
 * has two planes: the indices, and a palette of 256 32-bit words, each
 * 0xAARRGGBB in the machine's byte order, as one row of 1024 bytes.
 *
 * Threads. Everything here is constant and may be used from any thread.
 */
#ifndef LIBFRAME_FORMAT_H
#define LIBFRAME_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libframe/api.h"

FRAME_BEGIN

#define FRAME_PLANES_MAX 4
#define FRAME_PALETTE_SIZE 1024 /* bytes: 256 colours of 32 bits */

/* LE and BE: samples are 16- or 32-bit words, the low or the high byte first. */
/* clang-format off */
enum frame_format {
    FRAME_FORMAT_NONE = 0,

    /* Gray; ya is gray with alpha. */
    FRAME_FORMAT_GRAY8 = 1,
    FRAME_FORMAT_GRAY9LE = 2, FRAME_FORMAT_GRAY9BE = 3,
    FRAME_FORMAT_GRAY10LE = 4, FRAME_FORMAT_GRAY10BE = 5,
    FRAME_FORMAT_GRAY12LE = 6, FRAME_FORMAT_GRAY12BE = 7,
    FRAME_FORMAT_GRAY14LE = 8, FRAME_FORMAT_GRAY14BE = 9,
    FRAME_FORMAT_GRAY16LE = 10, FRAME_FORMAT_GRAY16BE = 11,
    FRAME_FORMAT_YA8 = 12,
    FRAME_FORMAT_YA16LE = 13, FRAME_FORMAT_YA16BE = 14,
    FRAME_FORMAT_MONOWHITE = 15,
    FRAME_FORMAT_MONOBLACK = 16,

    /* Planar YUV. */
    FRAME_FORMAT_YUV410P = 17,
    FRAME_FORMAT_YUV411P = 18,
    FRAME_FORMAT_YUV420P = 19,
    FRAME_FORMAT_YUV422P = 20,
    FRAME_FORMAT_YUV440P = 21,
    FRAME_FORMAT_YUV444P = 22,
    FRAME_FORMAT_YUV420P9LE = 23, FRAME_FORMAT_YUV420P9BE = 24,
    FRAME_FORMAT_YUV422P9LE = 25, FRAME_FORMAT_YUV422P9BE = 26,
    FRAME_FORMAT_YUV444P9LE = 27, FRAME_FORMAT_YUV444P9BE = 28,
    FRAME_FORMAT_YUV420P10LE = 29, FRAME_FORMAT_YUV420P10BE = 30,
    FRAME_FORMAT_YUV422P10LE = 31, FRAME_FORMAT_YUV422P10BE = 32,
    FRAME_FORMAT_YUV444P10LE = 33, FRAME_FORMAT_YUV444P10BE = 34,
    FRAME_FORMAT_YUV420P12LE = 35, FRAME_FORMAT_YUV420P12BE = 36,
    FRAME_FORMAT_YUV422P12LE = 37, FRAME_FORMAT_YUV422P12BE = 38,
    FRAME_FORMAT_YUV444P12LE = 39, FRAME_FORMAT_YUV444P12BE = 40,
    FRAME_FORMAT_YUV420P14LE = 41, FRAME_FORMAT_YUV420P14BE = 42,
    FRAME_FORMAT_YUV422P14LE = 43, FRAME_FORMAT_YUV422P14BE = 44,
    FRAME_FORMAT_YUV444P14LE = 45, FRAME_FORMAT_YUV444P14BE = 46,
    FRAME_FORMAT_YUV420P16LE = 47, FRAME_FORMAT_YUV420P16BE = 48,
    FRAME_FORMAT_YUV422P16LE = 49, FRAME_FORMAT_YUV422P16BE = 50,
    FRAME_FORMAT_YUV444P16LE = 51, FRAME_FORMAT_YUV444P16BE = 52,
    FRAME_FORMAT_YUV440P10LE = 53, FRAME_FORMAT_YUV440P10BE = 54,
    FRAME_FORMAT_YUV440P12LE = 55, FRAME_FORMAT_YUV440P12BE = 56,

    /* Planar YUV with alpha. */
    FRAME_FORMAT_YUVA420P = 57,
    FRAME_FORMAT_YUVA422P = 58,
    FRAME_FORMAT_YUVA444P = 59,
    FRAME_FORMAT_YUVA420P9LE = 60, FRAME_FORMAT_YUVA420P9BE = 61,
    FRAME_FORMAT_YUVA422P9LE = 62, FRAME_FORMAT_YUVA422P9BE = 63,
    FRAME_FORMAT_YUVA444P9LE = 64, FRAME_FORMAT_YUVA444P9BE = 65,
    FRAME_FORMAT_YUVA420P10LE = 66, FRAME_FORMAT_YUVA420P10BE = 67,
    FRAME_FORMAT_YUVA422P10LE = 68, FRAME_FORMAT_YUVA422P10BE = 69,
    FRAME_FORMAT_YUVA444P10LE = 70, FRAME_FORMAT_YUVA444P10BE = 71,
    FRAME_FORMAT_YUVA420P16LE = 72, FRAME_FORMAT_YUVA420P16BE = 73,
    FRAME_FORMAT_YUVA422P16LE = 74, FRAME_FORMAT_YUVA422P16BE = 75,
    FRAME_FORMAT_YUVA444P16LE = 76, FRAME_FORMAT_YUVA444P16BE = 77,
    FRAME_FORMAT_YUVA422P12LE = 78, FRAME_FORMAT_YUVA422P12BE = 79,
    FRAME_FORMAT_YUVA444P12LE = 80, FRAME_FORMAT_YUVA444P12BE = 81,

    /* Semi-planar YUV: luma, then pairs of chroma. */
    FRAME_FORMAT_NV12 = 82,
    FRAME_FORMAT_NV21 = 83,
    FRAME_FORMAT_NV16 = 84,
    FRAME_FORMAT_NV24 = 85,
    FRAME_FORMAT_NV42 = 86,
    FRAME_FORMAT_NV20LE = 87, FRAME_FORMAT_NV20BE = 88,
    FRAME_FORMAT_P010LE = 89, FRAME_FORMAT_P010BE = 90,
    FRAME_FORMAT_P016LE = 91, FRAME_FORMAT_P016BE = 92,
    FRAME_FORMAT_P210LE = 93, FRAME_FORMAT_P210BE = 94,
    FRAME_FORMAT_P216LE = 95, FRAME_FORMAT_P216BE = 96,
    FRAME_FORMAT_P410LE = 97, FRAME_FORMAT_P410BE = 98,
    FRAME_FORMAT_P416LE = 99, FRAME_FORMAT_P416BE = 100,

    /* Packed YUV. */
    FRAME_FORMAT_YUYV422 = 101,
    FRAME_FORMAT_UYVY422 = 102,
    FRAME_FORMAT_YVYU422 = 103,
    FRAME_FORMAT_Y210LE = 104, FRAME_FORMAT_Y210BE = 105,
    FRAME_FORMAT_AYUV64LE = 106, FRAME_FORMAT_AYUV64BE = 107,

    /* Packed RGB. */
    FRAME_FORMAT_RGB24 = 108,
    FRAME_FORMAT_BGR24 = 109,
    FRAME_FORMAT_RGBA = 110,
    FRAME_FORMAT_BGRA = 111,
    FRAME_FORMAT_ARGB = 112,
    FRAME_FORMAT_ABGR = 113,
    FRAME_FORMAT_RGB0 = 114,
    FRAME_FORMAT_BGR0 = 115,
    FRAME_FORMAT_0RGB = 116,
    FRAME_FORMAT_0BGR = 117,
    FRAME_FORMAT_RGB48LE = 118, FRAME_FORMAT_RGB48BE = 119,
    FRAME_FORMAT_BGR48LE = 120, FRAME_FORMAT_BGR48BE = 121,
    FRAME_FORMAT_RGBA64LE = 122, FRAME_FORMAT_RGBA64BE = 123,
    FRAME_FORMAT_BGRA64LE = 124, FRAME_FORMAT_BGRA64BE = 125,
    FRAME_FORMAT_RGB444LE = 126, FRAME_FORMAT_RGB444BE = 127,
    FRAME_FORMAT_BGR444LE = 128, FRAME_FORMAT_BGR444BE = 129,
    FRAME_FORMAT_RGB555LE = 130, FRAME_FORMAT_RGB555BE = 131,
    FRAME_FORMAT_BGR555LE = 132, FRAME_FORMAT_BGR555BE = 133,
    FRAME_FORMAT_RGB565LE = 134, FRAME_FORMAT_RGB565BE = 135,
    FRAME_FORMAT_BGR565LE = 136, FRAME_FORMAT_BGR565BE = 137,
    FRAME_FORMAT_X2RGB10LE = 138, FRAME_FORMAT_X2RGB10BE = 139,
    FRAME_FORMAT_X2BGR10LE = 140, FRAME_FORMAT_X2BGR10BE = 141,
    FRAME_FORMAT_RGB8 = 142,
    FRAME_FORMAT_BGR8 = 143,
    FRAME_FORMAT_RGB4_BYTE = 144,
    FRAME_FORMAT_BGR4_BYTE = 145,
    FRAME_FORMAT_PAL8 = 146,

    /* Planar RGB, in the order green, blue, red, alpha. */
    FRAME_FORMAT_GBRP = 147,
    FRAME_FORMAT_GBRP9LE = 148, FRAME_FORMAT_GBRP9BE = 149,
    FRAME_FORMAT_GBRP10LE = 150, FRAME_FORMAT_GBRP10BE = 151,
    FRAME_FORMAT_GBRP12LE = 152, FRAME_FORMAT_GBRP12BE = 153,
    FRAME_FORMAT_GBRP14LE = 154, FRAME_FORMAT_GBRP14BE = 155,
    FRAME_FORMAT_GBRP16LE = 156, FRAME_FORMAT_GBRP16BE = 157,
    FRAME_FORMAT_GBRAP = 158,
    FRAME_FORMAT_GBRAP10LE = 159, FRAME_FORMAT_GBRAP10BE = 160,
    FRAME_FORMAT_GBRAP12LE = 161, FRAME_FORMAT_GBRAP12BE = 162,
    FRAME_FORMAT_GBRAP16LE = 163, FRAME_FORMAT_GBRAP16BE = 164,

    FRAME_FORMAT_COUNT = 165, /* one more than the last; grows with the table */
};
/* clang-format on */

enum frame_model {
    FRAME_MODEL_GRAY,
    FRAME_MODEL_YUV,
    FRAME_MODEL_RGB,
};

struct frame_plane_info {
    uint8_t step_bits; /* one column of one row; a multiple of 8 but for monow and monob (1) */
    uint8_t word;      /* bytes of the unit samples are stored in: 1, 2 or 4 */
    bool subsampled;   /* has the chroma's columns and rows rather than the picture's */
};

/* Where the luma stands in the first plane. */
struct frame_luma_info {
    uint8_t step;   /* bytes from one sample to the next; 0: there is no luma to point at */
    uint8_t offset; /* bytes from the start of a row to its first sample */
    uint8_t shift;  /* bits below the sample's lowest, in its word */
};

struct frame_format_info {
    enum frame_format format;
    const char *name;
    enum frame_model model;
    uint8_t plane_count;
    uint8_t bits; /* of a component; of the widest one where they differ */
    uint8_t log2_chroma_width;
    uint8_t log2_chroma_height;
    bool alpha;   /* opacity in the picture itself or in its palette */
    bool palette; /* the second plane is a palette */
    bool big_endian;
    struct frame_luma_info luma;
    struct frame_plane_info planes[FRAME_PLANES_MAX];
};

/* The row of a format, for ever valid; NULL for a number that has none. */
FRAME_API const struct frame_format_info *frame_format_info(enum frame_format format);

/* The format of exactly this name ("yuv420p", "gray10le"), else FRAME_FORMAT_NONE. */
FRAME_API enum frame_format frame_format_by_name(const char *name);

/* The name of a format, for ever valid; NULL for a number that has none. */
FRAME_API const char *frame_format_name(enum frame_format format);

/*
 * What a plane of a picture of `width` x `height` pixels holds: bytes in a row,
 * without padding, and rows. Both are 0 for a plane the format does not have.
 */
FRAME_API size_t frame_format_row_bytes(const struct frame_format_info *info, int plane,
                                        uint32_t width);
FRAME_API uint32_t frame_format_rows(const struct frame_format_info *info, int plane,
                                     uint32_t height);

FRAME_END

#endif
