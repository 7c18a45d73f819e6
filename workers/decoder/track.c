#include "workers/decoder/track.h"

#include <string.h>

#include "libframe/avframe.h"
#include "workers/libav.h"

static bool is_in(const AVProgram *program, unsigned index)
{
    for (unsigned i = 0; i < program->nb_stream_indexes; i++)
        if (program->stream_index[i] == index)
            return true;
    return false;
}

/* A stream that its program lists no more has ended, whether or not it comes again. */
static bool is_listed(const AVFormatContext *format, unsigned index)
{
    for (unsigned i = 0; i < format->nb_programs; i++)
        if (is_in(format->programs[i], index))
            return true;
    return format->nb_programs == 0;
}

/* A cover picture of a song is none. */
static bool is_video(const AVStream *stream)
{
    return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC);
}

static AVStream *find_video(const AVFormatContext *format)
{
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (is_video(format->streams[i]) && is_listed(format, i))
            return format->streams[i];
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
    if (!input->codec)
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

int track_open(struct input *input, const char **problem)
{
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

bool track_changes(const struct input *input)
{
    const AVStream *stream = input->stream;
    const AVStream *other = input->format->streams[input->packet->stream_index];
    if (other == stream)
        return stream->codecpar->codec_id != input->codec->codec_id && find_video(input->format);
    return is_video(other) && find_video(input->format) == other &&
           (!is_video(stream) || !is_listed(input->format, (unsigned)stream->index));
}
