#include "workers/src/feed.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "workers/src/death.h"
#include "workers/src/event.h"
#include "workers/src/supervisor.h"
#include "workers/src/watch.h"
#include "workers/src/worker.h"

/* -- what is to be told ---------------------------------------------------------------------- */

/* Takes the reference `more` (may be NULL). */
static void tell(struct camera *camera, const char *state, json_t *more)
{
    const struct supervisor_config *config = &camera->supervisor->config;
    json_t *event = event_begin("decoder", camera->name);
    json_t *fields = json_pack("{s:i, s:s}", "pid", (int)camera->pid, "state", state);
    if (event && fields) {
        json_object_update(event, fields);
        json_object_update(event, more);
    }
    json_decref(fields);
    json_decref(more);
    char *line = event_finish(event);
    if (line)
        config->event(config->user, line);
    free(line);
}

/* What a decoder prints comes from libraries; what it has to say itself are messages. */
static void log_words(void *user, const char *line)
{
    const struct camera *camera = user;
    supervisor_log(camera->supervisor, WORKER_WARNING, camera->name, "its decoder: %s", line);
}

void feed_listen(struct camera *camera)
{
    words_read(&camera->words, log_words, camera);
}

/* -- life ------------------------------------------------------------------------------------ */

static int spawn(struct camera *camera)
{
    struct decoder_config *config = &camera->decoder_config;
    camera->waits = camera->has_key = false;
    if (camera->supervisor->config.in_process)
        return decoder_spawn_inline(&camera->decoder, camera->number, config);
    int error = words_open(&camera->words);
    config->err = camera->words.theirs;
    if (!error)
        error = decoder_spawn(&camera->decoder, camera->number, config);
    words_begin(&camera->words);
    return error;
}

static int start(struct camera *camera)
{
    const struct supervisor_config *config = &camera->supervisor->config;
    int error = spawn(camera);
    if (error)
        return error;
    camera->pid = decoder_pid(camera->decoder);
    pulse_begin(&camera->pulse, config->in_process ? 0 : camera->wanted.hang_timeout);
    return watch_decoder(camera);
}

/* Decoders share the processors that there are. */
static unsigned decoder_threads(const struct supervisor *supervisor, unsigned wanted)
{
    const struct supervisor_config *config = &supervisor->config;
    const unsigned cameras = supervisor->camera_count > config->camera_count
                                 ? supervisor->camera_count
                                 : config->camera_count;
    if (config->in_process || wanted)
        return config->in_process ? 1 : wanted;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long threads = processors / (long)cameras;
    return threads < 1 ? 1 : threads > 16 ? 16 : (unsigned)threads;
}

/* What the user says, or else what the workers ask for. */
static void set_rates(struct camera *camera)
{
    const struct supervisor *supervisor = camera->supervisor;
    struct decoder_config *config = &camera->decoder_config;
    const bool asks_workers = camera->wanted.max_fps < 0;
    config->rates = asks_workers ? supervisor->rates : &camera->wanted.max_fps;
    config->rate_count = asks_workers ? supervisor->rate_count : camera->wanted.max_fps > 0;
}

int feed_begin(struct camera *camera)
{
    struct supervisor *supervisor = camera->supervisor;
    const struct supervisor_config *config = &supervisor->config;
    const struct supervisor_camera *wanted = &camera->wanted;
    camera->decoder_config = (struct decoder_config){
        .name = camera->name,
        .input = camera->input,
        .pace = wanted->pace,
        .plays = wanted->plays,
        .threads = decoder_threads(supervisor, wanted->threads),
        .verbose = config->verbose,
        .no_sandbox = wanted->no_sandbox,
        .stall_ns = (int64_t)(wanted->stall_timeout * 1e9),
        .frames = wanted->frames,
        .on_demand = wanted->on_demand,
        .pass_corrupt = wanted->corrupt == SUPERVISOR_PASS,
        .host = config->in_process ? supervisor_turn : NULL,
        .user = supervisor,
    };
    set_rates(camera);
    return start(camera);
}

/* -- death ----------------------------------------------------------------------------------- */

static enum decoder_again again(const struct camera *camera)
{
    return decoder_again(&camera->decoder_config, camera->stream.duration_ns);
}

