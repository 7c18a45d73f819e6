#include "workers/front.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "workers/group.h"
#include "workers/src/birth.h"
#include "workers/src/group.h"
#include "workers/src/worker.h"

int64_t worker_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* -- life ------------------------------------------------------------------------------------ */

static void free_worker(struct worker *worker)
{
    while (worker->kept) {
        struct kept_message *kept = worker->kept;
        worker->kept = kept->next;
        if (kept->descriptor >= 0)
            close(kept->descriptor);
        free(kept);
    }
    worker_config_free(&worker->config);
    free(worker);
}

static int create_worker(struct worker **out, const struct worker_config *config)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return -ENOMEM;
    worker->kept_end = &worker->kept;
    int error = worker_config_copy(&worker->config, config);
    if (error)
        free(worker);
    else
        *out = worker;
    return error;
}

int worker_spawn_to(struct worker **out, const struct worker_config *config, int err)
{
    *out = NULL;
    struct worker *worker;
    int error = create_worker(&worker, config);
    if (error)
        return error;
    worker->err = err;
    error = birth_of(worker);
    if (error)
        free_worker(worker);
    else
        *out = worker;
    return error;
}

int worker_spawn(struct worker **out, const struct worker_config *config)
{
    return worker_spawn_to(out, config, 0);
}

int worker_spawn_inline(struct worker **out, const struct worker_config *config,
                        void (*wait)(void *user), void *user)
{
    *out = NULL;
    struct worker *worker;
    int error = create_worker(&worker, config);
    if (error)
        return error;
    error = birth_inline(worker, wait, user);
    if (error)
        free_worker(worker);
    else
        *out = worker;
    return error;
}

int worker_run_inline(struct worker *worker)
{
    return birth_run(worker);
}

int worker_stop(struct worker *worker)
{
    struct worker_message_header header = {.type = WORKER_STOP};
    return worker_message_send(worker->process.control, header, NULL, 0, -1, false);
}

int worker_join(struct worker *worker, int64_t timeout_ns, int *status)
{
    return worker_process_join(&worker->process, timeout_ns, status);
}

void worker_destroy(struct worker **pointer, int *status)
{
    struct worker *worker = pointer ? *pointer : NULL;
    if (!worker)
        return;
    if (worker->group)
        worker_group_remove(worker->group, worker);
    if (worker->back) /* nobody listens to its last words */
        shutdown(worker->process.control, SHUT_RDWR);
    birth_undo(worker);
    worker_process_end(&worker->process, status);
    free_worker(worker);
    *pointer = NULL;
}

/* -- cameras --------------------------------------------------------------------------------- */

int worker_activate(struct worker *worker, unsigned camera, const char *camera_name,
                    const char *ring)
{
    struct worker_activate activate = {.policy = (uint32_t)worker->config.policy};
    snprintf(activate.ring, sizeof activate.ring, "%s", ring);
    snprintf(activate.camera, sizeof activate.camera, "%s", camera_name);
    struct worker_message_header header = {.type = WORKER_ACTIVATE, .camera = camera};
    return worker_message_send(worker->process.control, header, &activate, sizeof activate, -1,
                               false);
}

int worker_deactivate(struct worker *worker, unsigned camera)
{
    struct worker_message_header header = {.type = WORKER_DEACTIVATE, .camera = camera};
    return worker_message_send(worker->process.control, header, NULL, 0, -1, false);
}

/* -- messages -------------------------------------------------------------------------------- */

int worker_fd(const struct worker *worker)
{
    return worker->process.control;
}

int worker_pidfd(const struct worker *worker)
{
    return worker->process.pidfd;
}

pid_t worker_pid(const struct worker *worker)
{
    return worker->process.pid;
}

int worker_send(struct worker *worker, unsigned type, unsigned camera, const void *payload,
                size_t size, int descriptor)
{
    if (type < WORKER_USER || type > UINT16_MAX)
        return -EINVAL;
    struct worker_message_header header = {.type = (uint16_t)type, .camera = camera};
    return worker_message_send(worker->process.control, header, payload, size, descriptor, false);
}

static void take_kept(struct worker *worker, struct worker_message *message, int *descriptor)
{
    struct kept_message *kept = worker->kept;
    memcpy(message, &kept->message, sizeof message->header + kept->message.header.size);
    *descriptor = kept->descriptor;
    worker->kept = kept->next;
    if (!worker->kept)
        worker->kept_end = &worker->kept;
    free(kept);
}

