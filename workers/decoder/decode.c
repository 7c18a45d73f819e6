#include <errno.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "workers/decoder/decoding.h"
#include "workers/decoder/log.h"
#include "workers/libav.h"

bool decoding_is_over(struct decoding *decoding)
{
    return output_listen(&decoding->output);
}

void decoding_report_ring_error(struct decoding *decoding, int error)
{
    if (!error || error == -ECANCELED)
        return;
    decoding->fatal = true;
    if (error == -ENOTSUP)
        output_log(&decoding->output, WORKER_ERROR, "pixel format %s is not supported",
                   av_get_pix_fmt_name((enum AVPixelFormat)decoding->frame->format));
    else
        output_log(&decoding->output, WORKER_ERROR, "cannot publish a frame: %s", strerror(-error));
}

/* What the error is, where the problem does not say it already. */
const char *decoding_name_error(int error, char name[AV_ERROR_MAX_STRING_SIZE])
{
    if (error == AVERROR_STREAM_NOT_FOUND || error == AVERROR_DECODER_NOT_FOUND)
        return NULL;
    if (error == AVERROR_INVALIDDATA)
        return "not a video, or damaged";
    if (error == AVERROR(ENOTTY))
        return "it is no camera";
    av_strerror(error, name, AV_ERROR_MAX_STRING_SIZE);
    return name;
}

/* One line: where, what, and what FFmpeg said of it. A URL is not shown, for there
 * may be a password in it. */
void decoding_log_error(struct decoding *decoding, const char *problem, int error)
{
    const bool is_url = decoding->source.kind == SOURCE_NETWORK;
    const char *input = decoding->input_config.part->name;
    char buffer[AV_ERROR_MAX_STRING_SIZE], detail[256];
    const char *name = decoding_name_error(error, buffer);
    decoder_log_last(detail, sizeof detail);
    if (is_url)
        *detail = '\0';
    output_log(&decoding->output, WORKER_ERROR, "%s%s%s%s%s%s%s%s", is_url ? "" : input,
               is_url ? "" : ": ", problem, name ? ": " : "", name ? name : "", *detail ? " (" : "",
               detail, *detail ? ")" : "");
}

int decoding_show_all(struct decoding *decoding)
{
    for (;;) {
        int error = decoding_meet_demand(decoding);
        if (!error)
            error = input_next(&decoding->input, decoding->frame);
        if (error < 0)
            return error == INPUT_END ? 0 : error;
        error = decoding_show(decoding);
        av_frame_unref(decoding->frame);
        if (error)
            return error;
    }
}

/* Called between two steps of decoding. A stream that sends, but nothing that is of use, sound say,
 * or what its codec can't read, is silent; it may be another since it was opened. What readers make
 * us wait does not count. */
static int make_ready(void *user)
{
    struct decoding *decoding = user;
    const int64_t before_ns = output_now_ns();
    int error = output_make_ready(&decoding->output);
    const int64_t now_ns = output_now_ns();
    decoding_report_ring_error(decoding, error);
    decoding->waiting_ns = decoding->input.signs == decoding->signs
                               ? decoding->waiting_ns + now_ns - before_ns
                               : now_ns;
    decoding->signs = decoding->input.signs;
    return error;
}

int decoding_open(struct decoding *decoding, const struct source_part *part, const char **problem)
{
    decoding->input_config.part = part;
    decoding->input_config.ready = make_ready;
    decoding->input_config.live = decoding->live;
    decoding->waiting_ns = output_now_ns();
    int error = input_open(&decoding->input, &decoding->input_config, problem);
    if (!error)
        timeline_part(&decoding->time);
    decoding->waiting_ns = output_now_ns();
    decoding->signs = 0;
    return error;
}

void decoding_tell_state(struct decoding *decoding, enum worker_camera_state state,
                         const char *reason)
{
    const struct worker_message_header header = {
        .type = WORKER_STATE, .camera = decoding->output.camera, .value = (int)state};
    decoding->state = state;
    output_send_text(&decoding->output, header, reason);
}
