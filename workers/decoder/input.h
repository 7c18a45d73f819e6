/*
 * An input: frames out of a file or stream, through libavformat and libavcodec.
 *
 * Life story. It is opened, which reads the container's head and readies the
 * decoder of the first video stream (track.h); then gives frame after frame until the end.
 * At the end, or after an error, it can tell whether all was there: FFmpeg's own
 * codes do not, it takes many a truncated file for a complete one.
 *
 * Threads: one.
 */
#ifndef WORKERS_DECODER_INPUT_H
#define WORKERS_DECODER_INPUT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

#include "workers/decoder/file.h"
#include "workers/decoder/source.h"

struct input_config {
    enum source_kind kind;
    const struct source_part *part;
    bool live;                 /* a stream that is to be shown soon */
    unsigned threads;          /* of libavcodec; 0: as many as it likes */
    enum AVDiscard skip_frame; /* those that are not decoded, as libavcodec has it */
    /* Asked while libavformat waits: true makes it give up. */
    bool (*interrupted)(void *user);
    void *user;
    /* Memory for the codec to decode into, as AVCodecContext.get_buffer2, with `buffers`
     * as the context's `opaque`; NULL: libavcodec's own. Called from its threads. */
    int (*get_buffer)(AVCodecContext *codec, AVFrame *frame, int flags);
    void *buffers;
    /* Sleeps until a part's descriptor has something to read; a negative AVERROR ends
     * the reading. */
    int (*await)(void *user, int fd);
    /* Called when a device is open and nothing is read from it yet. */
    void (*opened)(void *user);
    /* Called before each step of decoding; a negative AVERROR ends the input. May be
     * NULL. */
    int (*ready)(void *user);
};

struct input {
    const struct input_config *config;
    struct file file; /* zeroed: libavformat has opened it itself */
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVStream *stream;
    AVRational time_base;  /* of the frames' times */
    uint32_t rotation;     /* degrees to turn a frame clockwise to see it upright */
    int64_t received_ns;   /* CLOCK_MONOTONIC when the last packet came in */
    int64_t wall_clock_ns; /* CLOCK_REALTIME then */
    uint64_t packets;      /* of the video stream, read so far */
    uint64_t signs;  /* of life: frames; and, as long as none need come, packets of the video */
    bool decodes;    /* it has given frames */
    uint64_t errors; /* packets that could not be decoded */
    int64_t end_us;  /* where the latest packet of any stream ends, AV_TIME_BASE units */
    bool changes;    /* the packet at hand is for another codec, once this one is empty */
    bool awaits_key; /* what comes before the next keyframe is of no use */
    int read_error;  /* what ended the reading, 0: the end */
};

#define INPUT_END AVERROR_EOF

/* `config` must live as long as the input, which is neither copied nor moved. 0, or an AVERROR;
 * *problem then names the step that failed, a static text. The input is closed on failure. */
int input_open(struct input *input, const struct input_config *config, const char **problem);

/* The next frame in the order of showing, into `frame`, for av_frame_unref. INPUT_END
 * when there is none; other AVERRORs end the input too. */
int input_next(struct input *input, AVFrame *frame);

/* Reads one packet and drops it, while nobody wants frames: 0, or what ended the input. */
int input_drop(struct input *input);

/* After some were dropped: the next frame is a keyframe. */
void input_continue(struct input *input);

/* The stream's length, or the container's where it has none; ns, 0: not known. */
int64_t input_duration_ns(const struct input *input);

/* At the end: NULL, or why this was not all of it; a static text. */
const char *input_damage(const struct input *input);

/* Accepts a zeroed one. */
void input_close(struct input *input);

#endif
