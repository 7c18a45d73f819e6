#include "libframe/convert.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "libframe/avframe.h"

#define BUFFER_ALIGN 64
#define MATRIX_RGB 0   /* H.273: not YUV at all */
#define MATRIX_BT601 6 /* H.273: BT.601 with 525 lines, the same numbers as with 625 */

/* What a scaler is made for. All members are ints, so that bytes can be compared. */
struct conversion {
    int in_format;
    int in_width;
    int in_height;
    int in_range;
    int matrix;
    int out_format;
    int out_width;
    int out_height;
    int out_range;
};

struct frame_converter {
    struct frame_converter_config config;
    struct conversion made_for; /* holds while `scaler` is not NULL */
    struct SwsContext *scaler;
    struct frame_descriptor layout; /* of the buffer */
    uint8_t *buffer;
    size_t capacity;
};

int frame_converter_create(struct frame_converter **out,
                           const struct frame_converter_config *config)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return -ENOMEM;
    if (config != NULL)
        (*out)->config = *config;
    return 0;
}

void frame_converter_destroy(struct frame_converter **converter)
{
    if (converter == NULL || *converter == NULL)
        return;
    sws_freeContext((*converter)->scaler);
    free((*converter)->buffer);
    free(*converter);
    *converter = NULL;
}

static enum frame_range range_after(const struct frame_converter *converter, const struct frame *in,
                                    const struct frame_format_info *target)
{
    if (target->model == FRAME_MODEL_RGB || target->bits == 1 || converter->config.full_range)
        return FRAME_RANGE_FULL;
    return frame_effective_range(in);
}

static bool is_plain_gray(const struct frame_format_info *info)
{
    return info->model == FRAME_MODEL_GRAY && !info->alpha && !info->big_endian;
}

/* The luma of this frame, where it stands, is a picture of the target's format. */
static bool luma_is(const struct frame *in, const struct frame_format_info *target)
{
    struct frame_luma luma;

    if (!is_plain_gray(target) || frame_luma(in, &luma) < 0)
        return false;
    return luma.bits == target->bits && luma.step == target->luma.step && luma.shift == 0;
}

static void view_luma(const struct frame *in, const struct frame_format_info *target,
                      enum frame_range range, struct frame *out)
{
    struct frame gray = {
        .info = target,
        .width = in->width,
        .height = in->height,
        .planes = {in->planes[0]},
        .strides = {in->strides[0]},
        .descriptor = in->descriptor,
    };
    struct frame_descriptor *desc = &gray.descriptor;

    desc->format = target->format;
    desc->plane_count = 1;
    desc->range = (uint8_t)range;
    memset(desc->offsets + 1, 0, sizeof(desc->offsets) - sizeof(desc->offsets[0]));
    memset(desc->strides + 1, 0, sizeof(desc->strides) - sizeof(desc->strides[0]));
    *out = gray;
}

/* libswscale counts the bytes of a plane in ints. */
static bool fits_scaler(const struct frame *frame)
{
    for (int i = 0; i < frame->info->plane_count; i++) {
        if (frame->strides[i] * (int64_t)frame_rows(frame, i) > INT_MAX - FRAME_PADDING)
            return false;
    }
    return true;
}

static int prepare_buffer(struct frame_converter *converter, const struct conversion *wanted)
{
    int status = frame_descriptor_layout(&converter->layout, (enum frame_format)wanted->out_format,
                                         (uint32_t)wanted->out_width, (uint32_t)wanted->out_height,
                                         BUFFER_ALIGN);

    if (status < 0)
        return status;
    if (converter->layout.size > INT_MAX)
        return -ENOTSUP;
    if (converter->layout.size <= converter->capacity)
        return 0;

    free(converter->buffer);
    converter->capacity = 0;
    converter->buffer = aligned_alloc(BUFFER_ALIGN, (converter->layout.size + BUFFER_ALIGN - 1) &
                                                        ~(uint64_t)(BUFFER_ALIGN - 1));
    if (converter->buffer == NULL)
        return -ENOMEM;
    /* nobody is ever shown what this memory held before, between the rows either */
    memset(converter->buffer, 0, converter->layout.size);
    converter->capacity = converter->layout.size;
    return 0;
}

