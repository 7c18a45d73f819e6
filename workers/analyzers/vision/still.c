#include "workers/analyzers/vision/still.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libframe/convert.h"
#include "workers/libav.h"

#define WORST_QUANTIZER 31
#define BEST_QUANTIZER 2

struct vision_still {
    const AVCodec *codec;
    enum frame_format format; /* that the codec takes */
    enum AVPixelFormat av_format;
    int quantizer; /* 0: has none */
    struct frame_converter *converter;
    AVCodecContext *context; /* for frames of the size it has */
    AVFrame *picture;        /* points into the converter's */
    AVPacket *packet;
};

int vision_still_create(struct vision_still **out, enum vision_still_kind kind, int quality)
{
    const struct frame_converter_config full = {.full_range = true};
    *out = NULL;
    int error = libav_load();
    if (error)
        return error;
    struct vision_still *still = calloc(1, sizeof *still);
    if (!still)
        return -ENOMEM;
    still->codec =
        libav.avcodec_find_encoder(kind == VISION_PNG ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG);
    still->format = kind == VISION_PNG ? FRAME_FORMAT_RGB24 : FRAME_FORMAT_YUV420P;
    still->av_format = kind == VISION_PNG ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUVJ420P;
    if (kind == VISION_JPEG)
        still->quantizer =
            WORST_QUANTIZER - (quality - 1) * (WORST_QUANTIZER - BEST_QUANTIZER) / 99;
    still->picture = av_frame_alloc();
    still->packet = libav.av_packet_alloc();
    error = frame_converter_create(&still->converter, &full);
    if (!still->codec)
        error = -ENOSYS;
    else if (!still->picture || !still->packet)
        error = -ENOMEM;
    if (error)
        vision_still_destroy(&still);
    *out = still;
    return error;
}

void vision_still_destroy(struct vision_still **still)
{
    if (!*still)
        return;
    libav.avcodec_free_context(&(*still)->context);
    av_frame_free(&(*still)->picture);
    libav.av_packet_free(&(*still)->packet);
    frame_converter_destroy(&(*still)->converter);
    free(*still);
    *still = NULL;
}

/* Threads would be one more thing that a worker has; a still does not need them. */
static int open_codec(struct vision_still *still, int width, int height)
{
    AVCodecContext *context = still->context;
    if (context && context->width == width && context->height == height)
        return 0;
    libav.avcodec_free_context(&still->context);
    context = libav.avcodec_alloc_context3(still->codec);
    still->context = context;
    if (!context)
        return -ENOMEM;
    context->width = width;
    context->height = height;
    context->pix_fmt = still->av_format;
    context->color_range = AVCOL_RANGE_JPEG;
    context->time_base = (AVRational){1, 1};
    context->thread_count = 1;
    if (still->quantizer) {
        context->flags |= AV_CODEC_FLAG_QSCALE;
        context->global_quality = still->quantizer * FF_QP2LAMBDA;
    }
    if (libav.avcodec_open2(context, still->codec, NULL) == 0)
        return 0;
    libav.avcodec_free_context(&still->context);
    return -EIO;
}

static int encode(struct vision_still *still, const struct frame *frame)
{
    AVFrame *picture = still->picture;
    picture->format = still->av_format;
    picture->width = frame->width;
    picture->height = frame->height;
    picture->color_range = AVCOL_RANGE_JPEG;
    picture->quality = still->context->global_quality;
    for (int i = 0; i < frame->info->plane_count; i++) {
        picture->data[i] = (uint8_t *)(uintptr_t)frame->planes[i]; /* it is only read */
        picture->linesize[i] = (int)frame->strides[i];
    }
    libav.av_packet_unref(still->packet);
    /* Both kinds give each picture back at once. */
    if (libav.avcodec_send_frame(still->context, picture) != 0 ||
        libav.avcodec_receive_packet(still->context, still->packet) != 0)
        return -EIO;
    return 0;
}

int vision_still_encode(struct vision_still *still, const struct frame *frame, const uint8_t **data,
                        size_t *size)
{
    struct frame converted;
    int error = frame_convert(still->converter, frame, still->format, frame->width, frame->height,
                              &converted);
    if (!error)
        error = open_codec(still, frame->width, frame->height);
    if (!error)
        error = encode(still, &converted);
    if (error)
        return error;
    *data = still->packet->data;
    *size = (size_t)still->packet->size;
    return 0;
}

void vision_still_part(const char *name, char *part, size_t size)
{
    snprintf(part, size, "%s", name);
    for (char *c = part; *c; c++)
        if (*c == '/' || (unsigned char)*c < ' ' || (*c == '.' && c == part))
            *c = '_';
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int vision_still_save(const char *path, const uint8_t *data, size_t size)
{
    char unfinished[PATH_MAX];
    const int length = snprintf(unfinished, sizeof unfinished, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof unfinished)
        return -ENAMETOOLONG;
    const int fd = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int error = write_all(fd, data, size);
    if (close(fd) != 0 && !error)
        error = -errno;
    if (!error && rename(unfinished, path) != 0)
        error = -errno;
    if (error)
        unlink(unfinished);
    return error;
}
