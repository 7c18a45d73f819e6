/* A POSIX message queue to each reader, of ten messages as the system's default is. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/ringbench/transport.h"

#define QUEUE_MESSAGES 10

struct queues {
    size_t size;
    unsigned count;
    mqd_t queue[];
};

struct reader {
    mqd_t queue;
    size_t size;
    void *buffer;
};

static void destroy(void *shared)
{
    struct queues *queues = shared;
    for (unsigned i = 0; i < queues->count; i++)
        mq_close(queues->queue[i]);
    free(queues);
}

/* Nobody needs the name once both sides have it open. */
static int make_queue(mqd_t *queue, const struct bench_setup *setup, unsigned index)
{
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = QUEUE_MESSAGES, .mq_msgsize = (long)setup->size};
    snprintf(name, sizeof name, "/%s.%u", setup->name, index);
    *queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
    if (*queue < 0)
        return errno == EINVAL || errno == EMFILE || errno == ENOMEM ? -ENOTSUP : -errno;
    mq_unlink(name);
    return 0;
}

static int create(void **shared, const struct bench_setup *setup)
{
    /* A user's share of the kernel's memory for queues, as far as we may. */
    struct rlimit limit;
    getrlimit(RLIMIT_MSGQUEUE, &limit);
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    setrlimit(RLIMIT_MSGQUEUE, &limit);

    struct queues *queues = malloc(sizeof *queues + setup->readers * sizeof queues->queue[0]);
    if (!queues)
        return -ENOMEM;
    *queues = (struct queues){.size = setup->size};
    for (; queues->count < setup->readers; queues->count++) {
        int error = make_queue(&queues->queue[queues->count], setup, queues->count);
        if (error) {
            destroy(queues);
            return error;
        }
    }
    *shared = queues;
    return 0;
}

static int open_writer(void **writer, void *shared, const struct bench_setup *setup)
{
    (void)setup;
    *writer = shared;
    return 0;
}

static int send_message(void *handle, const void *data)
{
    const struct queues *queues = handle;
    for (unsigned i = 0; i < queues->count; i++)
        if (mq_send(queues->queue[i], data, queues->size, 0) < 0)
            return -errno;
    return 0;
}

static void close_writer(void *handle)
{
    (void)handle;
}

static int open_reader(void **out, void *shared, const struct bench_setup *setup, unsigned index)
{
    const struct queues *queues = shared;
    struct reader *reader = malloc(sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *reader = (struct reader){.queue = queues->queue[index], .size = setup->size};
    *out = reader;
    return posix_memalign(&reader->buffer, 4096, setup->size) == 0 ? 0 : -ENOMEM;
}

static int receive(void *handle, const void **data)
{
    struct reader *reader = handle;
    *data = reader->buffer;
    return mq_receive(reader->queue, reader->buffer, reader->size, NULL) < 0 ? -errno : 0;
}

static void close_reader(void *handle)
{
    struct reader *reader = handle;
    free(reader->buffer);
    free(reader);
}

const struct bench_transport bench_posix_mq = {
    .name = "posix-mq",
    .summary = "a POSIX message queue to each reader",
    .kind = BENCH_PEER,
    .create = create,
    .destroy = destroy,
    .open_writer = open_writer,
    .send = send_message,
    .close_writer = close_writer,
    .open_reader = open_reader,
    .receive = receive,
    .close_reader = close_reader,
};