static void set_geometry(struct SwsContext *scaler, const struct conversion *wanted)
{
    av_opt_set_int(scaler, "srcw", wanted->in_width, 0);
    av_opt_set_int(scaler, "srch", wanted->in_height, 0);
    av_opt_set_int(scaler, "src_format", frame_format_to_av((enum frame_format)wanted->in_format),
                   0);
    av_opt_set_int(scaler, "dstw", wanted->out_width, 0);
    av_opt_set_int(scaler, "dsth", wanted->out_height, 0);
    av_opt_set_int(scaler, "dst_format", frame_format_to_av((enum frame_format)wanted->out_format),
                   0);
    av_opt_set_int(scaler, "sws_flags", SWS_BILINEAR, 0);
}

/*
 * libswscale decides while it is initialised whether a change of range is part of
 * the job, and at that moment counts every gray format as full, whatever it is
 * told. Equal ranges are therefore announced as full to full, which means the same
 * (nothing to do); the true ones, which matter for RGB and for depths, follow after.
 */
static void announce_ranges(struct SwsContext *scaler, const struct conversion *wanted)
{
    bool same = wanted->in_range == wanted->out_range;

    av_opt_set_int(scaler, "src_range", same || wanted->in_range == FRAME_RANGE_FULL, 0);
    av_opt_set_int(scaler, "dst_range", same || wanted->out_range == FRAME_RANGE_FULL, 0);
}

static int state_ranges(struct SwsContext *scaler, const struct conversion *wanted)
{
    const int *coefficients =
        sws_getCoefficients(wanted->matrix == MATRIX_RGB ? SWS_CS_DEFAULT : wanted->matrix);
    const int one = 1 << 16; /* contrast and saturation as they are */

    return sws_setColorspaceDetails(scaler, coefficients, wanted->in_range == FRAME_RANGE_FULL,
                                    coefficients, wanted->out_range == FRAME_RANGE_FULL, 0, one,
                                    one);
}

/*
 * Pictures of one size and range that differ in chroma alone are copied plane by
 * plane. libswscale takes this short cut in three cases where it is wrong: from limited
 * to full gray, as by the rule above it thinks both are full; from gray to semi-planar
 * formats, of whose chroma it fills only the first half; and to gray where the luma
 * stands in the high bits of its words (p010), as it counts bits from below.
 */
static bool short_cut_is_wrong(const struct conversion *wanted)
{
    const struct frame_format_info *in = frame_format_info((enum frame_format)wanted->in_format);
    const struct frame_format_info *out = frame_format_info((enum frame_format)wanted->out_format);
    bool from_gray = in->model == FRAME_MODEL_GRAY;
    bool to_gray = out->model == FRAME_MODEL_GRAY;

    return (from_gray && (wanted->in_range != wanted->out_range || out->plane_count == 2)) ||
           (to_gray && in->luma.shift != 0);
}

/* A vertical filter that changes nothing makes it go the long way. */
static int init_without_short_cut(struct SwsContext *scaler)
{
    SwsVector *identity = sws_allocVec(3);

    if (identity == NULL)
        return AVERROR(ENOMEM);
    identity->coeff[0] = 0;
    identity->coeff[1] = 1;
    identity->coeff[2] = 0;

    SwsFilter filter = {.lumV = identity};
    int status = sws_init_context(scaler, &filter, NULL);

    sws_freeVec(identity);
    return status;
}

static int init_scaler(struct SwsContext *scaler, const struct conversion *wanted)
{
    set_geometry(scaler, wanted);
    announce_ranges(scaler, wanted);

    int status = short_cut_is_wrong(wanted) ? init_without_short_cut(scaler)
                                            : sws_init_context(scaler, NULL, NULL);

    return status < 0 ? status : state_ranges(scaler, wanted);
}

static int create_scaler(struct SwsContext **out, const struct conversion *wanted)
{
    if (!sws_isSupportedInput(frame_format_to_av((enum frame_format)wanted->in_format)) ||
        !sws_isSupportedOutput(frame_format_to_av((enum frame_format)wanted->out_format)))
        return -ENOTSUP;

    struct SwsContext *scaler = sws_alloc_context();

    if (scaler == NULL)
        return -ENOMEM;

    int status = init_scaler(scaler, wanted);

    if (status < 0) {
        sws_freeContext(scaler);
        return status == AVERROR(ENOMEM) ? -ENOMEM : -ENOTSUP;
    }
    *out = scaler;
    return 0;
}