int worker_recv(struct worker *worker, struct worker_message *message, int *descriptor)
{
    int came, error = 0;
    if (worker->kept)
        take_kept(worker, message, &came);
    else
        error = worker_message_receive(worker->process.control, message, &came);
    if (descriptor)
        *descriptor = came;
    else if (came >= 0)
        close(came);
    return !descriptor && error == -EMFILE ? 0 : error;
}

int worker_refuse(struct worker *worker, const struct worker_message *message, int error)
{
    int sent = worker_message_refuse(worker->process.control, message, error, false);
    return sent == -EAGAIN ? 0 : sent;
}

/* -- pings ----------------------------------------------------------------------------------- */

static int keep(struct worker *worker, const struct worker_message *message, int descriptor)
{
    const size_t size = sizeof message->header + message->header.size;
    struct kept_message *kept = malloc(offsetof(struct kept_message, message) + size);
    if (!kept)
        return -ENOMEM;
    kept->next = NULL;
    kept->descriptor = descriptor;
    memcpy(&kept->message, message, size);
    *worker->kept_end = kept;
    worker->kept_end = &kept->next;
    return 0;
}

/* Waits for one message; 1: it was the answer. */
static int look_for_pong(struct worker *worker)
{
    struct worker_message message;
    int descriptor;
    int error = worker_message_await(worker->process.control, &message, &descriptor);
    const bool is_pong = !error && message.header.type == WORKER_PONG;
    if (!error && !is_pong)
        error = keep(worker, &message, descriptor);
    else if (error == -EPROTO || error == -EMFILE)
        error = worker_refuse(worker, &message, error);
    if ((error || is_pong) && descriptor >= 0)
        close(descriptor);
    return is_pong ? message.ping.id == worker->pings : error == -EINTR ? 0 : error;
}

static int send_ping(struct worker *worker, int64_t now_ns)
{
    const struct worker_message_header header = {.type = WORKER_PING, .camera = WORKER_NO_CAMERA};
    const struct worker_ping ping = {.id = ++worker->pings, .sent_ns = now_ns};
    return worker_message_send(worker->process.control, header, &ping, sizeof ping, -1, false);
}

int worker_ping_send(struct worker *worker)
{
    return send_ping(worker, worker_now_ns());
}

#define QUICK_NS INT64_C(10000000) /* longer than most pings take */

/* For how long a wait for a message sleeps. Kept by the socket, so that pings with one and the same
 * timeout are a system call cheaper than by poll. */
static int set_patience(struct worker *worker, int64_t ns)
{
    if (ns == worker->patience_ns)
        return 0;
    const int64_t us = ns / 1000 + 1; /* 0 would be for ever */
    const struct timeval time = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    if (setsockopt(worker->process.control, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) < 0)
        return -errno;
    worker->patience_ns = ns;
    return 0;
}

/* Sleeps until it says something, or has ended with all that it said heard: -EPIPE. The socket may
 * be open then, in a child of its own. */
static int await_sign(const struct worker *worker, int64_t ns)
{
    struct pollfd fds[] = {
        {.fd = worker->process.pidfd, .events = POLLIN}, /* before what it said */
        {.fd = worker->process.control, .events = POLLIN},
    };
    const struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    return ppoll(fds, 2, &time, NULL) > 0 && !fds[1].revents ? -EPIPE : 0;
}

/* First in one system call, which is all that a ping needs as a rule. */
static int await_pong(struct worker *worker, int64_t timeout_ns, int64_t until_ns)
{
    for (int64_t left = timeout_ns; left > 0; left = until_ns - worker_now_ns()) {
        int answered = set_patience(worker, left < QUICK_NS ? left : QUICK_NS);
        if (!answered)
            answered = look_for_pong(worker);
        if (answered == -EAGAIN && left > QUICK_NS)
            answered = await_sign(worker, left - QUICK_NS);
        if (answered && answered != -EAGAIN)
            return answered < 0 ? answered : 0;
    }
    return -ETIMEDOUT;
}

int worker_ping(struct worker *worker, int64_t timeout_ns, int64_t *round_trip_ns)
{
    const int64_t sent_ns = worker_now_ns();
    int64_t until_ns;
    if (__builtin_add_overflow(sent_ns, timeout_ns, &until_ns))
        until_ns = INT64_MAX;
    int error = send_ping(worker, sent_ns);
    if (!error)
        error = await_pong(worker, timeout_ns, until_ns);
    if (!error && round_trip_ns)
        *round_trip_ns = worker_now_ns() - sent_ns;
    if (worker->kept && worker->group)
        worker_group_has_kept(worker->group);
    return error;
}
