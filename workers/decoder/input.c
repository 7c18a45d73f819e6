#include "workers/decoder/input.h"

#include <libavutil/avstring.h>
#include <libavutil/common.h>
#include <libavutil/dict.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libframe/avframe.h"
#include "workers/libav.h"

/* Lengths in heads are rounded, and last packets often have no duration. */
#define TOLERANCE_US (AV_TIME_BASE / 5)

static int interrupt(void *user)
{
    const struct input_config *config = user;
    return config->interrupted(config->user);
}

/* What a network's stream may be looked at before it is shown. What is not known by then, its
 * rate say, the frames tell. */
#define ANALYSE_US AV_TIME_BASE

/* What a file refers to is none of the input. */
static int refuse(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                  AVDictionary **options)
{
    (void)format, (void)url, (void)flags, (void)options;
    *io = NULL;
    return AVERROR(EPERM);
}

/* By its descriptor. Of its name, libavformat has some use for the suffix. */
static int open_file(struct input *input)
{
    const struct input_config *config = input->config;
    char name[32];
    const char *suffix = strrchr(config->part->name, '.');
    int error = file_open(&input->file, config->part->fd, config->await, config->user);
    if (error)
        return error;
    snprintf(name, sizeof name, "input%s", suffix && !strpbrk(suffix, "/%*?[{") ? suffix : "");
    input->format->pb = input->file.avio;
    input->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    input->format->io_open = refuse;
    return libav.avformat_open_input(&input->format, name, NULL, NULL);
}

/* What a stream leads to stays in the network. */
static int open_network(struct input *input)
{
    const char *url = input->config->part->name;
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist",
                "http,https,httpproxy,hls,tcp,udp,udplite,tls,crypto,data,rtp,rtmp,rtmpe,rtmps,"
                "rtmpt,rtmpte,rtmpts,ffrtmphttp,ffrtmpcrypt,srt,srtp,rist,mmsh,mmst,ftp,gopher,"
                "gophers",
                0);
    if (input->config->live) {
        input->format->max_analyze_duration = ANALYSE_US;
        input->format->fps_probe_size = 0;
    }
    if (av_strstart(url, "rtsp", NULL))
        av_dict_set(&options, "rtsp_transport", "tcp", 0);
    int error = libav.avformat_open_input(&input->format, url, NULL, &options);
    av_dict_free(&options);
    return error;
}

static int open_by(struct input *input, const char *format)
{
    const AVInputFormat *found = libav.av_find_input_format(format);
    if (!found)
        return AVERROR_DEMUXER_NOT_FOUND;
    int error = libav.avformat_open_input(&input->format, input->config->part->name, found, NULL);
    if (!error && input->config->opened)
        input->config->opened(input->config->user);
    return error;
}

static int open_container(struct input *input, const struct input_config *config)
{
    input->format = libav.avformat_alloc_context();
    if (!input->format)
        return AVERROR(ENOMEM);
    if (config->interrupted)
        input->format->interrupt_callback =
            (AVIOInterruptCB){.callback = interrupt, .opaque = (void *)config};
    int error = config->kind == SOURCE_FILES    ? open_file(input)
                : config->kind == SOURCE_TEST   ? open_by(input, "lavfi")
                : config->kind == SOURCE_DEVICE ? open_by(input, "v4l2")
                                                : open_network(input);
    return error ? error : libav.avformat_find_stream_info(input->format, NULL);
}

/* The first video stream; a cover picture of a song is none. */
static AVStream *find_video(const AVFormatContext *format)
{
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return stream;
    }
    return NULL;
}

/* Where libavcodec still asks, it is told that our buffers can be had in any thread. */
static void use_buffers(AVCodecContext *codec, const struct input_config *config)
{
    codec->get_buffer2 = config->get_buffer;
    codec->opaque = config->buffers;
#if LIBAVCODEC_VERSION_MAJOR < 60
    _Pragma("GCC diagnostic push");
    _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"");
    codec->thread_safe_callbacks = 1;
    _Pragma("GCC diagnostic pop");
#endif
}

static int open_codec(struct input *input, const AVCodec *codec)
{
    const struct input_config *config = input->config;
    input->codec = libav.avcodec_alloc_context3(codec);
    input->packet = libav.av_packet_alloc();
    if (!input->codec || !input->packet)
        return AVERROR(ENOMEM);
    int error = libav.avcodec_parameters_to_context(input->codec, input->stream->codecpar);
    if (error < 0)
        return error;
    input->codec->pkt_timebase = input->stream->time_base;
    input->codec->skip_frame = config->skip_frame;
    input->codec->thread_count = (int)config->threads;
    if (config->get_buffer)
        use_buffers(input->codec, config);
    return libav.avcodec_open2(input->codec, codec, NULL);
}

static uint32_t rotation_of(const AVStream *stream)
{
    size_t size = 0;
    const uint8_t *data = libav.av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    int32_t matrix[9];
    if (!data || size < sizeof matrix)
        return 0;
    memcpy(matrix, data, sizeof matrix);
    return frame_rotation_from_matrix(matrix);
}

