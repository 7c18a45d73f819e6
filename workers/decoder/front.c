#include <bsd/unistd.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/writer.h"
#include "workers/decoder/decoder.h"
#include "workers/decoder/source.h"
#include "workers/libav.h"
#include "workers/src/process.h"

struct decoder {
    struct worker_process process;

    /* Where it is in this process: */
    const struct decoder_config *config;
    unsigned camera;
    int theirs; /* its end of the socket, -1: it is through */
};

struct birth {
    unsigned camera;
    const struct decoder_config *config;
};

static int run__(const void *argument, int control)
{
    const struct birth *birth = argument;
    setproctitle("-ringside: decoder %s", birth->config->name);
    return decoder_main__(birth->camera, birth->config, control);
}

/* Hands it what only we have. */
static int begin(struct decoder **out, struct decoder *decoder, const struct decoder_config *config)
{
    const struct worker_message_header header = {.type = WORKER_INPUT};
    int error = 0;
    if (source_is_standard_input(config->input))
        error = worker_message_send(decoder->process.control, header, NULL, 0, STDIN_FILENO, false);
    if (error)
        decoder_destroy(&decoder, NULL);
    *out = decoder;
    return error;
}

int decoder_spawn(struct decoder **out, unsigned camera, const struct decoder_config *config)
{
    *out = NULL;
    int error = libav_load(); /* here, for all decoders to share it */
    if (error)
        return error;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return -ENOMEM;
    const struct birth birth = {.camera = camera, .config = config};
    error = worker_process_spawn_to(&decoder->process, config->err ? config->err : STDERR_FILENO,
                                    run__, &birth);
    if (error) {
        free(decoder);
        return error;
    }
    return begin(out, decoder, config);
}

int decoder_spawn_inline(struct decoder **out, unsigned camera, const struct decoder_config *config)
{
    *out = NULL;
    int error = libav_load();
    if (error)
        return error;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return -ENOMEM;
    decoder->config = config;
    decoder->camera = camera;
    error = worker_process_pretend(&decoder->process, &decoder->theirs);
    if (error) {
        free(decoder);
        return error;
    }
    return begin(out, decoder, config);
}

/* A file that is played for ever stands for a camera: to be where it was would take for
 * ever, too. */
enum decoder_again decoder_again(const struct decoder_config *config, int64_t duration_ns)
{
    const enum source_kind kind = source_kind_of(config->input);
    struct stat status;
    if (source_is_standard_input(config->input))
        return DECODER_NONE;
    if (kind == SOURCE_FILES && stat(config->input, &status) == 0 && !S_ISREG(status.st_mode) &&
        !S_ISDIR(status.st_mode))
        return DECODER_NONE; /* a pipe, say */
    struct source_part part = {.fd = -1, .name = (char *)config->input};
    const struct source source = {.kind = kind, .parts = &part, .count = 1};
    if (kind == SOURCE_DEVICE || config->plays == 0 || source_is_live(&source) ||
        (kind == SOURCE_NETWORK && duration_ns == 0))
        return DECODER_LIVE;
    return DECODER_SAME;
}

/* The handle may be destroyed by whoever hears of its end. */
void decoder_run_inline(struct decoder *decoder)
{
    const int theirs = decoder->theirs;
    decoder->theirs = -1;
    decoder_main__(decoder->camera, decoder->config, theirs);
    close(theirs);
}

int decoder_fd(const struct decoder *decoder)
{
    return decoder->process.control;
}

pid_t decoder_pid(const struct decoder *decoder)
{
    return decoder->process.pid;
}

void decoder_signal(const struct decoder *decoder, int signal)
{
    worker_process_signal(&decoder->process, signal);
}

static int send_key(struct decoder *decoder, const struct ring_key *key)
{
    const int parts[] = {key->lock, key->control, key->frames, key->hub};
    int error = 0;
    for (int i = 0; i < (int)(sizeof parts / sizeof *parts) && !error; i++) {
        const struct worker_message_header header = {.type = WORKER_KEY, .value = i};
        error = worker_message_send(decoder->process.control, header, NULL, 0, parts[i], false);
    }
    return error;
}

int decoder_give_ring(struct decoder *decoder, const char *ring)
{
    struct ring_key key;
    int error = ring_key_make(&key, ring);
    if (error)
        return error;
    error = send_key(decoder, &key);
    ring_key_drop(&key);
    return error;
}

int decoder_start(struct decoder *decoder)
{
    struct worker_message_header header = {.type = WORKER_START};
    return worker_message_send(decoder->process.control, header, NULL, 0, -1, false);
}

int decoder_stop(struct decoder *decoder)
{
    struct worker_message_header header = {.type = WORKER_STOP};
    return worker_message_send(decoder->process.control, header, NULL, 0, -1, false);
}

int decoder_ping(struct decoder *decoder)
{
    const struct worker_message_header header = {.type = WORKER_PING};
    const struct worker_ping ping = {0};
    return worker_message_send(decoder->process.control, header, &ping, sizeof ping, -1, false);
}

int decoder_receive(struct decoder *decoder, struct worker_message *message)
{
    int descriptor;
    int error = worker_message_receive(decoder->process.control, message, &descriptor);
    if (descriptor >= 0)
        close(descriptor);
    return error == -EMFILE ? 0 : error; /* none is expected of it */
}

void decoder_destroy(struct decoder **pointer, int *status)
{
    struct decoder *decoder = pointer ? *pointer : NULL;
    if (!decoder)
        return;
    if (decoder->config && decoder->theirs >= 0)
        close(decoder->theirs);
    worker_process_end(&decoder->process, status);
    free(decoder);
    *pointer = NULL;
}
