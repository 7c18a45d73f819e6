/* The inside of a decoder: what its parts work on together. */
#ifndef WORKERS_DECODER_DECODING_H
#define WORKERS_DECODER_DECODING_H

#include "libframe/rate.h"
#include "workers/decoder/decoder.h"
#include "workers/decoder/input.h"
#include "workers/decoder/output.h"
#include "workers/decoder/pace.h"
#include "workers/decoder/source.h"
#include "workers/decoder/timeline.h"

struct decoding {
    const struct decoder_config *config;
    struct output output;
    struct source source;
    struct input_config input_config;
    struct input input;
    struct timeline time;
    struct pace pace;
    struct frame_rate rates[DECODER_RATES_MAX]; /* those of the configuration */
    AVFrame *frame;
    bool confined;
    bool fatal; /* the ring, or the frames' format, is of no use: nothing helps */

    /* Of files: */
    unsigned play;                           /* the number of this one, from 0 */
    uint64_t decoded_before, corrupt_before; /* this part began */
    bool damaged;                            /* something was missing or could not be decoded */

    enum worker_camera_state state; /* as told; WORKER_CAMERA_ENDED: not yet */

    /* Of streams: */
    bool live;
    int64_t waiting_ns; /* monotonic, since when we wait for something of use */
    uint64_t signs;     /* of life that the input had given then */
    bool stalled;       /* for too long */
};

/* Whether it is to end. */
bool decoding_is_over(struct decoding *decoding);

/* Opens a part and gets it ready to decode; an error is not logged: *problem as input_open. */
int decoding_open(struct decoding *decoding, const struct source_part *part, const char **problem);

/* Decodes and publishes what is open to its end: 0; or an error. */
int decoding_show_all(struct decoding *decoding);

/* Drops what comes while nobody reads, where that is asked for. 0, or an AVERROR as input_next. */
int decoding_meet_demand(struct decoding *decoding);

/* Shows the frame that was just decoded, if it is one to be shown, when it is time. 0: go on. */
int decoding_show(struct decoding *decoding);

/* Why a frame could not be published: then nothing helps. */
void decoding_report_ring_error(struct decoding *decoding, int error);

/* One line: where, what, and what FFmpeg said of it. */
void decoding_log_error(struct decoding *decoding, const char *problem, int error);

/* What an AVERROR is in words; NULL: `problem` says it already. */
const char *decoding_name_error(int error, char name[AV_ERROR_MAX_STRING_SIZE]);

/* Plays files and what else has an end, as often as asked. */
enum worker_outcome decoding_play(struct decoding *decoding);

/* Follows a stream for as long as it may, through all that networks do. */
enum worker_outcome decoding_follow(struct decoding *decoding);

/* Tells the front how the camera is; `reason`: why, "" where it is well. */
void decoding_tell_state(struct decoding *decoding, enum worker_camera_state state,
                         const char *reason);

#endif
