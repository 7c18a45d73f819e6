#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>

#include "libframe/avframe.h"
#include "workers/decoder/decoder.h"
#include "workers/decoder/input.h"
#include "workers/decoder/log.h"
#include "workers/decoder/output.h"

static const AVRational nanosecond = {1, 1000000000};

/* The stream's time, made continuous over all plays, in the stream's time base. */
struct timeline {
    int64_t first;      /* the first frame's time */
    int64_t next;       /* where a frame after the last one would stand */
    int64_t offset;     /* added in this play */
    bool begun, fresh;  /* any frame seen; none seen in this play */
    int64_t started_ns; /* monotonic, when the first frame was shown */
};

struct decoding {
    const struct decoder_config *config;
    struct output output;
    struct input_config input_config;
    struct input input;
    struct timeline time;
    AVFrame *frame;
    unsigned play; /* the number of this one, from 0 */
    bool damaged;  /* something was missing or could not be decoded */
};

static bool interrupted(void *user)
{
    const struct decoding *decoding = user;
    return decoding->output.stopped || output_stop_waiting(&decoding->output);
}

static void report_ring_error(struct output *output, int error)
{
    if (error && error != -ECANCELED)
        output_log(output, WORKER_ERROR, "cannot publish a frame: %s", strerror(-error));
}

static int make_ready(void *user)
{
    struct decoding *decoding = user;
    int error = output_make_ready(&decoding->output);
    report_ring_error(&decoding->output, error);
    return error;
}

static void forward_log(void *user, const char *line)
{
    const struct decoding *decoding = user;
    struct worker_message_header header = {
        .type = WORKER_LOG, .camera = decoding->output.camera, .value = WORKER_DEBUG};
    worker_message_send_text(decoding->output.control, header, line, true);
}

/* What the error is, where the problem does not say it already. */
static const char *name_error(int error, char name[AV_ERROR_MAX_STRING_SIZE])
{
    if (error == AVERROR_STREAM_NOT_FOUND || error == AVERROR_DECODER_NOT_FOUND)
        return NULL;
    if (error == AVERROR_INVALIDDATA)
        return "not a video, or damaged";
    av_strerror(error, name, AV_ERROR_MAX_STRING_SIZE);
    return name;
}

/* One line: where, what, and what FFmpeg said of it. A URL is not shown, for there
 * may be a password in it. */
static void log_av_error(struct decoding *decoding, const char *problem, int error)
{
    const char *input = decoding->config->input;
    const bool is_url = strstr(input, "://") != NULL;
    char buffer[AV_ERROR_MAX_STRING_SIZE], detail[256];
    const char *name = name_error(error, buffer);
    decoder_log_last(detail, sizeof detail);
    if (is_url)
        *detail = '\0';
    output_log(&decoding->output, WORKER_ERROR, "%s%s%s%s%s%s%s%s", is_url ? "" : input,
               is_url ? "" : ": ", problem, name ? ": " : "", name ? name : "", *detail ? " (" : "",
               detail, *detail ? ")" : "");
}

static int64_t frame_duration(const struct decoding *decoding, const AVFrame *frame)
{
    const struct input *input = &decoding->input;
    int64_t duration = frame_avframe_duration(frame);
    if (duration > 0)
        return duration;
    AVRational rate = av_guess_frame_rate(input->format, input->stream, NULL);
    return rate.num > 0 ? av_rescale_q(1, av_inv_q(rate), input->time_base) : 0;
}

/* Moves the frame's time behind that of the plays before. */
static void place_in_time(struct decoding *decoding, AVFrame *frame)
{
    struct timeline *time = &decoding->time;
    int64_t pts = frame->best_effort_timestamp;
    if (pts == AV_NOPTS_VALUE) /* raw streams have none: one behind the other */
        pts = time->begun && !time->fresh ? av_sat_sub64(time->next, time->offset) : 0;
    if (time->fresh) {
        time->offset = time->begun ? av_sat_sub64(time->next, pts) : 0;
        time->fresh = false;
    }
    pts = av_sat_add64(pts, time->offset); /* a damaged file has any time */
    if (!time->begun) {
        time->begun = true;
        time->first = pts;
        time->started_ns = output_now_ns();
    }
    frame->pts = frame->best_effort_timestamp = pts;
    time->next = av_sat_add64(pts, frame_duration(decoding, frame));
    decoding->output.progress.position_ns =
        av_rescale_q(av_sat_sub64(pts, time->first), decoding->input.time_base, nanosecond);
}