/* Where the next one is to continue. */
static void remember(struct camera *camera)
{
    struct ring_info info;
    camera->active_before_ns = camera->progress.active_ns;
    if (camera->ring && again(camera) == DECODER_SAME && ring_inspect(camera->ring, &info) == 0)
        camera->decoder_config.resume = info.published;
}

static void mourn(struct camera *camera, int status)
{
    struct supervisor *supervisor = camera->supervisor;
    const int restarts = camera->wanted.restarts;
    const int64_t now = worker_now_ns();
    struct death death = {.status = status, .delay_ns = RESTART_NEVER, .words = &camera->words};
    char how[512];
    if (restarts > 0 && camera->outcome != WORKER_FAILED && again(camera) != DECODER_NONE) {
        death.delay_ns = restart_after(&camera->restart, restarts, now);
        death.given_up = death.delay_ns < 0;
    }
    death_describe(&death, how, sizeof how);
    supervisor_log(supervisor, WORKER_ERROR, camera->name, "its decoder %s", how);
    tell(camera, death.delay_ns < 0 ? "gone" : "died", death_to_json(&death));
    supervisor_worsen(supervisor, SUPERVISOR_FAILED);
    if (death.delay_ns < 0) {
        camera_decoder_done(camera, WORKER_FAILED);
        return;
    }
    camera->restart_ns = now + death.delay_ns;
    remember(camera);
}

void feed_gone(struct camera *camera)
{
    int status;
    decoder_destroy(&camera->decoder, &status);
    words_finish(&camera->words, log_words, camera);
    pulse_end(&camera->pulse);
    camera->waits = false;
    if (camera->done)
        return;
    if (camera->supervisor->stopped ||
        camera->leave_ns) /* it was waiting for its input, and not for us */
        camera_decoder_done(camera, WORKER_STOPPED);
    else
        mourn(camera, status);
}

void feed_stop(struct camera *camera)
{
    if (camera->decoder)
        decoder_stop(camera->decoder);
    if (!camera->restart_ns)
        return;
    camera->restart_ns = 0;
    camera_decoder_done(camera, WORKER_STOPPED);
}

/* -- hanging --------------------------------------------------------------------------------- */

static void abort_it(struct camera *camera)
{
    supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                   "its decoder gave no sign of life for %g s: it is killed",
                   camera->wanted.hang_timeout);
    tell(camera, "hung", NULL);
    decoder_signal(camera->decoder, SIGABRT);
}

static void check(struct camera *camera)
{
    switch (pulse_check(&camera->pulse, decoder_fd(camera->decoder))) {
    case PULSE_ASK:
        decoder_ping(camera->decoder);
        break;
    case PULSE_ABORT:
        abort_it(camera);
        break;
    case PULSE_KILL:
        decoder_signal(camera->decoder, SIGKILL);
    }
}

/* It was told to go, and has had its time. */
static void kill_it(struct camera *camera)
{
    camera->leave_ns = INT64_MAX;
    decoder_signal(camera->decoder, SIGKILL);
}

/* -- time ------------------------------------------------------------------------------------ */

static void start_again(struct camera *camera)
{
    camera->restart_ns = 0;
    int error = start(camera);
    if (!error) {
        tell(camera, "started", NULL);
        return;
    }
    decoder_destroy(&camera->decoder, NULL);
    supervisor_log(camera->supervisor, WORKER_ERROR, camera->name,
                   "its decoder cannot be started again: %s", strerror(-error));
    camera_decoder_done(camera, WORKER_FAILED);
}

int64_t feed_due(const struct camera *camera)
{
    const int64_t pulse = pulse_due(&camera->pulse);
    if (camera->decoder)
        return camera->leave_ns && camera->leave_ns < pulse ? camera->leave_ns : pulse;
    return camera->restart_ns ? camera->restart_ns : INT64_MAX;
}

void feed_tick(struct camera *camera, int64_t now_ns)
{
    if (feed_due(camera) > now_ns)
        return;
    if (camera->decoder && camera->leave_ns && camera->leave_ns <= now_ns)
        kill_it(camera);
    else if (camera->decoder)
        check(camera);
    else
        start_again(camera);
}