static int open_steps(struct input *input, const struct input_config *config, const char **problem)
{
    *problem = "cannot be opened";
    int error = open_container(input, config);
    if (error < 0)
        return error;
    /* libavformat takes any .txt for the art of text terminals. */
    *problem = "it is a text file, not a video";
    if (strcmp(input->format->iformat->name, "tty") == 0)
        return AVERROR_STREAM_NOT_FOUND;
    *problem = "it has no video stream";
    input->stream = find_video(input->format);
    if (!input->stream)
        return AVERROR_STREAM_NOT_FOUND;
    *problem = "there is no decoder for its codec";
    const AVCodec *codec = libav.avcodec_find_decoder(input->stream->codecpar->codec_id);
    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    *problem = "its decoder does not start";
    input->time_base = input->stream->time_base;
    input->rotation = rotation_of(input->stream);
    return open_codec(input, codec);
}

int input_open(struct input *input, const struct input_config *config, const char **problem)
{
    *input = (struct input){.config = config};
    int error = open_steps(input, config, problem);
    if (error < 0)
        input_close(input);
    return error < 0 ? error : 0;
}

/* Of any stream: sound may last longer than the picture. Not less the time of the start, since the
 * lengths that heads state count from zero. */
static void note_end(struct input *input)
{
    const AVPacket *packet = input->packet;
    const AVStream *stream = input->format->streams[packet->stream_index];
    if (packet->pts == AV_NOPTS_VALUE)
        return;
    int64_t end = av_rescale_q(av_sat_add64(packet->pts, packet->duration), stream->time_base,
                               AV_TIME_BASE_Q);
    if (end > input->end_us)
        input->end_us = end;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int read_packet(struct input *input)
{
    int error = libav.av_read_frame(input->format, input->packet);
    input->received_ns = clock_ns(CLOCK_MONOTONIC);
    input->wall_clock_ns = clock_ns(CLOCK_REALTIME);
    if (error < 0)
        input->read_error = error == AVERROR_EOF ? 0 : error;
    else
        note_end(input);
    return error;
}

static int decode_packet(struct input *input)
{
    const AVPacket *packet = input->packet;
    if (packet->stream_index != input->stream->index)
        return 0;
    input->packets++;
    if (input->awaits_key && !(packet->flags & AV_PKT_FLAG_KEY))
        return 0;
    input->awaits_key = false;
    return libav.avcodec_send_packet(input->codec, packet);
}

/* Gives the decoder one more packet, or tells it that there is none. */
static int feed(struct input *input)
{
    int error = read_packet(input);
    if (error < 0)
        return libav.avcodec_send_packet(input->codec, NULL);
    error = decode_packet(input);
    libav.av_packet_unref(input->packet);
    return error;
}

int input_drop(struct input *input)
{
    int error = read_packet(input);
    input->packets += !error && input->packet->stream_index == input->stream->index;
    libav.av_packet_unref(input->packet);
    return error;
}

void input_continue(struct input *input)
{
    libav.avcodec_flush_buffers(input->codec);
    input->awaits_key = true;
}

int input_next(struct input *input, AVFrame *frame)
{
    const struct input_config *config = input->config;
    for (;;) {
        int error = config->ready ? config->ready(config->user) : 0;
        if (error < 0)
            return error;
        error = libav.avcodec_receive_frame(input->codec, frame);
        if (error != AVERROR(EAGAIN)) {
            /* Damage is counted, and the stream goes on behind it. */
            if (error >= 0 || error == AVERROR_EOF || error == AVERROR(ENOMEM))
                return error;
            input->errors++;
            continue;
        }
        error = feed(input);
        if (error == AVERROR(ENOMEM))
            return error;
        if (error < 0 && error != AVERROR_EOF)
            input->errors++;
    }
}

int64_t input_duration_ns(const struct input *input)
{
    const AVRational ns = {1, 1000000000};
    if (input->stream->duration > 0)
        return av_rescale_q(input->stream->duration, input->stream->time_base, ns);
    if (input->format->duration > 0)
        return av_rescale_q(input->format->duration, AV_TIME_BASE_Q, ns);
    return 0;
}

/* Containers differ in what their head promises: an MP4 lists every packet, an AVI
 * counts them, most state a length. An estimate by bit rate promises nothing. */
static bool promises_more(const struct input *input)
{
    const AVFormatContext *format = input->format;
    const AVStream *stream = input->stream;
    /* By the index: an edit list may leave out some of what nb_frames counts. */
    if (strstr(format->iformat->name, "mp4"))
        return input->packets < (uint64_t)libav.avformat_index_get_entries_count(stream);
    if (stream->nb_frames > 0 && input->packets < (uint64_t)stream->nb_frames)
        return true;
    return format->duration > 0 &&
           format->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE &&
           format->duration - input->end_us > TOLERANCE_US;
}

const char *input_damage(const struct input *input)
{
    if (input->read_error)
        return "truncated or damaged: it could not be read to its end";
    if (promises_more(input))
        return "truncated: it ends before its time";
    if (input->errors)
        return "damaged: parts of it could not be decoded";
    return NULL;
}

void input_close(struct input *input)
{
    libav.av_packet_free(&input->packet);
    libav.avcodec_free_context(&input->codec);
    libav.avformat_close_input(&input->format);
    file_close(&input->file);
    input->stream = NULL;
}
