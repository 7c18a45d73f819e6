/* The decoder's process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workers/decoder/decoding.h"
#include "workers/decoder/devices.h"
#include "workers/decoder/log.h"
#include "workers/decoder/sandbox.h"

/* While libavformat waits, in our thread. A stream that is silent for too long is as good as lost.
 */
static bool interrupted(void *user)
{
    struct decoding *decoding = user;
    const int64_t patience_ns = decoding->live ? decoding->config->stall_ns : 0;
    if (patience_ns > 0 && output_now_ns() - decoding->waiting_ns > patience_ns)
        decoding->stalled = true;
    return decoding->stalled || decoding_is_over(decoding);
}

static int await_data(void *user, int fd)
{
    struct decoding *decoding = user;
    return output_await(&decoding->output, fd) < 0 ? AVERROR_EXIT : 0;
}

/* From any of FFmpeg's threads. In this process nobody would read while one of them waits for room:
 * what does not fit is dropped. */
static void forward_log(void *user, const char *line)
{
    const struct decoding *decoding = user;
    struct worker_message_header header = {
        .type = WORKER_LOG, .camera = decoding->output.camera, .value = WORKER_DEBUG};
    worker_message_send_text(decoding->output.control, header, line, !decoding->output.host);
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
    return source_is_live(&decoding->source) ? decoding_follow(decoding) : decoding_play(decoding);
}

int decoder_main__(unsigned camera, const struct decoder_config *config, int control)
{
    static const enum AVDiscard skipped[] = {
        [DECODER_ALL] = AVDISCARD_DEFAULT,
        [DECODER_REFERENCES] = AVDISCARD_NONREF,
        [DECODER_KEYS] = AVDISCARD_NONKEY,
    };
    struct decoding *decoding = calloc(1, sizeof *decoding);
    if (!decoding)
        return EXIT_FAILURE;
    decoding->config = config;
    decoding->state = WORKER_CAMERA_ENDED;
    for (unsigned i = 0; i < config->rate_count; i++)
        frame_rate_begin(&decoding->rates[i], config->rates[i]);
    decoding->input_config = (struct input_config){
        .threads = config->threads,
        .skip_frame = skipped[config->frames],
        .interrupted = interrupted,
        .user = decoding,
        .get_buffer = slots_get_buffer,
        .buffers = &decoding->output.slots,
        .await = await_data,
        .opened = confine,
    };
    if (output_init(&decoding->output, camera, control) != 0) {
        free(decoding);
        return EXIT_FAILURE;
    }
    decoding->output.host = config->host;
    decoding->output.user = config->user;
    /* FFmpeg's lines may tell a URL, and with it a password. */
    const enum source_kind kind = source_kind_of(config->input);
    const bool forward = config->verbose && kind != SOURCE_NETWORK;
    decoder_log_begin(forward ? forward_log : NULL, decoding);
    if ((kind == SOURCE_TEST || kind == SOURCE_DEVICE) && !devices_load())
        output_log(&decoding->output, WORKER_ERROR, "libavdevice is missing");
    decoding->frame = av_frame_alloc();
    enum worker_outcome outcome = decoding->frame ? work(decoding) : WORKER_FAILED;
    output_finish(&decoding->output, outcome);
    source_close(&decoding->source);
    av_frame_free(&decoding->frame);
    free(decoding);
    return EXIT_SUCCESS;
}
