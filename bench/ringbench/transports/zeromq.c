/*
 * ZeroMQ over ipc: a PUSH and a PULL socket for each reader, its pattern that never
 * drops. The message is shared between the sockets, not copied.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

struct endpoints {
    unsigned count;
    char path[BENCH_READERS_MAX][64];
};

struct end {
    void *context;
    void *sockets[BENCH_READERS_MAX]; /* a reader has one */
    unsigned count;
    size_t size;
    zmq_msg_t message;
};

static int create(void **shared, const struct bench_setup *setup)
{
    struct endpoints *endpoints = malloc(sizeof *endpoints);
    if (!endpoints)
        return -ENOMEM;
    endpoints->count = setup->readers;
    for (unsigned i = 0; i < setup->readers; i++)
        snprintf(endpoints->path[i], sizeof endpoints->path[i], "ipc:///tmp/%s.%u", setup->name, i);
    *shared = endpoints;
    return 0;
}

static void destroy(void *shared)
{
    struct endpoints *endpoints = shared;
    for (unsigned i = 0; i < endpoints->count; i++)
        unlink(endpoints->path[i] + sizeof "ipc://" - 1);
    free(endpoints);
}

static int open_end(struct end **out, const struct bench_setup *setup)
{
    struct end *end = calloc(1, sizeof *end);
    if (!end)
        return -ENOMEM;
    end->size = setup->size;
    end->context = zmq_ctx_new();
    *out = end;
    return end->context ? 0 : -errno;
}

static int add_socket(struct end *end, int type, int limit_option, unsigned limit)
{
    void *socket = zmq_socket(end->context, type);
    if (!socket)
        return -errno;
    end->sockets[end->count++] = socket;
    int messages = (int)limit;
    return zmq_setsockopt(socket, limit_option, &messages, sizeof messages) < 0 ? -errno : 0;
}

static int open_writer(void **out, void *shared, const struct bench_setup *setup)
{
    const struct endpoints *endpoints = shared;
    struct end *end = NULL;
    int error = open_end(&end, setup);
    *out = end;
    for (unsigned i = 0; i < setup->readers && !error; i++) {
        error = add_socket(end, ZMQ_PUSH, ZMQ_SNDHWM, setup->slots);
        if (!error && zmq_bind(end->sockets[i], endpoints->path[i]) < 0)
            error = -errno;
    }
    return error;
}

static int loan(void *handle, void **data)
{
    struct end *end = handle;
    if (zmq_msg_init_size(&end->message, end->size) < 0)
        return -errno;
    *data = zmq_msg_data(&end->message);
    return 0;
}

static int publish(void *handle)
{
    struct end *end = handle;
    for (unsigned i = 1; i < end->count; i++) {
        zmq_msg_t copy;
        zmq_msg_init(&copy);
        zmq_msg_copy(&copy, &end->message);
        if (zmq_msg_send(&copy, end->sockets[i], 0) < 0)
            return -errno;
    }
    return zmq_msg_send(&end->message, end->sockets[0], 0) < 0 ? -errno : 0;
}

static void close_end(void *handle)
{
    struct end *end = handle;
    for (unsigned i = 0; i < end->count; i++)
        zmq_close(end->sockets[i]);
    zmq_ctx_term(end->context);
    free(end);
}

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    const struct endpoints *endpoints = shared;
    struct end *end = NULL;
    int error = open_end(&end, setup);
    *out = end;
    if (!error)
        error = add_socket(end, ZMQ_PULL, ZMQ_RCVHWM, setup->slots);
    if (!error && zmq_connect(end->sockets[0], endpoints->path[index]) < 0)
        error = -errno;
    return error;
}

static int receive(void *handle, const void **data)
{
    struct end *end = handle;
    zmq_msg_init(&end->message);
    if (zmq_msg_recv(&end->message, end->sockets[0], 0) < 0)
        return -errno;
    *data = zmq_msg_data(&end->message);
    return zmq_msg_size(&end->message) == end->size ? 0 : -EBADMSG;
}

static void release(void *handle)
{
    struct end *end = handle;
    zmq_msg_close(&end->message);
}

const struct bench_transport bench_zeromq = {
    .name = "zeromq",
    .summary = "ZeroMQ over ipc, PUSH and PULL for each reader",
    .kind = BENCH_PEER,
    .create = create,
    .destroy = destroy,
    .open_writer = open_writer,
    .loan = loan,
    .publish = publish,
    .close_writer = close_end,
    .open_reader = open_reader,
    .receive = receive,
    .release = release,
    .close_reader = close_end,
};
