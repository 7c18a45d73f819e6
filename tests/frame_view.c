/*
 * Layouts and views: what is laid out can be viewed, at every format and odd sizes;
 * and whatever a descriptor holds, a view never leads out of its payload.
 */
#include "tests/frame_picture.h"

#include <errno.h>
#include <math.h>

static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {17, 9}, {319, 241}, {64, 64}};
static const uint32_t aligns[] = {1, 2, 16, 64, 4096};

/* Reads every byte the frame shows, padding included, where a sanitizer sees it. */
static unsigned read_everything(const struct frame *frame)
{
    unsigned sum = 0;

    for (int plane = 0; plane < frame->info->plane_count; plane++) {
        uint32_t rows = frame_rows(frame, plane);
        size_t bytes = frame_row_bytes(frame, plane);

        for (uint32_t y = 0; y < rows; y++) {
            const uint8_t *row = frame->planes[plane] + (ptrdiff_t)y * frame->strides[plane];
            size_t count = bytes + (y == rows - 1 ? FRAME_PADDING : 0);

            for (size_t x = 0; x < count; x++)
                sum += row[x];
        }
    }
    return sum;
}

/* The same, by arithmetic: also without a sanitizer nothing escapes. */
static void assert_inside(const struct frame *frame, const uint8_t *data, size_t size)
{
    for (int plane = 0; plane < frame->info->plane_count; plane++) {
        const uint8_t *last = frame->planes[plane] +
                              (ptrdiff_t)(frame_rows(frame, plane) - 1) * frame->strides[plane];
        const uint8_t *end = last + frame_row_bytes(frame, plane) + FRAME_PADDING;

        cr_assert_geq(frame->planes[plane], data);
        cr_assert_geq(frame->strides[plane], (ptrdiff_t)frame_row_bytes(frame, plane));
        cr_assert_leq(end, data + size);
    }
}

static void check_layout(enum frame_format format, uint32_t width, uint32_t height, uint32_t align)
{
    struct picture picture;

    picture_create(&picture, format, width, height, align);

    const struct frame *frame = &picture.frame;
    const uint8_t *end = picture.data;

    cr_assert_eq(frame->info->format, format);
    cr_assert_eq(frame->width, (int)width);
    cr_assert_eq(frame->height, (int)height);
    for (int plane = 0; plane < FRAME_PLANES_MAX; plane++) {
        if (plane >= frame->info->plane_count) {
            cr_assert_null(frame->planes[plane]);
            continue;
        }
        cr_assert_eq(picture.descriptor.offsets[plane] % align, 0);
        cr_assert_eq(picture.descriptor.strides[plane] % align, 0);
        cr_assert_geq(frame->planes[plane], end, "planes of %s overlap", frame->info->name);
        end = frame->planes[plane] + frame->strides[plane] * (ptrdiff_t)frame_rows(frame, plane);
    }
    assert_inside(frame, picture.data, picture.descriptor.size);
    cr_assert_neq(read_everything(frame), 0);
    picture_destroy(&picture);
}

Test(frame_view, sees_what_was_laid_out)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;

        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            for (size_t a = 0; a < sizeof(aligns) / sizeof(aligns[0]); a++)
                check_layout(format, sizes[s][0], sizes[s][1], aligns[a]);
        }
    }
}

Test(frame_view, rows_are_packed_with_alignment_one)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;
        struct picture picture;

        picture_create(&picture, format, 319, 3, 1);
        for (int plane = 0; plane < picture.frame.info->plane_count; plane++)
            cr_assert_eq(picture.frame.strides[plane],
                         (ptrdiff_t)frame_row_bytes(&picture.frame, plane));
        picture_destroy(&picture);
    }
}

Test(frame_view, largest_layout_does_not_overflow)
{
    struct frame_descriptor desc;
    const uint64_t plane = (uint64_t)FRAME_DIMENSION_MAX * FRAME_DIMENSION_MAX * 2;

    cr_assert_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_YUVA444P16LE, FRAME_DIMENSION_MAX,
                                         FRAME_DIMENSION_MAX, FRAME_ALIGN_MAX),
                 0);
    cr_assert_geq(desc.size, 4 * plane);
    cr_assert_leq(desc.size, 4 * (plane + FRAME_ALIGN_MAX));
    for (int i = 0; i < 4; i++)
        cr_assert_geq(desc.offsets[i], (uint64_t)i * plane);
}

