#include "workers/src/member.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/memory.h"
#include "workers/src/death.h"
#include "workers/src/event.h"
#include "workers/src/supervisor.h"
#include "workers/src/watch.h"
#include "workers/src/worker.h"

#define SECOND_NS INT64_C(1000000000)
#define LEAVE_NS (2 * SECOND_NS) /* from a closed socket to the process's end */

static const struct worker_config *config_of(const struct supervisor *supervisor, unsigned index)
{
    return &supervisor->config.workers[index];
}

/* -- events ---------------------------------------------------------------------------------- */

/* Tells of a change in a worker's life. Takes the reference `more` (may be NULL). */
static void tell(struct supervisor *supervisor, unsigned index, const char *state, json_t *more)
{
    const struct worker_config *config = config_of(supervisor, index);
    json_t *event = event_begin("worker", NULL);
    json_t *fields =
        json_pack("{s:s, s:i, s:i, s:s}", "worker", config->class_->name, "index",
                  (int)config->index, "pid", (int)supervisor->members[index].pid, "state", state);
    if (event && fields) {
        json_object_update(event, fields);
        json_object_update(event, more);
    }
    json_decref(fields);
    json_decref(more);
    char *line = event_finish(event);
    if (line)
        supervisor->config.event(supervisor->config.user, line);
    free(line);
}

/* -- life and death -------------------------------------------------------------------------- */

static int spawn(struct supervisor *supervisor, struct member *member,
                 const struct worker_config *config)
{
    words_close(&member->words);
    if (supervisor->config.in_process)
        return worker_spawn_inline(&member->worker, config, supervisor_turn, supervisor);
    int error = words_open(&member->words);
    if (!error)
        error = worker_spawn_to(&member->worker, config, member->words.theirs);
    words_begin(&member->words);
    return error;
}

int member_spawn(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    const struct worker_config *config = config_of(supervisor, index);
    int error = spawn(supervisor, member, config);
    if (error)
        return error;
    member->pid = worker_pid(member->worker);
    member->restart_ns = 0;
    pulse_begin(&member->pulse, supervisor->config.in_process ? 0 : config->hang_timeout);
    return watch_worker(supervisor, index);
}

void member_said(struct member *member, const struct worker_message *message)
{
    if (message->header.type == WORKER_LOG)
        words_keep(&member->words, message->text);
}

struct speaker {
    struct supervisor *supervisor;
    unsigned index;
};

static void log_words(void *user, const char *line)
{
    const struct speaker *speaker = user;
    const struct worker_config *config = config_of(speaker->supervisor, speaker->index);
    supervisor_log(speaker->supervisor, WORKER_WARNING, NULL, "worker %s#%u: %s",
                   config->class_->name, config->index, line);
}

void member_listen(struct supervisor *supervisor, unsigned index)
{
    struct speaker speaker = {supervisor, index};
    words_read(&supervisor->members[index].words, log_words, &speaker);
}

static void mourn(struct supervisor *supervisor, unsigned index, int status)
{
    struct member *member = &supervisor->members[index];
    const struct worker_config *config = config_of(supervisor, index);
    const int64_t now = worker_now_ns();
    struct death death = {.status = status, .delay_ns = RESTART_NEVER, .words = &member->words};
    char how[512];
    if (!supervisor->stopped && !member->stopping && config->restarts > 0) {
        death.delay_ns = restart_after(&member->restart, config->restarts, now);
        death.given_up = death.delay_ns < 0;
    }
    member->restart_ns = death.delay_ns < 0 ? 0 : now + death.delay_ns;
    death_describe(&death, how, sizeof how);
    supervisor_log(supervisor, WORKER_ERROR, NULL, "worker %s#%u (pid %d) %s", config->class_->name,
                   config->index, (int)member->pid, how);
    tell(supervisor, index, death.delay_ns < 0 ? "gone" : "died", death_to_json(&death));
    supervisor_worsen(supervisor, SUPERVISOR_FAILED);
}

void member_hung_up(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    if (worker_pidfd(member->worker) < 0) { /* in this process that is all there is to see */
        member_gone(supervisor, index);
        return;
    }
    watch_no_more(supervisor, worker_fd(member->worker));
    pulse_condemn(&member->pulse, LEAVE_NS);
}

void member_gone(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    int status;
    struct speaker speaker = {supervisor, index};
    worker_destroy(&member->worker, &status);
    words_finish(&member->words, log_words, &speaker);
    pulse_end(&member->pulse);
    if (!member->stopping || status != 0)
        mourn(supervisor, index, status);
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        camera_worker_died(supervisor->cameras[i], index);
}

void member_measure(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    if (member->measured || !supervisor->config.verbose || !member->worker)
        return;
    member->measured = true;
    const int64_t bytes = worker_memory(member->pid);
    if (bytes >= 0)
        supervisor_log(supervisor, WORKER_DEBUG, NULL,
                       "worker %s#%u (pid %d) takes %.2f MiB beside the frames (PSS)",
                       config_of(supervisor, index)->class_->name,
                       config_of(supervisor, index)->index, (int)member->pid,
                       (double)bytes / (1 << 20));
}

bool member_is_left(const struct member *member)
{
    return member->worker || member->restart_ns;
}

static void start_again(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    member->restart_ns = 0;
    int error = member_spawn(supervisor, index);
    if (error) {
        supervisor_log(supervisor, WORKER_ERROR, NULL, "worker %s#%u cannot be started again: %s",
                       config_of(supervisor, index)->class_->name,
                       config_of(supervisor, index)->index, strerror(-error));
        worker_destroy(&member->worker, NULL);
        return;
    }
    tell(supervisor, index, "started", NULL);
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        camera_worker_back(supervisor->cameras[i], index);
}

/* -- hanging --------------------------------------------------------------------------------- */

static void abort_it(struct supervisor *supervisor, unsigned index)
{
    const struct member *member = &supervisor->members[index];
    const struct worker_config *config = config_of(supervisor, index);
    supervisor_log(supervisor, WORKER_ERROR, NULL,
                   "worker %s#%u (pid %d) gave no sign of life for %g s: it is killed",
                   config->class_->name, config->index, (int)member->pid, config->hang_timeout);
    tell(supervisor, index, "hung", NULL);
    worker_process_signal(&member->worker->process, SIGABRT);
}

static void check(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    switch (pulse_check(&member->pulse, worker_fd(member->worker))) {
    case PULSE_ASK:
        worker_ping_send(member->worker);
        break;
    case PULSE_ABORT:
        abort_it(supervisor, index);
        break;
    case PULSE_KILL:
        worker_process_signal(&member->worker->process, SIGKILL);
    }
}

int64_t member_due(const struct member *member)
{
    if (member->worker)
        return member->stopping ? INT64_MAX : pulse_due(&member->pulse);
    return member->restart_ns ? member->restart_ns : INT64_MAX;
}

void member_tick(struct supervisor *supervisor, unsigned index, int64_t now_ns)
{
    struct member *member = &supervisor->members[index];
    if (member_due(member) > now_ns)
        return;
    if (member->worker)
        check(supervisor, index);
    else
        start_again(supervisor, index);
}
