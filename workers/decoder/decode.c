#include <errno.h>
#include <libavdevice/avdevice.h>
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
#include "workers/decoder/sandbox.h"
#include "workers/decoder/source.h"
#include "workers/decoder/timeline.h"

struct decoding {
    const struct decoder_config *config;
    struct output output;
    struct source source;
    bool confined;
    struct input_config input_config;
    struct input input;
    struct timeline time;
    AVFrame *frame;
    unsigned play;                           /* the number of this one, from 0 */
    uint64_t decoded_before, corrupt_before; /* this part began */
    bool damaged;                            /* something was missing or could not be decoded */
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

static int await_data(void *user, int fd)
{
    struct decoding *decoding = user;
    return output_await(&decoding->output, fd) < 0 ? AVERROR_EXIT : 0;
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
    const bool is_url = decoding->source.kind == SOURCE_NETWORK;
    const char *input = decoding->input_config.part->name;
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

static void place_in_time(struct decoding *decoding, AVFrame *frame)
{
    const AVRational unit = decoding->input.time_base;
    frame->pts = frame->best_effort_timestamp =
        timeline_place(&decoding->time, frame->best_effort_timestamp,
                       frame_duration(decoding, frame), unit, output_now_ns());
    decoding->output.progress.position_ns = decoding->time.position_ns;
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
    if (decoding->config->pace)
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
    const struct worker_progress *progress = &decoding->output.progress;
    const char *damage = input_damage(&decoding->input);
    if (!damage && progress->corrupt > decoding->corrupt_before)
        damage = "damaged: frames of it are corrupt";
    if (progress->decoded == decoding->decoded_before) {
        log_av_error(decoding, "no frame of it could be decoded", AVERROR_INVALIDDATA);
        return -EINVAL;
    }
    if (damage && !decoding->damaged)
        output_log(&decoding->output, WORKER_ERROR, "%s", damage);
    decoding->damaged = decoding->damaged || damage;
    return 0;
}

/* How long all plays take, where that is known: of several files it is not. */
static void note_duration(struct decoding *decoding)
{
    int64_t *duration_ns = &decoding->output.duration_ns;
    if (decoding->source.count > 1 ||
        __builtin_mul_overflow(input_duration_ns(&decoding->input),
                               (int64_t)decoding->config->plays, duration_ns))
        *duration_ns = 0; /* as good as without end */
}

static int play_part(struct decoding *decoding, const struct source_part *part)
{
    const char *problem;
    decoding->input_config.part = part;
    decoding->decoded_before = decoding->output.progress.decoded;
    decoding->corrupt_before = decoding->output.progress.corrupt;
    int error = input_open(&decoding->input, &decoding->input_config, &problem);
    if (error < 0) {
        if (!interrupted(decoding))
            log_av_error(decoding, problem, error);
        return error;
    }
    note_duration(decoding);
    timeline_part(&decoding->time);
    error = show_all(decoding);
    if (!error && !interrupted(decoding))
        error = report_damage(decoding);
    input_close(&decoding->input);
    return error;
}

/* Of several files, those that are of no use don't keep us from the others. */
static int play_once(struct decoding *decoding)
{
    const struct source *source = &decoding->source;
    const uint64_t decoded = decoding->output.progress.decoded;
    int error = 0;
    for (size_t i = 0; i < source->count && !interrupted(decoding); i++) {
        int of_part = play_part(decoding, &source->parts[i]);
        decoding->damaged = decoding->damaged || of_part;
        error = error ? error : of_part;
    }
    return source->count > 1 && decoding->output.progress.decoded > decoded ? 0 : error;
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

/* Before the first byte of the input is looked at; of a device, before the first frame. */
static void confine(void *user)
{
    static const enum sandbox_kind kinds[] = {
        [SOURCE_FILES] = SANDBOX_DESCRIPTORS,
        [SOURCE_TEST] = SANDBOX_DESCRIPTORS,
        [SOURCE_DEVICE] = SANDBOX_DEVICE,
        [SOURCE_NETWORK] = SANDBOX_NETWORK,
    };
    struct decoding *decoding = user;
    char missing[256];
    if (decoding->config->no_sandbox || decoding->config->host || decoding->confined)
        return;
    decoding->confined = true;
    sandbox_enter__(kinds[decoding->source.kind], missing, sizeof missing);
    if (*missing)
        output_log(&decoding->output, WORKER_WARNING,
                   "its decoder is less confined than it should be; this kernel refuses: %s",
                   missing);
}

static const char *describe_error(int error)
{
    if (error == -ENODATA)
        return "there is no file in it";
    if (error == -EMFILE)
        return "it has more files than a process may open (ulimit -n)";
    return error == -EINVAL ? "it is no scene; see 'ringside help run'" : strerror(-error);
}

static int open_source(struct decoding *decoding)
{
    const char *input = decoding->config->input;
    int given = -1, error = 0;
    if (source_is_standard_input(input))
        error = given = output_await_input(&decoding->output);
    if (error >= 0)
        error = source_open(&decoding->source, input, given);
    char shown[1024];
    source_describe(input, shown, sizeof shown);
    if (error < 0 && error != -ECANCELED)
        output_log(&decoding->output, WORKER_ERROR, "%s: cannot be opened: %s", shown,
                   describe_error(error));
    return error;
}

static enum worker_outcome work(struct decoding *decoding)
{
    int error = open_source(decoding);
    if (error)
        return error == -ECANCELED ? WORKER_STOPPED : WORKER_FAILED;
    decoding->input_config.kind = decoding->source.kind;
    if (decoding->source.kind != SOURCE_DEVICE)
        confine(decoding);
    return play_all(decoding);
}

int decoder_main__(unsigned camera, const struct decoder_config *config, int control)
{
    struct decoding *decoding = calloc(1, sizeof *decoding);
    if (!decoding)
        return EXIT_FAILURE;
    decoding->config = config;
    decoding->input_config = (struct input_config){
        .threads = config->threads,
        .interrupted = interrupted,
        .user = decoding,
        .get_buffer = slots_get_buffer,
        .buffers = &decoding->output.slots,
        .await = await_data,
        .opened = confine,
        .ready = make_ready,
    };
    if (output_init(&decoding->output, camera, control) != 0) {
        free(decoding);
        return EXIT_FAILURE;
    }
    decoding->output.host = config->host;
    decoding->output.user = config->user;
    /* FFmpeg's lines may tell a URL, and with it a password. */
    const bool forward = config->verbose && source_kind_of(config->input) != SOURCE_NETWORK;
    decoder_log_begin(forward ? forward_log : NULL, decoding);
    avdevice_register_all();
    decoding->frame = av_frame_alloc();
    enum worker_outcome outcome = decoding->frame ? work(decoding) : WORKER_FAILED;
    output_finish(&decoding->output, outcome);
    source_close(&decoding->source);
    av_frame_free(&decoding->frame);
    free(decoding);
    return EXIT_SUCCESS;
}