Test(frame_view, layout_refuses_what_it_cannot_lay_out)
{
    struct frame_descriptor desc, before;

    memset(&desc, 0x5a, sizeof(desc));
    before = desc;
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_NONE, 2, 2, 1), -ENOTSUP);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_COUNT, 2, 2, 1), -ENOTSUP);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 0, 2, 1), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 0, 1), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 32769, 2, 1), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 32769, 1), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 2, 0), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 2, 48), -EINVAL);
    cr_expect_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 2, 8192), -EINVAL);
    cr_expect_arr_eq(&desc, &before, sizeof(desc));
}

Test(frame_view, facts_start_unknown)
{
    struct frame_descriptor desc;

    cr_assert_eq(frame_descriptor_layout(&desc, FRAME_FORMAT_GRAY8, 2, 2, 1), 0);
    cr_expect_eq(desc.pts, FRAME_NO_PTS);
    cr_expect_eq(desc.matrix, FRAME_COLOUR_UNSPECIFIED);
    cr_expect_eq(desc.range, FRAME_RANGE_UNSPECIFIED);
    cr_expect_eq(desc.flags, 0);
    cr_expect(isnan(frame_pts_seconds(&desc)));
    desc.pts = 45000;
    cr_expect(isnan(frame_pts_seconds(&desc)), "a time without a time base is none");
    desc.time_base_num = 1;
    desc.time_base_den = 90000;
    cr_expect_float_eq(frame_pts_seconds(&desc), 0.5, 1e-12);
    desc.pts = -90000;
    cr_expect_float_eq(frame_pts_seconds(&desc), -1, 1e-12);
}

Test(frame_view, the_view_keeps_a_copy_of_the_descriptor)
{
    struct picture picture;

    picture_create(&picture, FRAME_FORMAT_NV12, 6, 4, 1);
    picture.descriptor.pts = 17;
    picture.descriptor.flags = FRAME_FLAG_KEY;
    picture_update(&picture);
    picture.descriptor.pts = 18;
    cr_assert_eq(picture.frame.descriptor.pts, 17);
    cr_assert_eq(picture.frame.descriptor.flags, FRAME_FLAG_KEY);
    picture_destroy(&picture);
}

/* Each lie alone must be found. */
#define REFUSES(format, lie)                                                                       \
    do {                                                                                           \
        struct picture picture;                                                                    \
        picture_create(&picture, format, 18, 10, 16);                                              \
        struct frame_descriptor *desc = &picture.descriptor;                                       \
        lie;                                                                                       \
        int status = frame_view(&picture.frame, desc, picture.data, honest_size(format));          \
        cr_expect_eq(status, -EPROTO, "%s: view says %d after " #lie, frame_format_name(format),   \
                     status);                                                                      \
        cr_expect_null(picture.frame.planes[0]);                                                   \
        picture_destroy(&picture);                                                                 \
    } while (0)

static size_t honest_size(enum frame_format format)
{
    struct frame_descriptor desc;

    cr_assert_eq(frame_descriptor_layout(&desc, format, 18, 10, 16), 0);
    return desc.size;
}

Test(frame_view, refuses_each_lie_about_geometry)
{
    const enum frame_format formats[] = {FRAME_FORMAT_YUV420P, FRAME_FORMAT_GRAY8,
                                         FRAME_FORMAT_P010LE, FRAME_FORMAT_PAL8};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        enum frame_format format = formats[i];

        REFUSES(format, desc->version = 0);
        REFUSES(format, desc->version = FRAME_VERSION + 1);
        REFUSES(format, desc->format = 0);
        REFUSES(format, desc->format = FRAME_FORMAT_COUNT);
        REFUSES(format, desc->format = UINT32_MAX);
        REFUSES(format, desc->format = FRAME_FORMAT_YUVA444P);
        REFUSES(format, desc->width = 0);
        REFUSES(format, desc->width = 4000);
        REFUSES(format, desc->width = UINT32_MAX);
        REFUSES(format, desc->height = 0);
        REFUSES(format, desc->height = 4000);
        REFUSES(format, desc->height = UINT32_MAX);
        REFUSES(format, desc->plane_count++);
        REFUSES(format, desc->plane_count = 0);
        REFUSES(format, desc->size -= 16);
        REFUSES(format, desc->size++);
        REFUSES(format, desc->size = UINT64_MAX);
        REFUSES(format, desc->size = 0);
        REFUSES(format, desc->offsets[desc->plane_count - 1] += 16);
        REFUSES(format, desc->offsets[0] = UINT64_MAX);
        REFUSES(format, desc->offsets[0] = UINT64_MAX - 15);
        REFUSES(format, desc->offsets[desc->plane_count] = 1);
        REFUSES(format, desc->strides[0] = 16);
        REFUSES(format, desc->strides[0] = 0);
        REFUSES(format, desc->strides[0] = UINT32_MAX);
        REFUSES(format, desc->strides[0] = (uint32_t)INT32_MAX + 1);
        REFUSES(format, desc->strides[0] = 4096);
        REFUSES(format, desc->strides[desc->plane_count] = 16);
    }
}

