/* What the supervisor's processes tell it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "workers/src/event.h"
#include "workers/src/supervisor.h"

#define MESSAGES_PER_TURN 64

static void take_progress(struct camera *camera, const struct worker_progress *progress)
{
    camera->progress = *progress;
    camera->progress.active_ns += camera->active_before_ns;
}

static void tell_state(struct camera *camera, const struct worker_message *message)
{
    static const char *const names[] = {"online", "stalled", "offline", "ended", "idle"};
    struct supervisor *supervisor = camera->supervisor;
    const unsigned state = (unsigned)message->header.value;
    if (state >= sizeof names / sizeof *names)
        return;
    json_t *event = event_begin("camera", camera->name);
    json_object_set_new(event, "state", json_string(names[state]));
    const bool connected = state == WORKER_CAMERA_ONLINE || state == WORKER_CAMERA_IDLE;
    camera->connections += connected && !camera->connected;
    camera->connected = connected;
    if (connected)
        json_object_set_new(event, "connection", json_integer(camera->connections));
    if (*message->text)
        json_object_set_new(event, "reason", json_string(message->text));
    char *line = event_finish(event);
    if (line)
        supervisor->config.event(supervisor->config.user, line);
    free(line);
    if (*message->text)
        supervisor_log(supervisor, WORKER_WARNING, camera->name, "%s: %s; trying again",
                       names[state], message->text);
}

static void handle_decoder_message(struct camera *camera, const struct worker_message *message)
{
    struct supervisor *supervisor = camera->supervisor;
    switch (message->header.type) {
    case WORKER_PONG:
        break;
    case WORKER_LOG:
        supervisor_log(supervisor, (enum worker_log_level)message->header.value, camera->name, "%s",
                       message->text);
        break;
    case WORKER_STATE:
        tell_state(camera, message);
        break;
    case WORKER_STREAM:
        camera_stream(camera, &message->stream);
        break;
    case WORKER_PROGRESS:
        take_progress(camera, &message->progress);
        break;
    case WORKER_DONE:
        take_progress(camera, &message->progress);
        camera_decoder_done(camera, message->header.value < WORKER_COMPLETE ||
                                            message->header.value > WORKER_FAILED
                                        ? WORKER_FAILED
                                        : (enum worker_outcome)message->header.value);
        break;
    default:
        supervisor_log(supervisor, WORKER_WARNING, camera->name,
                       "its decoder sent a message of unknown type %u", message->header.type);
    }
}

static void seat_left(struct camera *camera, unsigned index, const struct worker_message *message)
{
    struct supervisor *supervisor = camera->supervisor;
    const struct worker_config *config = &supervisor->config.workers[index];
    if (message->header.value != 0) {
        supervisor_log(supervisor, WORKER_ERROR, camera->name, "worker %s#%u gave up: %s",
                       config->class_->name, config->index, strerror(-message->header.value));
        supervisor_worsen(supervisor, SUPERVISOR_FAILED);
    }
    camera_seat_left(camera, index, &message->counts);
}

/* What a worker says of a camera; -ENOENT when there is none of that number. */
static int handle_seat_message(struct supervisor *supervisor, unsigned index,
                               const struct worker_message *message)
{
    if (message->header.camera >= supervisor->camera_count)
        return -ENOENT;
    struct camera *camera = supervisor->cameras[message->header.camera];
    member_measure(supervisor, index);
    if (message->header.type == WORKER_ACTIVATED)
        camera_seat_taken(camera, index, message->header.value);
    else
        seat_left(camera, index, message);
    return 0;
}

static void log_of_worker(struct supervisor *supervisor, unsigned index,
                          const struct worker_message *message)
{
    const struct worker_config *config = &supervisor->config.workers[index];
    enum worker_log_level level = (enum worker_log_level)message->header.value;
    if (message->header.type == WORKER_REFUSED)
        level = WORKER_WARNING;
    if (message->header.camera < supervisor->camera_count)
        supervisor_log(supervisor, level, supervisor->cameras[message->header.camera]->name, "%s",
                       message->text);
    else
        supervisor_log(supervisor, level, NULL, "worker %s#%u: %s", config->class_->name,
                       config->index, message->text);
}

/* Of a camera to which it was to attach, or it is only told. */
static void take_refusal(struct supervisor *supervisor, unsigned index,
                         const struct worker_message *message)
{
    const unsigned camera = message->header.camera;
    if (camera >= supervisor->camera_count ||
        !camera_seat_refused(supervisor->cameras[camera], index, message->text))
        log_of_worker(supervisor, index, message);
}

static void handle_worker_message(struct supervisor *supervisor, unsigned index,
                                  const struct worker_message *message)
{
    int error = 0;
    switch (message->header.type) {
    case WORKER_EVENT:
        supervisor->config.event(supervisor->config.user, message->text);
        break;
    case WORKER_LOG:
        log_of_worker(supervisor, index, message);
        break;
    case WORKER_REFUSED:
        take_refusal(supervisor, index, message);
        break;
    case WORKER_ACTIVATED:
    case WORKER_DEACTIVATED:
        error = handle_seat_message(supervisor, index, message);
        break;
    case WORKER_PONG:
        break;
    case WORKER_PING:
        error = worker_message_answer(worker_fd(supervisor->members[index].worker), message, false);
        break;
    default:
        error = -ENOTSUP;
    }
    if (error)
        worker_refuse(supervisor->members[index].worker, message, error);
}

void mail_from_decoder(struct camera *camera)
{
    struct worker_message *message = &camera->supervisor->message;
    int error = 0;
    feed_listen(camera);
    for (int i = 0; i < MESSAGES_PER_TURN && camera->decoder && !error; i++) {
        error = decoder_receive(camera->decoder, message);
        if (error == -EAGAIN)
            break;
        pulse_heard(&camera->pulse);
        if (error)
            feed_gone(camera);
        else
            handle_decoder_message(camera, message);
    }
}

static bool has_ended(const struct worker *worker)
{
    struct pollfd end = {.fd = worker_pidfd(worker), .events = POLLIN};
    return poll(&end, 1, 0) > 0;
}

/* What it sent before its end comes first: so whether it has ended is looked at before
 * its socket. That may close earlier, and, held by a child of its own, later. */
void mail_from_worker(struct supervisor *supervisor, unsigned index)
{
    struct member *member = &supervisor->members[index];
    if (!member->worker)
        return;
    const bool ended = has_ended(member->worker);
    int error = 0;
    member_listen(supervisor, index);
    for (int i = 0; i < MESSAGES_PER_TURN && !error; i++) {
        error = worker_recv(member->worker, &supervisor->message, NULL);
        if (!error || error == -EPROTO)
            pulse_heard(&member->pulse);
        if (!error) {
            member_said(member, &supervisor->message);
            handle_worker_message(supervisor, index, &supervisor->message);
        } else if (error == -EPROTO) {
            error = worker_refuse(member->worker, &supervisor->message, error);
        }
    }
    if (error && ended)
        member_gone(supervisor, index);
    else if (error && error != -EAGAIN)
        member_hung_up(supervisor, index);
}
