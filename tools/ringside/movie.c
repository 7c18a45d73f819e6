#include "tools/ringside/movie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libframe/avframe.h"
#include "libframe/convert.h"
#include "workers/libav.h"

#define DEFAULT_RATE ((AVRational){25, 1})
#define JPEG_QUALITY 3 /* FFmpeg's quantiser scale, 1 best to 31 */
#define WRITE_SIZE (1 << 16)

/* The muxer writes no other formats: libavformat/yuv4mpegenc.c. */
static const enum AVPixelFormat y4m_formats[] = {
    AV_PIX_FMT_GRAY8,     AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV411P,   AV_PIX_FMT_YUV422P,
    AV_PIX_FMT_YUV444P,   AV_PIX_FMT_GRAY9,     AV_PIX_FMT_GRAY10,    AV_PIX_FMT_GRAY12,
    AV_PIX_FMT_GRAY16,    AV_PIX_FMT_YUV420P9,  AV_PIX_FMT_YUV422P9,  AV_PIX_FMT_YUV444P9,
    AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_YUV420P12,
    AV_PIX_FMT_YUV422P12, AV_PIX_FMT_YUV444P12, AV_PIX_FMT_YUV420P14, AV_PIX_FMT_YUV422P14,
    AV_PIX_FMT_YUV444P14, AV_PIX_FMT_YUV420P16, AV_PIX_FMT_YUV422P16, AV_PIX_FMT_YUV444P16,
    AV_PIX_FMT_NONE,
};

/* All full range, so that a reader needs no other sign of it. */
static const enum AVPixelFormat jpeg_formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P,
                                                  AV_PIX_FMT_YUV444P, AV_PIX_FMT_NONE};

static const struct movie_kind {
    const char *name, *muxer;
    enum AVCodecID codec;
    const enum AVPixelFormat *formats; /* NULL: any */
} kinds[] = {
    {"y4m", "yuv4mpegpipe", AV_CODEC_ID_WRAPPED_AVFRAME, y4m_formats},
    {"rawvideo", "rawvideo", AV_CODEC_ID_RAWVIDEO, NULL},
    {"mjpeg", "mjpeg", AV_CODEC_ID_MJPEG, jpeg_formats},
};

struct movie {
    const struct movie_kind *kind;
    AVRational rate;
    int fd, error; /* of the descriptor, errno, 0: it works */
    AVIOContext *io;
    AVFormatContext *muxer; /* NULL before the first frame */
    AVCodecContext *encoder;
    AVPacket *packet;
    AVFrame *picture;
    struct frame_converter *converter;
    enum frame_format format;
    int64_t count;
};

static int error_from_av(int error)
{
    return error < 0 ? AVUNERROR(error) < 4096 ? error : -EIO : 0;
}

static int write_bytes(void *user, uint8_t *bytes, int size)
{
    struct movie *movie = user;
    int done = 0;
    while (done < size && !movie->error) {
        ssize_t written = write(movie->fd, bytes + done, (size_t)(size - done));
        if (written >= 0)
            done += (int)written;
        else if (errno != EINTR)
            movie->error = errno;
    }
    return movie->error ? AVERROR(movie->error) : size;
}

static int open_io(struct movie *movie)
{
    unsigned char *buffer = av_malloc(WRITE_SIZE);
    if (buffer)
        movie->io = libav.avio_alloc_context(buffer, WRITE_SIZE, 1, movie, NULL, write_bytes, NULL);
    if (movie->io)
        return 0;
    av_free(buffer);
    return -ENOMEM;
}

int movie_open(struct movie **out, const char *format, double fps, int fd)
{
    *out = NULL;
    const struct movie_kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !kind; i++)
        if (strcmp(kinds[i].name, format) == 0)
            kind = &kinds[i];
    if (!kind)
        return -EINVAL;
    int error = libav_load();
    if (error)
        return error;
    struct movie *movie = calloc(1, sizeof *movie);
    if (!movie)
        return -ENOMEM;
    movie->kind = kind;
    movie->fd = fd;
    movie->rate = fps > 0 ? av_d2q(fps, 1001000) : (AVRational){0};
    movie->packet = libav.av_packet_alloc();
    movie->picture = av_frame_alloc();
    error = movie->packet && movie->picture ? open_io(movie) : -ENOMEM;
    const bool full_range = kind->formats == jpeg_formats;
    if (!error)
        error = frame_converter_create(&movie->converter,
                                       &(struct frame_converter_config){.full_range = full_range});
    if (error)
        movie_close(&movie);
    *out = movie;
    return error;
}

/* -- the first frame ----------------------------------------------------------------------------
 */

static AVRational rate_of(const struct frame_descriptor *frame)
{
    AVRational rate = {0};
    if (frame->duration > 0 && frame->time_base_num && frame->time_base_den)
        av_reduce(&rate.num, &rate.den, frame->time_base_den,
                  frame->duration * (int64_t)frame->time_base_num, 1001000);
    return rate.num > 0 && rate.den > 0 ? rate : DEFAULT_RATE;
}

static enum AVPixelFormat format_for(const struct movie *movie, const struct frame *frame)
{
    const enum AVPixelFormat own = frame_format_to_av(frame->info->format);
    if (!movie->kind->formats)
        return own;
    return libav.avcodec_find_best_pix_fmt_of_list(movie->kind->formats, own, 0, NULL);
}

