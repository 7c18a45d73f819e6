#include "libframe/format.h"

#include <string.h>

/*
 * The table is written in shapes. A shape says how planes are arranged; EACH_BYTE
 * makes a row of it with 8-bit samples, EACH_WORD two rows with 16-bit samples,
 * little- and big-endian. A shape's arguments are
 *     (id, name, bits of a component, bytes of a sample, big-endian, ...)
 * and what else it needs.
 */
/* clang-format off */
#define EACH_BYTE(shape, id, name, ...) shape(id, name, 8, 1, false, __VA_ARGS__)
#define EACH_WORD(shape, id, name, bits, ...)                                                      \
    shape(id##LE, name "le", bits, 2, false, __VA_ARGS__),                                         \
    shape(id##BE, name "be", bits, 2, true, __VA_ARGS__)

#define ROW(id, label, kind, depth, be, ...)                                                       \
    [FRAME_FORMAT_##id] = {.format = FRAME_FORMAT_##id, .name = label, .model = FRAME_MODEL_##kind,\
                           .bits = depth, .big_endian = be, __VA_ARGS__}

#define CHROMA(w, h) .log2_chroma_width = w, .log2_chroma_height = h
#define LUMA(advance, start, below) .luma = {.step = advance, .offset = start, .shift = below}
#define PLANES(count, ...) .plane_count = count, .planes = {__VA_ARGS__}
#define FULL(bytes, size) {.step_bits = 8 * (bytes), .word = size}
#define SUBSAMPLED(bytes, size) {.step_bits = 8 * (bytes), .word = size, .subsampled = true}

/* gray, and gray with alpha behind each sample: `extra` samples of alpha */
#define GRAY(id, name, bits, size, be, extra)                                                      \
    ROW(id, name, GRAY, bits, be, .alpha = extra,                                                  \
        LUMA((1 + extra) * size, 0, 0), PLANES(1, FULL((1 + extra) * size, size)))

#define PLANAR(id, name, bits, size, be, w, h)                                                     \
    ROW(id, name, YUV, bits, be, CHROMA(w, h), LUMA(size, 0, 0),                                   \
        PLANES(3, FULL(size, size), SUBSAMPLED(size, size), SUBSAMPLED(size, size)))

#define PLANAR_ALPHA(id, name, bits, size, be, w, h)                                               \
    ROW(id, name, YUV, bits, be, .alpha = true, CHROMA(w, h), LUMA(size, 0, 0),                    \
        PLANES(4, FULL(size, size), SUBSAMPLED(size, size), SUBSAMPLED(size, size),                \
               FULL(size, size)))

/* `below`: unused bits below the sample */
#define SEMIPLANAR(id, name, bits, size, be, w, h, below)                                          \
    ROW(id, name, YUV, bits, be, CHROMA(w, h), LUMA(size, 0, below),                               \
        PLANES(2, FULL(size, size), SUBSAMPLED(2 * size, size)))

/* four samples for two pixels, the first luma `at` bytes in */
#define PACKED_422(id, name, bits, size, be, at, below)                                            \
    ROW(id, name, YUV, bits, be, CHROMA(1, 0), LUMA(2 * size, at, below),                          \
        PLANES(1, SUBSAMPLED(4 * size, size)))

#define PACKED_444(id, name, bits, size, be, at)                                                   \
    ROW(id, name, YUV, bits, be, .alpha = true, LUMA(4 * size, at, 0),                             \
        PLANES(1, FULL(4 * size, size)))

#define RGB(id, name, bits, size, be, samples)                                                     \
    ROW(id, name, RGB, bits, be, PLANES(1, FULL(samples * size, size)))

#define RGB_ALPHA(id, name, bits, size, be, samples)                                               \
    ROW(id, name, RGB, bits, be, .alpha = true, PLANES(1, FULL(samples * size, size)))

/* a pixel in one word: its components have odd widths */
#define RGB_WORD(id, name, bits, size)                                                             \
    ROW(id##LE, name "le", RGB, bits, false, PLANES(1, FULL(size, size))),                         \
    ROW(id##BE, name "be", RGB, bits, true, PLANES(1, FULL(size, size)))
#define RGB_BYTE(id, name, bits) ROW(id, name, RGB, bits, false, PLANES(1, FULL(1, 1)))

#define PLANAR_RGB(id, name, bits, size, be, count, has_alpha)                                     \
    ROW(id, name, RGB, bits, be, .alpha = has_alpha,                                               \
        PLANES(count, FULL(size, size), FULL(size, size), FULL(size, size),                        \
               FULL((has_alpha) * size, (has_alpha) * size)))

#define MONO(id, name)                                                                             \
    ROW(id, name, GRAY, 1, false, PLANES(1, {.step_bits = 1, .word = 1}))

static const struct frame_format_info table[FRAME_FORMAT_COUNT] = {
    EACH_BYTE(GRAY, GRAY8, "gray", 0),
    EACH_WORD(GRAY, GRAY9, "gray9", 9, 0),
    EACH_WORD(GRAY, GRAY10, "gray10", 10, 0),
    EACH_WORD(GRAY, GRAY12, "gray12", 12, 0),
    EACH_WORD(GRAY, GRAY14, "gray14", 14, 0),
    EACH_WORD(GRAY, GRAY16, "gray16", 16, 0),
    EACH_BYTE(GRAY, YA8, "ya8", 1),
    EACH_WORD(GRAY, YA16, "ya16", 16, 1),
    MONO(MONOWHITE, "monow"),
    MONO(MONOBLACK, "monob"),

    EACH_BYTE(PLANAR, YUV410P, "yuv410p", 2, 2),
    EACH_BYTE(PLANAR, YUV411P, "yuv411p", 2, 0),
    EACH_BYTE(PLANAR, YUV420P, "yuv420p", 1, 1),
    EACH_BYTE(PLANAR, YUV422P, "yuv422p", 1, 0),
    EACH_BYTE(PLANAR, YUV440P, "yuv440p", 0, 1),
    EACH_BYTE(PLANAR, YUV444P, "yuv444p", 0, 0),
    EACH_WORD(PLANAR, YUV420P9, "yuv420p9", 9, 1, 1),
    EACH_WORD(PLANAR, YUV422P9, "yuv422p9", 9, 1, 0),
    EACH_WORD(PLANAR, YUV444P9, "yuv444p9", 9, 0, 0),
    EACH_WORD(PLANAR, YUV420P10, "yuv420p10", 10, 1, 1),
    EACH_WORD(PLANAR, YUV422P10, "yuv422p10", 10, 1, 0),
    EACH_WORD(PLANAR, YUV444P10, "yuv444p10", 10, 0, 0),
    EACH_WORD(PLANAR, YUV420P12, "yuv420p12", 12, 1, 1),
    EACH_WORD(PLANAR, YUV422P12, "yuv422p12", 12, 1, 0),
    EACH_WORD(PLANAR, YUV444P12, "yuv444p12", 12, 0, 0),
    EACH_WORD(PLANAR, YUV420P14, "yuv420p14", 14, 1, 1),
    EACH_WORD(PLANAR, YUV422P14, "yuv422p14", 14, 1, 0),
    EACH_WORD(PLANAR, YUV444P14, "yuv444p14", 14, 0, 0),
    EACH_WORD(PLANAR, YUV420P16, "yuv420p16", 16, 1, 1),
    EACH_WORD(PLANAR, YUV422P16, "yuv422p16", 16, 1, 0),
    EACH_WORD(PLANAR, YUV444P16, "yuv444p16", 16, 0, 0),
    EACH_WORD(PLANAR, YUV440P10, "yuv440p10", 10, 0, 1),
    EACH_WORD(PLANAR, YUV440P12, "yuv440p12", 12, 0, 1),

    EACH_BYTE(PLANAR_ALPHA, YUVA420P, "yuva420p", 1, 1),
    EACH_BYTE(PLANAR_ALPHA, YUVA422P, "yuva422p", 1, 0),
    EACH_BYTE(PLANAR_ALPHA, YUVA444P, "yuva444p", 0, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA420P9, "yuva420p9", 9, 1, 1),
    EACH_WORD(PLANAR_ALPHA, YUVA422P9, "yuva422p9", 9, 1, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA444P9, "yuva444p9", 9, 0, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA420P10, "yuva420p10", 10, 1, 1),
    EACH_WORD(PLANAR_ALPHA, YUVA422P10, "yuva422p10", 10, 1, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA444P10, "yuva444p10", 10, 0, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA420P16, "yuva420p16", 16, 1, 1),
    EACH_WORD(PLANAR_ALPHA, YUVA422P16, "yuva422p16", 16, 1, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA444P16, "yuva444p16", 16, 0, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA422P12, "yuva422p12", 12, 1, 0),
    EACH_WORD(PLANAR_ALPHA, YUVA444P12, "yuva444p12", 12, 0, 0),

    EACH_BYTE(SEMIPLANAR, NV12, "nv12", 1, 1, 0),
    EACH_BYTE(SEMIPLANAR, NV21, "nv21", 1, 1, 0),
    EACH_BYTE(SEMIPLANAR, NV16, "nv16", 1, 0, 0),
    EACH_BYTE(SEMIPLANAR, NV24, "nv24", 0, 0, 0),
    EACH_BYTE(SEMIPLANAR, NV42, "nv42", 0, 0, 0),
    EACH_WORD(SEMIPLANAR, NV20, "nv20", 10, 1, 0, 0),
    EACH_WORD(SEMIPLANAR, P010, "p010", 10, 1, 1, 6),
    EACH_WORD(SEMIPLANAR, P016, "p016", 16, 1, 1, 0),
    EACH_WORD(SEMIPLANAR, P210, "p210", 10, 1, 0, 6),
    EACH_WORD(SEMIPLANAR, P216, "p216", 16, 1, 0, 0),
    EACH_WORD(SEMIPLANAR, P410, "p410", 10, 0, 0, 6),
    EACH_WORD(SEMIPLANAR, P416, "p416", 16, 0, 0, 0),

    EACH_BYTE(PACKED_422, YUYV422, "yuyv422", 0, 0),
    EACH_BYTE(PACKED_422, UYVY422, "uyvy422", 1, 0),
    EACH_BYTE(PACKED_422, YVYU422, "yvyu422", 0, 0),
    EACH_WORD(PACKED_422, Y210, "y210", 10, 0, 6),
    EACH_WORD(PACKED_444, AYUV64, "ayuv64", 16, 2),

    EACH_BYTE(RGB, RGB24, "rgb24", 3),
    EACH_BYTE(RGB, BGR24, "bgr24", 3),
    EACH_BYTE(RGB_ALPHA, RGBA, "rgba", 4),
    EACH_BYTE(RGB_ALPHA, BGRA, "bgra", 4),
    EACH_BYTE(RGB_ALPHA, ARGB, "argb", 4),
    EACH_BYTE(RGB_ALPHA, ABGR, "abgr", 4),
    EACH_BYTE(RGB, RGB0, "rgb0", 4),
    EACH_BYTE(RGB, BGR0, "bgr0", 4),
    EACH_BYTE(RGB, 0RGB, "0rgb", 4),
    EACH_BYTE(RGB, 0BGR, "0bgr", 4),
    EACH_WORD(RGB, RGB48, "rgb48", 16, 3),
    EACH_WORD(RGB, BGR48, "bgr48", 16, 3),
    EACH_WORD(RGB_ALPHA, RGBA64, "rgba64", 16, 4),
    EACH_WORD(RGB_ALPHA, BGRA64, "bgra64", 16, 4),
    RGB_WORD(RGB444, "rgb444", 4, 2),
    RGB_WORD(BGR444, "bgr444", 4, 2),
    RGB_WORD(RGB555, "rgb555", 5, 2),
    RGB_WORD(BGR555, "bgr555", 5, 2),
    RGB_WORD(RGB565, "rgb565", 6, 2),
    RGB_WORD(BGR565, "bgr565", 6, 2),
    RGB_WORD(X2RGB10, "x2rgb10", 10, 4),
    RGB_WORD(X2BGR10, "x2bgr10", 10, 4),
    RGB_BYTE(RGB8, "rgb8", 3),
    RGB_BYTE(BGR8, "bgr8", 3),
    RGB_BYTE(RGB4_BYTE, "rgb4_byte", 2),
    RGB_BYTE(BGR4_BYTE, "bgr4_byte", 2),
    ROW(PAL8, "pal8", RGB, 8, false, .alpha = true, .palette = true,
        PLANES(2, FULL(1, 1), FULL(4, 4))),

    EACH_BYTE(PLANAR_RGB, GBRP, "gbrp", 3, false),
    EACH_WORD(PLANAR_RGB, GBRP9, "gbrp9", 9, 3, false),
    EACH_WORD(PLANAR_RGB, GBRP10, "gbrp10", 10, 3, false),
    EACH_WORD(PLANAR_RGB, GBRP12, "gbrp12", 12, 3, false),
    EACH_WORD(PLANAR_RGB, GBRP14, "gbrp14", 14, 3, false),
    EACH_WORD(PLANAR_RGB, GBRP16, "gbrp16", 16, 3, false),
    EACH_BYTE(PLANAR_RGB, GBRAP, "gbrap", 4, true),
    EACH_WORD(PLANAR_RGB, GBRAP10, "gbrap10", 10, 4, true),
    EACH_WORD(PLANAR_RGB, GBRAP12, "gbrap12", 12, 4, true),
    EACH_WORD(PLANAR_RGB, GBRAP16, "gbrap16", 16, 4, true),
};
/* clang-format on */

const struct frame_format_info *frame_format_info(enum frame_format format)
{
    if ((unsigned)format >= FRAME_FORMAT_COUNT || table[format].name == NULL)
        return NULL;
    return &table[format];
}

enum frame_format frame_format_by_name(const char *name)
{
    for (size_t i = 0; i < FRAME_FORMAT_COUNT; i++) {
        if (table[i].name != NULL && strcmp(table[i].name, name) == 0)
            return table[i].format;
    }
    return FRAME_FORMAT_NONE;
}

const char *frame_format_name(enum frame_format format)
{
    const struct frame_format_info *info = frame_format_info(format);

    return info != NULL ? info->name : NULL;
}

static bool has_plane(const struct frame_format_info *info, int plane)
{
    return plane >= 0 && plane < info->plane_count;
}

static bool is_palette(const struct frame_format_info *info, int plane)
{
    return info->palette && plane == 1;
}

static uint32_t subsample(uint32_t pixels, unsigned log2)
{
    return (uint32_t)(((uint64_t)pixels + (1u << log2) - 1) >> log2);
}

size_t frame_format_row_bytes(const struct frame_format_info *info, int plane, uint32_t width)
{
    if (!has_plane(info, plane))
        return 0;
    if (is_palette(info, plane))
        return FRAME_PALETTE_SIZE;

    bool subsampled = info->planes[plane].subsampled;
    uint64_t columns = subsample(width, subsampled ? info->log2_chroma_width : 0);

    return (size_t)((columns * info->planes[plane].step_bits + 7) / 8);
}

uint32_t frame_format_rows(const struct frame_format_info *info, int plane, uint32_t height)
{
    if (!has_plane(info, plane))
        return 0;
    if (is_palette(info, plane))
        return 1;
    return subsample(height, info->planes[plane].subsampled ? info->log2_chroma_height : 0);
}