Test(frame_view, refuses_each_lie_about_facts)
{
    const enum frame_format format = FRAME_FORMAT_YUV420P;

    REFUSES(format, desc->flags = FRAME_FLAGS + 1);
    REFUSES(format, desc->range = FRAME_RANGE_FULL + 1);
    REFUSES(format, desc->rotation = 360);
    REFUSES(format, desc->aspect_num = 1);
    REFUSES(format, desc->aspect_den = 1);
    REFUSES(format, desc->time_base_num = 1);
    REFUSES(format, desc->time_base_den = 1);
    REFUSES(format, (desc->time_base_num = 1, desc->time_base_den = UINT32_MAX));
    REFUSES(format, desc->reserved[0] = 1);
    REFUSES(format, desc->reserved[sizeof(desc->reserved) - 1] = 1);
}

/* A sample of 16 bits at an odd address would trap on some machines. */
Test(frame_view, refuses_words_at_odd_addresses)
{
    const enum frame_format wide = FRAME_FORMAT_GRAY16LE;

    REFUSES(wide, (desc->offsets[0] = 1, desc->strides[0] = 36));
    REFUSES(wide, desc->strides[0] = 37);
    REFUSES(FRAME_FORMAT_PAL8, desc->offsets[1] -= 2);
    REFUSES(FRAME_FORMAT_X2RGB10LE, desc->strides[0] = 74);
}

/* A stride of one row is never used: it may not be used for an overflow either. */
Test(frame_view, one_row_with_a_huge_stride)
{
    struct picture picture;

    picture_create(&picture, FRAME_FORMAT_GRAY8, 8, 1, 1);
    picture.descriptor.strides[0] = UINT32_MAX;
    cr_assert_eq(
        frame_view(&picture.frame, &picture.descriptor, picture.data, picture.descriptor.size),
        -EPROTO);
    picture_destroy(&picture);
}

Test(frame_view, a_larger_payload_than_needed_is_fine)
{
    struct picture picture;
    uint8_t *slot = malloc(100000);

    picture_create(&picture, FRAME_FORMAT_YUV420P, 18, 10, 16);
    cr_assert_eq(frame_view(&picture.frame, &picture.descriptor, slot, 100000), 0);
    cr_assert_eq(frame_view(&picture.frame, &picture.descriptor, slot, picture.descriptor.size - 1),
                 -EPROTO);
    free(slot);
    picture_destroy(&picture);
}

/*
 * Two kinds of noise: a true descriptor with a few bytes changed, which often comes
 * close to being accepted, and with whole fields set to values near the limits.
 */
static void spoil(struct frame_descriptor *desc, uint32_t *state)
{
    static const uint64_t nasty[] = {
        0,     1,     2,     15,        63,         64,        255,        4096,
        32767, 32768, 32769, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_MAX - 63};
    uint32_t words[sizeof(*desc) / 4];
    uint32_t changes = 1 + next_random(state) % 3;

    memcpy(words, desc, sizeof(words));
    for (uint32_t i = 0; i < changes; i++) {
        uint32_t choice = next_random(state);
        uint32_t at = choice % 34; /* the fields before the reserved bytes */

        if (choice & 0x10000)
            words[at] = (uint32_t)nasty[(choice >> 20) % (sizeof(nasty) / sizeof(nasty[0]))];
        else if (choice & 0x20000)
            words[at] ^= 1u << (choice >> 27);
        else
            words[at] += (choice >> 20) % 129 - 64;
    }
    memcpy(desc, words, sizeof(words));
}

Test(frame_view, fuzzed_descriptors_never_lead_out)
{
    const size_t capacity = 1 << 14;
    uint8_t *data = calloc(1, capacity); /* a heap block: a sanitizer watches its ends */
    uint32_t state = 20231;
    int accepted = 0;

    cr_assert_not_null(data);
    for (int round = 0; round < 200000; round++) {
        struct frame_descriptor desc;
        struct frame frame;
        enum frame_format format = (enum frame_format)(1 + round % (FRAME_FORMAT_COUNT - 1));

        cr_assert_eq(frame_descriptor_layout(&desc, format, 1 + next_random(&state) % 40,
                                             1 + next_random(&state) % 20, 1),
                     0);
        spoil(&desc, &state);
        if (frame_view(&frame, &desc, data, capacity) < 0)
            continue;
        assert_inside(&frame, data, desc.size < capacity ? desc.size : capacity);
        accepted += read_everything(&frame) == 0;
    }
    cr_assert_gt(accepted, 1000, "the noise was not near enough to the truth: %d", accepted);
    free(data);
}

