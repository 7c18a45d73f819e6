#include "bench/ringbench/pipeline/clip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/pipeline/cast.h"
#include "bench/ringbench/pipeline/program.h"
#include "workers/libav.h"

#define PATIENCE_NS UINT64_C(600000000000) /* with one that decodes */

/* -- decoding ------------------------------------------------------------------------------------
 */

struct decoding {
    AVFormatContext *input;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    int stream;
    void (*each)(void *user, const struct digest_picture *picture);
    void *user;
};

static const AVCodec *find_video(struct decoding *decoding)
{
    for (unsigned i = 0; i < decoding->input->nb_streams; i++) {
        const AVCodecParameters *parameters = decoding->input->streams[i]->codecpar;
        decoding->stream = (int)i;
        if (parameters->codec_type == AVMEDIA_TYPE_VIDEO)
            return libav.avcodec_find_decoder(parameters->codec_id);
    }
    return NULL;
}

static int open_codec(struct decoding *decoding, unsigned threads)
{
    const AVCodec *codec = find_video(decoding);
    if (!codec)
        return -ENOTSUP;
    decoding->codec = libav.avcodec_alloc_context3(codec);
    decoding->packet = libav.av_packet_alloc();
    decoding->frame = av_frame_alloc();
    if (!decoding->codec || !decoding->packet || !decoding->frame)
        return -ENOMEM;
    libav.avcodec_parameters_to_context(decoding->codec,
                                        decoding->input->streams[decoding->stream]->codecpar);
    decoding->codec->thread_count = (int)threads;
    return libav.avcodec_open2(decoding->codec, codec, NULL) < 0 ? -ENOTSUP : 0;
}

static int open_decoding(struct decoding *decoding, const char *path, unsigned threads)
{
    if (libav.avformat_open_input(&decoding->input, path, NULL, NULL) < 0 ||
        libav.avformat_find_stream_info(decoding->input, NULL) < 0)
        return -EINVAL;
    return open_codec(decoding, threads);
}

static void close_decoding(struct decoding *decoding)
{
    av_frame_free(&decoding->frame);
    libav.av_packet_free(&decoding->packet);
    libav.avcodec_free_context(&decoding->codec);
    libav.avformat_close_input(&decoding->input);
}

static int take_frames(struct decoding *decoding)
{
    AVFrame *frame = decoding->frame;
    while (libav.avcodec_receive_frame(decoding->codec, frame) == 0) {
        if (frame->format != AV_PIX_FMT_YUV420P && frame->format != AV_PIX_FMT_YUVJ420P)
            return -ENOTSUP;
        const struct digest_picture picture = {
            .planes = {frame->data[0], frame->data[1], frame->data[2]},
            .strides = {frame->linesize[0], frame->linesize[1], frame->linesize[2]},
            .width = frame->width,
            .height = frame->height,
        };
        decoding->each(decoding->user, &picture);
        av_frame_unref(frame);
    }
    return 0;
}

static int decode_all(struct decoding *decoding)
{
    int error = 0;
    while (!error && libav.av_read_frame(decoding->input, decoding->packet) >= 0) {
        if (decoding->packet->stream_index == decoding->stream) {
            libav.avcodec_send_packet(decoding->codec, decoding->packet);
            error = take_frames(decoding);
        }
        libav.av_packet_unref(decoding->packet);
    }
    if (error)
        return error;
    libav.avcodec_send_packet(decoding->codec, NULL);
    return take_frames(decoding);
}

int clip_decode(const char *path, unsigned threads,
                void each(void *user, const struct digest_picture *picture), void *user,
                struct clip *facts)
{
    struct decoding decoding = {.each = each, .user = user};
    int error = libav_load();
    if (error)
        return error;
    error = open_decoding(&decoding, path, threads);
    if (!error)
        error = decode_all(&decoding);
    if (!error && facts) {
        facts->width = decoding.codec->width;
        facts->height = decoding.codec->height;
        snprintf(facts->codec, sizeof facts->codec, "%s", decoding.codec->codec->name);
    }
    close_decoding(&decoding);
    return error;
}

