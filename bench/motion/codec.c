#include "bench/motion/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workers/libav.h"

#define KEYFRAME_EVERY 50

struct codec {
    AVCodecContext *encoder, *decoder;
    AVFrame *in, *out;
    AVPacket *packet;
    int64_t frames;
};

static int open_both(struct codec *codec, int width, int height, int quantizer)
{
    int error = libav_load();
    if (error)
        return error;
    const AVCodec *encoder = libav.avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    const AVCodec *decoder = libav.avcodec_find_decoder(AV_CODEC_ID_MPEG4);
    if (!encoder || !decoder)
        return -ENOSYS;
    codec->encoder = libav.avcodec_alloc_context3(encoder);
    codec->decoder = libav.avcodec_alloc_context3(decoder);
    codec->in = av_frame_alloc();
    codec->out = av_frame_alloc();
    codec->packet = libav.av_packet_alloc();
    if (!codec->encoder || !codec->decoder || !codec->in || !codec->out || !codec->packet)
        return -ENOMEM;
    codec->encoder->width = codec->in->width = width;
    codec->encoder->height = codec->in->height = height;
    codec->encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->in->format = AV_PIX_FMT_YUV420P;
    codec->encoder->time_base = (AVRational){2, 25};
    codec->encoder->gop_size = KEYFRAME_EVERY;
    codec->encoder->flags |= AV_CODEC_FLAG_QSCALE;
    codec->encoder->global_quality = codec->in->quality = quantizer * FF_QP2LAMBDA;
    codec->encoder->thread_count = codec->decoder->thread_count = 1;
    codec->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
    if (libav.avcodec_open2(codec->encoder, encoder, NULL) != 0 ||
        libav.avcodec_open2(codec->decoder, decoder, NULL) != 0 ||
        av_frame_get_buffer(codec->in, 0) != 0)
        return -ENOMEM;
    for (int plane = 1; plane < 3; plane++)
        memset(codec->in->data[plane], 128,
               (size_t)codec->in->linesize[plane] * ((height + 1) / 2));
    return 0;
}

int codec_create(struct codec **out, int width, int height, int quantizer)
{
    struct codec *codec = calloc(1, sizeof *codec);
    int error = codec ? open_both(codec, width, height, quantizer) : -ENOMEM;
    if (error)
        codec_destroy(&codec);
    *out = codec;
    return error;
}

void codec_destroy(struct codec **codec)
{
    if (!*codec)
        return;
    libav.avcodec_free_context(&(*codec)->encoder);
    libav.avcodec_free_context(&(*codec)->decoder);
    av_frame_free(&(*codec)->in);
    av_frame_free(&(*codec)->out);
    libav.av_packet_free(&(*codec)->packet);
    free(*codec);
    *codec = NULL;
}

int codec_pass(struct codec *codec, uint8_t *data, int stride)
{
    AVFrame *in = codec->in, *out = codec->out;
    if (av_frame_make_writable(in) != 0)
        return -ENOMEM;
    for (int y = 0; y < in->height; y++)
        memcpy(in->data[0] + (ptrdiff_t)y * in->linesize[0], data + (ptrdiff_t)y * stride,
               (size_t)in->width);
    in->pts = codec->frames++;
    if (libav.avcodec_send_frame(codec->encoder, in) != 0 ||
        libav.avcodec_receive_packet(codec->encoder, codec->packet) != 0 ||
        libav.avcodec_send_packet(codec->decoder, codec->packet) != 0 ||
        libav.avcodec_receive_frame(codec->decoder, out) != 0)
        return -EIO;
    for (int y = 0; y < in->height; y++)
        memcpy(data + (ptrdiff_t)y * stride, out->data[0] + (ptrdiff_t)y * out->linesize[0],
               (size_t)in->width);
    return 0;
}