Test(frame_view, pure_noise_is_refused)
{
    uint8_t payload[4096] = {0};
    uint32_t state = 4711;

    for (int round = 0; round < 100000; round++) {
        struct frame_descriptor desc;
        struct frame frame;

        fill_random((uint8_t *)&desc, sizeof(desc), next_random(&state));
        cr_assert_eq(frame_view(&frame, &desc, payload, sizeof(payload)), -EPROTO);
    }
}

static unsigned luma_at(const struct frame_luma *luma, int x, int y)
{
    const uint8_t *sample = luma->data + y * luma->stride + x * luma->step;

    return luma->bits == 8 ? *sample : (unsigned)read_word(sample) >> luma->shift;
}

struct luma_case {
    enum frame_format format;
    int first; /* byte of the first row where the luma of (0, 0) stands */
    int next;  /* bytes to the luma of (1, 0) */
    int bits;
    int shift;
};

Test(frame_luma, stands_where_the_format_puts_it)
{
    static const struct luma_case cases[] = {
        {FRAME_FORMAT_GRAY8, 0, 1, 8, 0},     {FRAME_FORMAT_YUV420P, 0, 1, 8, 0},
        {FRAME_FORMAT_NV12, 0, 1, 8, 0},      {FRAME_FORMAT_YUV420P10LE, 0, 2, 10, 0},
        {FRAME_FORMAT_P010LE, 0, 2, 10, 6},   {FRAME_FORMAT_P016LE, 0, 2, 16, 0},
        {FRAME_FORMAT_YUYV422, 0, 2, 8, 0},   {FRAME_FORMAT_UYVY422, 1, 2, 8, 0},
        {FRAME_FORMAT_Y210LE, 0, 4, 10, 6},   {FRAME_FORMAT_YA8, 0, 2, 8, 0},
        {FRAME_FORMAT_AYUV64LE, 2, 8, 16, 0}, {FRAME_FORMAT_GRAY12LE, 0, 2, 12, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct luma_case *expected = &cases[i];
        const char *name = frame_format_name(expected->format);
        struct picture picture;
        struct frame_luma luma;

        picture_create(&picture, expected->format, 7, 5, 32);
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 7; x++) {
                uint8_t *at = picture_plane(&picture, 0) + y * picture.frame.strides[0] +
                              expected->first + x * expected->next;
                unsigned value = (unsigned)(10 * y + x + 1) << expected->shift;

                if (expected->bits == 8)
                    *at = (uint8_t)value;
                else
                    write_word(at, value);
            }
        }

        cr_assert_eq(frame_luma(&picture.frame, &luma), 0, "%s", name);
        cr_assert_eq(luma.bits, expected->bits, "%s", name);
        cr_assert_eq(luma.width, 7);
        cr_assert_eq(luma.height, 5);
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 7; x++)
                cr_assert_eq(luma_at(&luma, x, y), (unsigned)(10 * y + x + 1), "%s at %d,%d", name,
                             x, y);
        }
        picture_destroy(&picture);
    }
}

Test(frame_luma, is_refused_where_there_is_none)
{
    static const enum frame_format formats[] = {FRAME_FORMAT_RGB24,      FRAME_FORMAT_GBRP,
                                                FRAME_FORMAT_PAL8,       FRAME_FORMAT_MONOWHITE,
                                                FRAME_FORMAT_MONOBLACK,  FRAME_FORMAT_GRAY16BE,
                                                FRAME_FORMAT_YUV420P10BE};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct picture picture;
        struct frame_luma luma;

        picture_create(&picture, formats[i], 7, 5, 32);
        cr_expect_eq(frame_luma(&picture.frame, &luma), -ENOTSUP, "%s",
                     frame_format_name(formats[i]));
        picture_destroy(&picture);
    }
}

/* The last sample of a packed picture of odd width belongs to a step of two pixels. */
Test(frame_luma, never_leaves_the_plane)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;
        struct picture picture;
        struct frame_luma luma;

        picture_create(&picture, format, 319, 3, 1);
        if (frame_luma(&picture.frame, &luma) == 0) {
            ptrdiff_t last = luma.data - picture.frame.planes[0] +
                             (ptrdiff_t)(luma.width - 1) * luma.step + (luma.bits > 8 ? 2 : 1);

            cr_assert_leq(last, (ptrdiff_t)frame_row_bytes(&picture.frame, 0), "%s",
                          frame_format_name(format));
        }
        picture_destroy(&picture);
    }
}
