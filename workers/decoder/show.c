/* Which frames are shown, and when. */
#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>

#include "libframe/avframe.h"
#include "workers/decoder/decoding.h"
#include "workers/libav.h"

static int64_t frame_duration(const struct decoding *decoding, const AVFrame *frame)
{
    const struct input *input = &decoding->input;
    int64_t duration = frame_avframe_duration(frame);
    if (duration > 0)
        return duration;
    AVRational rate = libav.av_guess_frame_rate(input->format, input->stream, NULL);
    return rate.num > 0 ? av_rescale_q(1, av_inv_q(rate), input->time_base) : 0;
}

static void place_in_time(struct decoding *decoding, AVFrame *frame)
{
    const AVRational unit = decoding->input.time_base;
    frame->pts = frame->best_effort_timestamp = timeline_place(
        &decoding->time, frame->best_effort_timestamp, frame_duration(decoding, frame), unit);
    decoding->output.progress.position_ns = decoding->time.position_ns;
}

/* All are asked, since each goes on from what it picked before. */
static bool is_picked(struct decoding *decoding, const AVFrame *frame)
{
    const AVRational unit = decoding->input.time_base;
    const double seconds = (double)frame->pts * unit.num / unit.den;
    bool picked = decoding->config->rate_count == 0;
    for (unsigned i = 0; i < decoding->config->rate_count; i++)
        picked |= frame_rate_is_due(&decoding->rates[i], seconds);
    return picked;
}

/* Counts it where it is damaged. */
static bool is_wanted(struct decoding *decoding)
{
    const AVFrame *frame = decoding->frame;
    const bool corrupt = frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT);
    decoding->output.progress.corrupt += corrupt;
    return (!corrupt || decoding->config->pass_corrupt) && is_picked(decoding, frame);
}

/* -- time -------------------------------------------------------------------------------------- */

/* Whether what comes now is gone later. */
static bool waits_for_nobody(const struct decoding *decoding)
{
    return decoding->live || decoding->source.kind == SOURCE_DEVICE;
}

/* What is live comes at its own pace. */
static bool is_paced(const struct decoding *decoding)
{
    return decoding->config->pace && !waits_for_nobody(decoding);
}

static void await_turn(struct decoding *decoding)
{
    struct output *output = &decoding->output;
    const int64_t position_ns = output->progress.position_ns;
    if (!is_paced(decoding))
        return;
    if (!decoding->pace.begun)
        pace_begin(&decoding->pace, position_ns, output_now_ns());
    output_sleep_until(output, pace_due(&decoding->pace, position_ns));
}

static void note_time(struct decoding *decoding)
{
    struct worker_progress *progress = &decoding->output.progress;
    if (!is_paced(decoding))
        return;
    pace_shown(&decoding->pace, progress->position_ns, output_now_ns());
    progress->late = decoding->pace.late;
    progress->worst_late_ns = decoding->pace.worst_ns;
}

/* -- demand ------------------------------------------------------------------------------------ */

static bool is_idle(struct decoding *decoding)
{
    return decoding->config->on_demand && output_is_unread(&decoding->output);
}

static void tell_idle(struct decoding *decoding)
{
    if (decoding->state != WORKER_CAMERA_IDLE)
        decoding_tell_state(decoding, WORKER_CAMERA_IDLE, "");
}

/* Before a frame is decoded of what does not wait: drops what comes while nobody reads. */
int decoding_meet_demand(struct decoding *decoding)
{
    bool dropped = false;
    int error = 0;
    while (!error && waits_for_nobody(decoding) && is_idle(decoding)) {
        decoding->waiting_ns = output_now_ns();
        error = input_drop(&decoding->input);
        if (!error)
            tell_idle(decoding);
        dropped = true;
    }
    if (dropped && !error)
        input_continue(&decoding->input);
    return decoding->output.stopped ? AVERROR_EXIT : error;
}

/* With a frame of what does wait. */
static int await_demand(struct decoding *decoding)
{
    const int64_t since_ns = output_now_ns();
    tell_idle(decoding);
    const int error = output_await_reader(&decoding->output);
    pace_pause(&decoding->pace, output_now_ns() - since_ns);
    return error;
}

/* -- a frame ----------------------------------------------------------------------------------- */

/* Whether it was shown before by another decoder, whose place we took. */
static bool was_shown(struct decoding *decoding)
{
    struct output *output = &decoding->output;
    if (output->progress.published >= decoding->config->resume)
        return false;
    output->progress.published++;
    pace_begin(&decoding->pace, output->progress.position_ns, output_now_ns());
    return true;
}

static int publish(struct decoding *decoding)
{
    struct output *output = &decoding->output;
    const struct output_facts facts = {
        .time_base = decoding->input.time_base,
        .rotation = decoding->input.rotation,
        .received_ns = decoding->input.received_ns,
        .wall_clock_ns = decoding->input.wall_clock_ns,
    };
    output->need = slots_need(decoding->input.codec);
    int error = output_fit(output, decoding->frame, &facts);
    if (!error && is_idle(decoding)) {
        if (waits_for_nobody(decoding))
            return 0;
        error = await_demand(decoding);
    }
    if (error)
        return error;
    await_turn(decoding);
    error = output_publish(output, decoding->frame, &facts);
    if (!error)
        note_time(decoding);
    return error;
}

int decoding_show(struct decoding *decoding)
{
    const uint64_t published = decoding->output.progress.published;
    decoding->output.progress.decoded++;
    place_in_time(decoding, decoding->frame);
    if (!is_wanted(decoding))
        return 0;
    if (was_shown(decoding))
        return decoding_is_over(decoding) ? -ECANCELED : 0;
    const int error = publish(decoding);
    decoding_report_ring_error(decoding, error);
    const bool has_state = decoding->live || decoding->state == WORKER_CAMERA_IDLE;
    if (has_state && decoding->output.progress.published > published &&
        decoding->state != WORKER_CAMERA_ONLINE)
        decoding_tell_state(decoding, WORKER_CAMERA_ONLINE, "");
    return error;
}
