#include "workers/front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/back.h"
#include "workers/src/process.h"

struct worker {
    struct worker_process process;
    struct worker_config config;
};

static int run__(const void *argument, int control)
{
    return worker_main__(argument, control);
}

static int copy_options(struct worker_config *config)
{
    size_t size = config->class_->state_size;
    void *copy = malloc(size ? size : 1);
    if (!copy)
        return -ENOMEM;
    if (size)
        memcpy(copy, config->options, size);
    config->options = copy;
    return 0;
}

int worker_spawn(struct worker **out, const struct worker_config *config)
{
    *out = NULL;
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return -ENOMEM;
    worker->config = *config;
    int error = copy_options(&worker->config);
    if (error) {
        free(worker);
        return error;
    }
    error = worker_process_spawn(&worker->process, run__, &worker->config);
    if (error) {
        free((void *)worker->config.options);
        free(worker);
        return error;
    }
    *out = worker;
    return 0;
}

int worker_fd(const struct worker *worker)
{
    return worker->process.control;
}

pid_t worker_pid(const struct worker *worker)
{
    return worker->process.pid;
}

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

int worker_recv(struct worker *worker, struct worker_message *message, int *descriptor)
{
    int came;
    int error = worker_message_receive(worker->process.control, message, &came);
    if (descriptor)
        *descriptor = came;
    else if (came >= 0)
        close(came);
    return error;
}

int worker_send(struct worker *worker, unsigned type, unsigned camera, const void *payload,
                size_t size, int descriptor)
{
    if (type < WORKER_USER || type > UINT16_MAX)
        return -EINVAL;
    struct worker_message_header header = {.type = (uint16_t)type, .camera = camera};
    return worker_message_send(worker->process.control, header, payload, size, descriptor, false);
}

int worker_deactivate(struct worker *worker, unsigned camera)
{
    struct worker_message_header header = {.type = WORKER_DEACTIVATE, .camera = camera};
    return worker_message_send(worker->process.control, header, NULL, 0, -1, false);
}

int worker_refuse(struct worker *worker, const struct worker_message *message, int error)
{
    int sent = worker_message_refuse(worker->process.control, message, error, false);
    return sent == -EAGAIN ? 0 : sent;
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
    worker_process_end(&worker->process, status);
    free((void *)worker->config.options);
    free(worker);
    *pointer = NULL;
}