static void describe(struct movie *movie, const struct frame *frame, enum AVPixelFormat format)
{
    const struct frame_descriptor *facts = &frame->descriptor;
    AVCodecContext *encoder = movie->encoder;
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = format;
    encoder->framerate = movie->rate;
    encoder->time_base = av_inv_q(movie->rate);
    encoder->sample_aspect_ratio =
        (AVRational){(int)facts->aspect_num, (int)(facts->aspect_den ? facts->aspect_den : 1)};
    const bool full =
        movie->kind->formats == jpeg_formats || frame_effective_range(frame) == FRAME_RANGE_FULL;
    encoder->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = JPEG_QUALITY * FF_QP2LAMBDA;
    encoder->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL; /* Y4M of more than 8 bits */
}

static int open_encoder(struct movie *movie, const struct frame *frame)
{
    const enum AVPixelFormat format = format_for(movie, frame);
    const AVCodec *codec = libav.avcodec_find_encoder(movie->kind->codec);
    if (!codec || format == AV_PIX_FMT_NONE)
        return AVERROR(ENOTSUP);
    movie->encoder = libav.avcodec_alloc_context3(codec);
    if (!movie->encoder)
        return AVERROR(ENOMEM);
    movie->format = frame_format_from_av(format);
    if (!movie->rate.num)
        movie->rate = rate_of(&frame->descriptor);
    describe(movie, frame, format);
    return libav.avcodec_open2(movie->encoder, codec, NULL);
}

static int open_muxer(struct movie *movie)
{
    int error = libav.avformat_alloc_output_context2(&movie->muxer, NULL, movie->kind->muxer, NULL);
    if (error < 0)
        return error;
    movie->muxer->pb = movie->io;
    movie->muxer->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    movie->muxer->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    AVStream *stream = libav.avformat_new_stream(movie->muxer, NULL);
    if (!stream)
        return AVERROR(ENOMEM);
    stream->time_base = movie->encoder->time_base;
    stream->avg_frame_rate = movie->rate;
    error = libav.avcodec_parameters_from_context(stream->codecpar, movie->encoder);
    return error < 0 ? error : libav.avformat_write_header(movie->muxer, NULL);
}

/* -- every frame --------------------------------------------------------------------------------
 */

// NOLINTNEXTLINE(readability-non-const-parameter): as av_buffer_create wants it
static void keep(void *opaque, uint8_t *data)
{
    (void)opaque, (void)data; /* it is the ring's */
}

/* The frame as FFmpeg sees it: in place, so that nothing has to copy it. */
static int wrap(struct movie *movie, const struct frame *frame)
{
    AVFrame *picture = movie->picture;
    av_frame_unref(picture);
    picture->buf[0] =
        av_buffer_create((uint8_t *)frame->planes[0], 1, keep, NULL, AV_BUFFER_FLAG_READONLY);
    if (!picture->buf[0])
        return AVERROR(ENOMEM);
    for (int i = 0; i < frame->info->plane_count; i++) {
        picture->data[i] = (uint8_t *)frame->planes[i];
        picture->linesize[i] = (int)frame->strides[i];
    }
    picture->width = frame->width;
    picture->height = frame->height;
    picture->format = movie->encoder->pix_fmt;
    picture->color_range = movie->encoder->color_range;
    picture->quality = movie->encoder->global_quality;
    picture->pts = movie->count++;
    return 0;
}

static int encode(struct movie *movie)
{
    int error = libav.avcodec_send_frame(movie->encoder, movie->picture);
    while (error >= 0 &&
           (error = libav.avcodec_receive_packet(movie->encoder, movie->packet)) >= 0) {
        movie->packet->stream_index = 0;
        error = libav.av_write_frame(movie->muxer, movie->packet);
        libav.av_packet_unref(movie->packet);
    }
    return error == AVERROR(EAGAIN) ? 0 : error;
}

int movie_add(struct movie *movie, const struct frame *frame)
{
    struct frame fitting;
    int error = 0;
    if (!movie->muxer) {
        error = movie->encoder ? AVERROR(EINVAL) : open_encoder(movie, frame);
        if (error >= 0)
            error = open_muxer(movie);
    }
    if (error < 0)
        return error_from_av(error);
    error = frame_convert(movie->converter, frame, movie->format, movie->encoder->width,
                          movie->encoder->height, &fitting);
    if (error)
        return error;
    error = wrap(movie, &fitting);
    if (error >= 0)
        error = encode(movie);
    av_frame_unref(movie->picture);
    return movie->error ? -movie->error : error_from_av(error);
}

int movie_close(struct movie **pointer)
{
    struct movie *movie = *pointer;
    if (!movie)
        return 0;
    if (movie->muxer && !movie->error)
        libav.av_write_trailer(movie->muxer);
    if (movie->io) {
        libav.avio_flush(movie->io);
        av_freep((void *)&movie->io->buffer);
    }
    int error = -movie->error;
    libav.avio_context_free(&movie->io);
    libav.avcodec_free_context(&movie->encoder);
    libav.avformat_free_context(movie->muxer);
    libav.av_packet_free(&movie->packet);
    av_frame_free(&movie->picture);
    frame_converter_destroy(&movie->converter);
    free(movie);
    *pointer = NULL;
    return error;
}
