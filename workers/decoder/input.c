#include "workers/decoder/input.h"

#include <libavutil/avstring.h>
#include <libavutil/common.h>
#include <libavutil/dict.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "workers/decoder/track.h"
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

/* As libavformat knows it: rtsp://...?udp. */
static bool asks_for_transport(const char *url)
{
    static const char *const transports[] = {"udp", "tcp", "http", "multicast"};
    const char *query = strrchr(url, '?');
    for (size_t i = 0; query && i < sizeof transports / sizeof *transports; i++)
        if (strstr(query, transports[i]))
            return true;
    return false;
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
    if (av_strstart(url, "rtsp", NULL) && !asks_for_transport(url))
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
    input->packet = libav.av_packet_alloc();
    return input->packet ? track_open(input, problem) : AVERROR(ENOMEM);
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

/* Before the first keyframe, or where some are not decoded. */
static bool may_give_none(const struct input *input)
{
    return !input->decodes || input->config->skip_frame != AVDISCARD_DEFAULT;
}

/* Of a track that has changed the codec is emptied first, and the packet kept for the next one. */
static int decode_packet(struct input *input)
{
    const AVPacket *packet = input->packet;
    input->changes = track_changes(input);
    if (input->changes)
        return libav.avcodec_send_packet(input->codec, NULL);
    if (packet->stream_index != input->stream->index)
        return 0;
    input->packets++;
    if (input->awaits_key && !(packet->flags & AV_PKT_FLAG_KEY)) {
        input->signs++;
        return 0;
    }
    input->awaits_key = false;
    const int error = libav.avcodec_send_packet(input->codec, packet);
    input->signs += error >= 0 && may_give_none(input);
    return error;
}

/* Gives the decoder one more packet, or tells it that there is none. */
static int feed(struct input *input)
{
    int error = input->packet->buf ? 0 : read_packet(input);
    if (error < 0)
        return libav.avcodec_send_packet(input->codec, NULL);
    error = decode_packet(input);
    if (!input->changes)
        libav.av_packet_unref(input->packet);
    return error;
}

/* The codec has given its last frame, but the track has another one now. */
static int change_codec(struct input *input)
{
    const char *problem;
    input->changes = false;
    input->decodes = false;
    libav.avcodec_free_context(&input->codec);
    int error = track_open(input, &problem);
    if (error < 0)
        libav.avcodec_free_context(&input->codec);
    return error;
}

/* Of a track that was about to change, too: the next packet tells so again. */
int input_drop(struct input *input)
{
    input->changes = false;
    libav.av_packet_unref(input->packet);
    int error = read_packet(input);
    input->packets += !error && input->packet->stream_index == input->stream->index;
    libav.av_packet_unref(input->packet);
    return error;
}

void input_continue(struct input *input)
{
    libav.avcodec_flush_buffers(input->codec);
    input->awaits_key = true;
    input->decodes = false;
}

/* AVERROR(EAGAIN): there is none yet, of this codec or the next. */
static int receive(struct input *input, AVFrame *frame)
{
    int error = libav.avcodec_receive_frame(input->codec, frame);
    if (error == AVERROR_EOF && input->changes) {
        error = change_codec(input);
        return error < 0 ? error : AVERROR(EAGAIN);
    }
    input->decodes |= error >= 0;
    input->signs += error >= 0;
    return error;
}

int input_next(struct input *input, AVFrame *frame)
{
    const struct input_config *config = input->config;
    for (;;) {
        int error = config->ready ? config->ready(config->user) : 0;
        if (error < 0)
            return error;
        error = receive(input, frame);
        if (error != AVERROR(EAGAIN)) {
            /* Damage is counted, and the stream goes on behind it. */
            if (error >= 0 || error == AVERROR_EOF || error == AVERROR(ENOMEM) || !input->codec)
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
