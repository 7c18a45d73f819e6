#include "workers/src/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "workers/src/asked.h"
#include "workers/src/watch.h"
#include "workers/src/worker.h"

#define STOP_NS INT64_C(5000000000)

void supervisor_log(struct supervisor *supervisor, enum worker_log_level level, const char *camera,
                    const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    supervisor->config.log(supervisor->config.user, level, camera, text);
}

void supervisor_worsen(struct supervisor *supervisor, enum supervisor_outcome outcome)
{
    if (outcome > supervisor->outcome)
        supervisor->outcome = outcome;
}

/* A line for each camera's ring, for programs; NULL when out of memory. */
static char *list_rings(const struct supervisor_config *config)
{
    char *text = NULL, name[RING_NAME_MAX + 1];
    size_t size;
    FILE *list = open_memstream(&text, &size);
    if (!list)
        return NULL;
    for (unsigned i = 0; i < config->camera_count; i++) {
        camera_ring_name(i, config->cameras[i].name, name);
        fprintf(list, "%s %s\n", name, config->cameras[i].name);
    }
    fclose(list);
    return text;
}

static int spawn_all(struct supervisor *supervisor)
{
    const struct supervisor_config *config = &supervisor->config;
    int error = watch_open(supervisor);
    for (unsigned i = 0; i < config->worker_count && !error && !config->dry_run; i++)
        error = member_spawn(supervisor, i);
    for (unsigned i = 0; i < config->camera_count && !error; i++)
        error = supervisor_add_camera(supervisor, &config->cameras[i]);
    watch_set_tick(supervisor);
    return error;
}

int supervisor_create(struct supervisor **out, const struct supervisor_config *config)
{
    *out = NULL;
    struct supervisor *supervisor = calloc(1, sizeof *supervisor);
    if (!supervisor)
        return -ENOMEM;
    supervisor->config = *config;
    if (supervisor->config.stop_ns <= 0)
        supervisor->config.stop_ns = STOP_NS;
    supervisor->epoll = supervisor->deadline = supervisor->tick = -1;
    struct worker_config *workers = calloc(config->worker_count + 1, sizeof *workers);
    supervisor->members = calloc(config->worker_count + 1, sizeof *supervisor->members);
    supervisor->config.workers = workers;
    int error = -ENOMEM;
    if (workers && supervisor->members) {
        memcpy(workers, config->workers, config->worker_count * sizeof *workers);
        supervisor->rings = list_rings(config);
        for (unsigned i = 0; i < config->worker_count; i++)
            workers[i].rings = supervisor->rings;
        supervisor->rate_count =
            asked_rates(config->workers, config->worker_count, supervisor->rates);
        error = spawn_all(supervisor);
    }
    if (error)
        supervisor_destroy(&supervisor);
    *out = supervisor;
    return error;
}

static void end_member(struct member *member)
{
    worker_destroy(&member->worker, NULL);
    words_close(&member->words);
}

void supervisor_destroy(struct supervisor **pointer)
{
    struct supervisor *supervisor = pointer ? *pointer : NULL;
    if (!supervisor)
        return;
    for (unsigned i = 0; supervisor->members && i < supervisor->config.worker_count; i++)
        end_member(&supervisor->members[i]);
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        camera_destroy(supervisor->cameras[i]);
    watch_close(supervisor);
    free(supervisor->cameras);
    free(supervisor->members);
    free((void *)supervisor->config.workers);
    free(supervisor->rings);
    free(supervisor);
    *pointer = NULL;
}

static void dispatch_ring(struct camera *camera)
{
    if (camera->ring) /* it may just have been left */
        ring_dispatch(camera->ring);
}

static bool all_ended(const struct supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        if (supervisor->cameras[i]->state != SUPERVISOR_ENDED)
            return false;
    return true;
}

static void stop_workers(struct supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->config.worker_count; i++) {
        struct member *member = &supervisor->members[i];
        member->restart_ns = 0;
        if (!member->worker || member->stopping)
            continue;
        member->stopping = true;
        worker_stop(member->worker);
        watch_set_deadline(supervisor);
    }
}

/* True when all that run have been told to stop, and have had their time. */
static bool kill_stopping_workers(struct supervisor *supervisor)
{
    bool killed = false;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++) {
        const struct member *member = &supervisor->members[i];
        if (!member->worker || !member->stopping)
            continue;
        worker_process_signal(&member->worker->process, SIGKILL);
        killed = true;
    }
    return killed;
}

/* First the decoders have to end, then the workers, who till then may take what is
 * left; those told to stop leave it. Killed ones are seen to be gone like any other
 * that dies. */
static void deadline_over(struct supervisor *supervisor)
{
    uint64_t count;
    if (read(supervisor->deadline, &count, sizeof count) < 0)
        return;
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        if (supervisor->cameras[i]->decoder)
            decoder_signal(supervisor->cameras[i]->decoder, SIGKILL);
    if (kill_stopping_workers(supervisor))
        supervisor_log(supervisor, WORKER_ERROR, NULL,
                       "workers that did not end within %g seconds are killed",
                       (double)supervisor->config.stop_ns / 1e9);
    else
        stop_workers(supervisor);
}

static bool workers_left(const struct supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->config.worker_count; i++)
        if (member_is_left(&supervisor->members[i]))
            return true;
    return false;
}