static int show(struct decoding *decoding)
{
    struct output *output = &decoding->output;
    AVFrame *frame = decoding->frame;

    output->progress.decoded++;
    if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
        output->progress.corrupt++;
    place_in_time(decoding, frame);
    const struct output_facts facts = {
        .time_base = decoding->input.time_base,
        .rotation = decoding->input.rotation,
        .received_ns = decoding->input.received_ns,
        .wall_clock_ns = decoding->input.wall_clock_ns,
    };
    if (decoding->config->pace && decoding->time.begun)
        output_sleep_until(output,
                           av_sat_add64(decoding->time.started_ns, output->progress.position_ns));
    output->need = slots_need(decoding->input.codec);
    int error = output_publish(output, frame, &facts);
    if (error == -ENOTSUP)
        output_log(output, WORKER_ERROR, "pixel format %s is not supported",
                   av_get_pix_fmt_name((enum AVPixelFormat)frame->format));
    else
        report_ring_error(output, error);
    return error;
}

static int show_all(struct decoding *decoding)
{
    for (;;) {
        int error = input_next(&decoding->input, decoding->frame);
        if (error < 0)
            return error == INPUT_END ? 0 : error;
        error = show(decoding);
        av_frame_unref(decoding->frame);
        if (error)
            return error;
    }
}

static int report_damage(struct decoding *decoding)
{
    const char *damage = input_damage(&decoding->input);
    if (!damage && decoding->output.progress.corrupt)
        damage = "damaged: frames of it are corrupt";
    if (!decoding->output.progress.decoded) {
        log_av_error(decoding, "no frame of it could be decoded", AVERROR_INVALIDDATA);
        return -EINVAL;
    }
    if (damage && !decoding->damaged)
        output_log(&decoding->output, WORKER_ERROR, "%s", damage);
    decoding->damaged = decoding->damaged || damage;
    return 0;
}

static int play_once(struct decoding *decoding)
{
    const char *problem;
    int error = input_open(&decoding->input, &decoding->input_config, &problem);
    if (error < 0) {
        if (!interrupted(decoding))
            log_av_error(decoding, problem, error);
        return error;
    }
    const struct decoder_config *config = decoding->config;
    if (__builtin_mul_overflow(input_duration_ns(&decoding->input), (int64_t)config->plays,
                               &decoding->output.duration_ns))
        decoding->output.duration_ns = 0; /* as good as without end */
    decoding->time.fresh = true;
    error = show_all(decoding);
    if (!error && !interrupted(decoding))
        error = report_damage(decoding);
    input_close(&decoding->input);
    return error;
}

static enum worker_outcome play_all(struct decoding *decoding)
{
    const unsigned plays = decoding->config->plays;
    int error = 0;
    while (!error && (plays == 0 || decoding->play < plays) && !interrupted(decoding)) {
        error = play_once(decoding);
        decoding->play++;
    }
    if (interrupted(decoding))
        return WORKER_STOPPED;
    if (error)
        return WORKER_FAILED;
    return decoding->damaged ? WORKER_PARTIAL : WORKER_COMPLETE;
}

int decoder_main__(unsigned camera, const struct decoder_config *config, int control)
{
    struct decoding *decoding = calloc(1, sizeof *decoding);
    if (!decoding)
        return EXIT_FAILURE;
    decoding->config = config;
    decoding->input_config = (struct input_config){
        .url = config->input,
        .threads = config->threads,
        .interrupted = interrupted,
        .user = decoding,
        .get_buffer = slots_get_buffer,
        .buffers = &decoding->output.slots,
        .ready = make_ready,
    };
    if (output_init(&decoding->output, camera, control) != 0) {
        free(decoding);
        return EXIT_FAILURE;
    }
    decoding->output.host = config->host;
    decoding->output.user = config->user;
    /* FFmpeg's lines may tell a URL, and with it a password. */
    const bool forward = config->verbose && !strstr(config->input, "://");
    decoder_log_begin(forward ? forward_log : NULL, decoding);
    decoding->frame = av_frame_alloc();
    enum worker_outcome outcome = decoding->frame ? play_all(decoding) : WORKER_FAILED;
    output_finish(&decoding->output, outcome);
    av_frame_free(&decoding->frame);
    free(decoding);
    return EXIT_SUCCESS;
}