/* -- making --------------------------------------------------------------------------------------
 */

static void learn_frame(void *user, const struct digest_picture *picture)
{
    struct clip *clip = user;
    clip->frames++;
    digest_add(&clip->digest, picture);
}

static int learn_all(const struct cast_part *part)
{
    struct clip *clip = part->stage;
    const uint64_t began = bench_now_ns();
    int error = clip_decode(clip->path, 1, learn_frame, clip, clip);
    clip->seconds = (double)(bench_now_ns() - began) / 1e9;
    return error ? error : clip->frames ? 0 : -ENODATA;
}

/* In another process: this one, from which all are forked that are measured, stays small. */
static int learn(struct clip *clip)
{
    static struct cast cast;
    struct clip *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -errno;
    *shared = *clip;
    cast.count = 0;
    const uint64_t until = bench_now_ns() + PATIENCE_NS;
    int error = cast_start(&cast, learn_all, &(struct cast_part){.stage = shared});
    if (!error)
        error = cast_wait(&cast, until, NULL, NULL, until);
    cast_end(&cast);
    *clip = *shared;
    munmap(shared, sizeof *shared);
    return error;
}

static int open_memory(struct clip *clip)
{
    *clip = (struct clip){.fd = memfd_create("ringbench", MFD_CLOEXEC)};
    if (clip->fd < 0)
        return -errno;
    snprintf(clip->path, sizeof clip->path, "/proc/%d/fd/%d", (int)getpid(), clip->fd);
    return 0;
}

/* Runs ffmpeg, whose last argument is to be the clip's path. */
static int fill(struct clip *clip, const char *const arguments[])
{
    int error = program_run(arguments);
    if (!error)
        error = learn(clip);
    if (error)
        clip_close(clip);
    return error;
}

int clip_make(struct clip *clip, const struct clip_scene *scene)
{
    char source[128], frames[16], gop[16];
    int error = open_memory(clip);
    if (error)
        return error;
    snprintf(source, sizeof source, "testsrc2=size=%s:rate=%u", scene->size, scene->rate);
    snprintf(frames, sizeof frames, "%u", scene->frames);
    snprintf(gop, sizeof gop, "%u", scene->rate);
    return fill(clip, (const char *const[]){"ffmpeg",
                                            "-nostdin",
                                            "-v",
                                            "error",
                                            "-y",
                                            "-f",
                                            "lavfi",
                                            "-i",
                                            source,
                                            "-vf",
                                            "noise=alls=6:allf=t,format=yuv420p",
                                            "-frames:v",
                                            frames,
                                            "-c:v",
                                            "libx264",
                                            "-preset",
                                            "veryfast",
                                            "-b:v",
                                            scene->bits,
                                            "-g",
                                            gop,
                                            "-f",
                                            "matroska",
                                            clip->path,
                                            NULL});
}

int clip_cut(struct clip *clip, const char *path, unsigned frames)
{
    char count[16];
    int error = open_memory(clip);
    if (error)
        return error;
    snprintf(count, sizeof count, "%u", frames);
    return fill(clip, (const char *const[]){"ffmpeg", "-nostdin", "-v", "error", "-y", "-i", path,
                                            "-map", "0:v:0", "-c", "copy", "-frames:v", count, "-f",
                                            "matroska", clip->path, NULL});
}

int clip_repeat(struct clip *clip, const struct clip *base, unsigned times)
{
    char loops[16];
    int error = open_memory(clip);
    if (error)
        return error;
    snprintf(loops, sizeof loops, "%u", times - 1);
    return fill(clip, (const char *const[]){"ffmpeg", "-nostdin", "-v", "error", "-y",
                                            "-stream_loop", loops, "-i", base->path, "-c", "copy",
                                            "-f", "matroska", clip->path, NULL});
}

void clip_close(struct clip *clip)
{
    if (clip->fd >= 0)
        close(clip->fd);
    clip->fd = -1;
}