/* Those whose place has become free. */
static void begin_cameras(struct supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->camera_count; i++) {
        struct camera *camera = supervisor->cameras[i];
        if (!camera->before || camera->before->state != SUPERVISOR_ENDED || camera->before->decoder)
            continue;
        int error = camera_begin(camera);
        if (error)
            supervisor_log(supervisor, WORKER_ERROR, camera->name,
                           "its decoder cannot be started: %s", strerror(-error));
    }
}

static void tick(struct supervisor *supervisor)
{
    uint64_t count;
    if (read(supervisor->tick, &count, sizeof count) < 0)
        return;
    const int64_t now = worker_now_ns();
    supervisor->tick_ns = 0;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++)
        member_tick(supervisor, i, now);
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        feed_tick(supervisor->cameras[i], now);
}

void supervisor_dispatch(struct supervisor *supervisor)
{
    struct epoll_event events[64];
    int count = epoll_wait(supervisor->epoll, events, 64, 0);
    for (int i = 0; i < count; i++) {
        const struct source *source = events[i].data.ptr;
        if (source->kind == SOURCE_DECODER)
            mail_from_decoder(supervisor->cameras[source->index]);
        else if (source->kind == SOURCE_WORKER)
            mail_from_worker(supervisor, source->index);
        else if (source->kind == SOURCE_RING)
            dispatch_ring(supervisor->cameras[source->index]);
        else if (source->kind == SOURCE_DEADLINE)
            deadline_over(supervisor);
        else
            tick(supervisor);
    }
    begin_cameras(supervisor);
    watch_set_tick(supervisor);
    if (supervisor->config.in_process)
        inline_run_backs(supervisor);
    if (all_ended(supervisor)) {
        supervisor->ending = true;
        stop_workers(supervisor);
    } else if (supervisor->config.worker_count && !supervisor->config.dry_run &&
               !supervisor->stopped && !workers_left(supervisor)) {
        supervisor_log(supervisor, WORKER_ERROR, NULL, "no worker is left");
        supervisor_stop(supervisor);
    }
}

/* Not yet told to go. NULL: there is none of that name. */
static struct camera *find_camera(const struct supervisor *supervisor, const char *name)
{
    for (unsigned i = supervisor->camera_count; i-- > 0;) {
        struct camera *camera = supervisor->cameras[i];
        if (strcmp(camera->name, name) == 0 && camera->state != SUPERVISOR_ENDED)
            return camera;
    }
    return NULL;
}

int supervisor_add_camera(struct supervisor *supervisor, const struct supervisor_camera *wanted)
{
    if (supervisor->stopped || supervisor->ending)
        return -ESHUTDOWN;
    struct camera **cameras =
        reallocarray(supervisor->cameras, supervisor->camera_count + 1, sizeof(struct camera *));
    if (!cameras)
        return -ENOMEM;
    supervisor->cameras = cameras;
    struct camera *before = find_camera(supervisor, wanted->name);
    struct camera *camera = camera_create(supervisor, supervisor->camera_count, wanted);
    if (!camera)
        return -ENOMEM;
    cameras[supervisor->camera_count++] = camera;
    camera->before = before;
    int error = before ? 0 : camera_begin(camera);
    watch_set_tick(supervisor);
    return error;
}

int supervisor_remove_camera(struct supervisor *supervisor, const char *name)
{
    struct camera *camera = find_camera(supervisor, name);
    if (!camera || camera->leave_ns)
        return -ENOENT;
    camera->leave_ns = worker_now_ns() + supervisor->config.stop_ns;
    camera_stop(camera);
    watch_set_tick(supervisor);
    return 0;
}

bool supervisor_finished(const struct supervisor *supervisor)
{
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        if (supervisor->cameras[i]->decoder)
            return false;
    return all_ended(supervisor) && !workers_left(supervisor);
}

void supervisor_stop(struct supervisor *supervisor)
{
    if (supervisor->stopped)
        return;
    supervisor->stopped = true;
    watch_set_deadline(supervisor);
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        camera_stop(supervisor->cameras[i]);
    for (unsigned i = 0; i < supervisor->config.worker_count; i++)
        supervisor->members[i].restart_ns = 0;
}

enum supervisor_outcome supervisor_outcome(const struct supervisor *supervisor)
{
    return supervisor->outcome;
}

int supervisor_status(const struct supervisor *supervisor, unsigned index,
                      struct supervisor_status *status)
{
    if (index >= supervisor->camera_count)
        return -ENOENT;
    const struct camera *camera = supervisor->cameras[index];
    *status = (struct supervisor_status){
        .name = camera->name,
        .state = camera->state,
        .progress = camera->progress,
        .duration_ns = camera->stream.duration_ns,
    };
    struct ring_info info;
    if (camera->ring && ring_inspect(camera->ring, &info) != 0)
        return 0;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++) {
        status->skipped += camera->seats[i].counts.skipped;
        if (!camera->ring || camera->seats[i].state != SEAT_TAKEN)
            continue;
        const struct ring_reader_info *reader = &info.reader[camera->seats[i].place];
        status->skipped += reader->skipped;
        status->lag = reader->lag > status->lag ? reader->lag : status->lag;
    }
    return 0;
}
