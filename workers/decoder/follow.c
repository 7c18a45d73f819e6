/* Streams: connections are lost, and made anew. */
#include <bsd/stdlib.h>
#include <string.h>

#include "workers/decoder/decoding.h"

/* Between two attempts: from the first to the last, twice as long each time, give or take
 * a quarter, so that many cameras behind one switch don't come back all at once. */
#define DELAY_FIRST_NS INT64_C(1000000000)
#define DELAY_LAST_NS INT64_C(30000000000)

static int64_t with_jitter(int64_t delay_ns)
{
    return delay_ns - delay_ns / 4 + (int64_t)(arc4random() % 1024) * (delay_ns / 2) / 1024;
}

/* From connecting to the loss: an error, or 0 at what it says is its end. */
static int follow_once(struct decoding *decoding, const char **problem)
{
    decoding->stalled = false;
    int error = decoding_open(decoding, decoding->source.parts, problem);
    if (error)
        return error;
    *problem = "it broke off";
    error = decoding_show_all(decoding);
    if (!error && decoding->input.read_error)
        error = decoding->input.read_error;
    input_close(&decoding->input);
    return error;
}

static void tell_loss(struct decoding *decoding, const char *problem, int error)
{
    char buffer[AV_ERROR_MAX_STRING_SIZE], reason[256];
    const enum worker_camera_state state =
        decoding->stalled ? WORKER_CAMERA_STALLED : WORKER_CAMERA_OFFLINE;
    const char *name = error ? decoding_name_error(error, buffer) : "its server ended it";
    if (decoding->stalled)
        snprintf(reason, sizeof reason, "nothing of use came for %.1f s",
                 (double)decoding->config->stall_ns / 1e9);
    else
        snprintf(reason, sizeof reason, "%s%s%s", problem, name ? ": " : "", name ? name : "");
    if (decoding->state != state)
        decoding_tell_state(decoding, state, reason);
}

enum worker_outcome decoding_follow(struct decoding *decoding)
{
    int64_t delay_ns = DELAY_FIRST_NS;
    decoding->live = true;
    while (!decoding_is_over(decoding) && !decoding->fatal) {
        const char *problem;
        const int error = follow_once(decoding, &problem);
        if (error == AVERROR_PROTOCOL_NOT_FOUND) {
            decoding_log_error(decoding, problem, error);
            return WORKER_FAILED;
        }
        if (decoding_is_over(decoding) || decoding->fatal)
            break;
        if (decoding->state == WORKER_CAMERA_ONLINE || decoding->state == WORKER_CAMERA_IDLE)
            delay_ns = DELAY_FIRST_NS;
        tell_loss(decoding, problem, error);
        output_sleep_until(&decoding->output, output_now_ns() + with_jitter(delay_ns));
        delay_ns = 2 * delay_ns < DELAY_LAST_NS ? 2 * delay_ns : DELAY_LAST_NS;
    }
    decoding_tell_state(decoding, WORKER_CAMERA_ENDED, "");
    return decoding->fatal ? WORKER_FAILED : WORKER_STOPPED;
}