static int prepare(struct frame_converter *converter, const struct conversion *wanted)
{
    if (converter->scaler != NULL &&
        memcmp(&converter->made_for, wanted, sizeof(converter->made_for)) == 0)
        return 0;

    sws_freeContext(converter->scaler);
    converter->scaler = NULL;

    int status = prepare_buffer(converter, wanted);

    if (status < 0)
        return status;
    converter->made_for = *wanted;
    return create_scaler(&converter->scaler, wanted);
}

/* A pixel that is squeezed in one direction changes its shape. */
static void adapt_aspect(struct frame_descriptor *desc, const struct conversion *done)
{
    if (desc->aspect_num == 0)
        return;

    int num, den;

    av_reduce(&num, &den, (int64_t)desc->aspect_num * done->in_width * done->out_height,
              (int64_t)desc->aspect_den * done->in_height * done->out_width, INT_MAX);
    desc->aspect_num = num > 0 && den > 0 ? (uint32_t)num : 0;
    desc->aspect_den = num > 0 && den > 0 ? (uint32_t)den : 0;
}

static uint8_t matrix_after(const struct frame *in, const struct frame_format_info *target)
{
    if (target->model == FRAME_MODEL_RGB)
        return MATRIX_RGB;
    return in->info->model == FRAME_MODEL_RGB ? MATRIX_BT601 : in->descriptor.matrix;
}

/* The input's descriptor with the geometry and the colour of the result. */
static struct frame_descriptor describe(const struct frame_converter *converter,
                                        const struct frame *in,
                                        const struct frame_format_info *target)
{
    struct frame_descriptor desc = in->descriptor;
    const struct frame_descriptor *layout = &converter->layout;

    desc.format = layout->format;
    desc.width = layout->width;
    desc.height = layout->height;
    desc.plane_count = layout->plane_count;
    desc.size = layout->size;
    memcpy(desc.offsets, layout->offsets, sizeof(desc.offsets));
    memcpy(desc.strides, layout->strides, sizeof(desc.strides));
    desc.range = (uint8_t)converter->made_for.out_range;
    desc.matrix = matrix_after(in, target);
    adapt_aspect(&desc, &converter->made_for);
    return desc;
}

static int scale(struct frame_converter *converter, const struct frame *in)
{
    const struct frame_descriptor *layout = &converter->layout;
    int in_strides[FRAME_PLANES_MAX];
    uint8_t *planes[FRAME_PLANES_MAX] = {NULL};
    int strides[FRAME_PLANES_MAX];

    for (int i = 0; i < FRAME_PLANES_MAX; i++) {
        in_strides[i] = (int)in->strides[i];
        strides[i] = (int)layout->strides[i];
        if (i < (int)layout->plane_count)
            planes[i] = converter->buffer + layout->offsets[i];
    }

    int rows = sws_scale(converter->scaler, in->planes, in_strides, 0, in->height, planes, strides);

    return rows == (int)layout->height ? 0 : -ENOTSUP;
}

static int convert(struct frame_converter *converter, const struct frame *in,
                   const struct frame_format_info *target, const struct conversion *wanted,
                   struct frame *out)
{
    if (!fits_scaler(in))
        return -ENOTSUP;

    int status = prepare(converter, wanted);

    if (status == 0)
        status = scale(converter, in);
    if (status < 0)
        return status;

    struct frame_descriptor desc = describe(converter, in, target);

    return frame_view(out, &desc, converter->buffer, converter->layout.size);
}

int frame_convert(struct frame_converter *converter, const struct frame *in,
                  enum frame_format format, int width, int height, struct frame *out)
{
    const struct frame_format_info *target = frame_format_info(format);

    if (target == NULL)
        return -ENOTSUP;
    if (width < 1 || height < 1)
        return -EINVAL;

    enum frame_range range = range_after(converter, in, target);
    bool same_size = in->width == width && in->height == height;
    bool same_range = range == frame_effective_range(in);

    if (same_size && same_range && in->info == target) {
        *out = *in;
        return 0;
    }
    if (same_size && same_range && luma_is(in, target)) {
        view_luma(in, target, range, out);
        return 0;
    }

    struct conversion wanted = {
        .in_format = in->info->format,
        .in_width = in->width,
        .in_height = in->height,
        .in_range = frame_effective_range(in),
        .matrix = in->descriptor.matrix,
        .out_format = format,
        .out_width = width,
        .out_height = height,
        .out_range = range,
    };

    return convert(converter, in, target, &wanted, out);
}
