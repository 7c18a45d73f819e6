/*
 * Processes that are started once and lent: streams come and go, two at a time, and
 * the same two workers look at all of them.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/writer.h"
#include "workers/back.h"
#include "workers/pool.h"

enum { VISITS = 3, STREAMS = 2, FRAMES = 25, WIDTH = 320, HEIGHT = 240, CAMERA = 0 };

/* -- back ------------------------------------------------------------------------------------ */

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    (void)camera, (void)state, (void)frame; /* here something would be made of it */
    return 0;
}

static const struct worker_class viewer = {
    .name = "viewer",
    .summary = "looks at frames",
    .frame__ = frame__,
};

/* -- front ----------------------------------------------------------------------------------- */

struct stream {
    struct worker *worker;
    struct ring *ring;
    struct ring_writer *writer;
};

static struct worker_pool *pool;
static struct frame_descriptor descriptor;

/* Its next message of that type; the ring's own work is done meanwhile. */
static int await(struct stream *stream, unsigned type, struct worker_message *message)
{
    struct pollfd fds[] = {{.fd = worker_fd(stream->worker), .events = POLLIN},
                           {.fd = ring_fd(stream->ring), .events = POLLIN}};
    for (;;) {
        int error = worker_recv(stream->worker, message, NULL);
        if (!error && message->header.type == type)
            return message->header.value < 0 ? message->header.value : 0;
        if (error && error != -EAGAIN)
            return error; /* -EPIPE: it has died */
        if (error) {
            poll(fds, 2, -1);
            ring_dispatch(stream->ring);
        }
    }
}

static int begin(struct stream *stream, int number, struct worker_message *message)
{
    const struct ring_config config = {
        .slot_size = descriptor.size, .slots = 4, .note_size = sizeof descriptor};
    char name[RING_NAME_MAX + 1];
    snprintf(name, sizeof name, "pool-%d-%d", (int)getpid(), number);
    int error = ring_create(&stream->ring, name, &config);
    if (!error)
        error = ring_writer_open(&stream->writer, name, stream->ring);
    if (!error)
        error = worker_pool_take(pool, -1, &stream->worker);
    if (!error)
        error = worker_activate(stream->worker, CAMERA, "camera", name);
    return error ? error : await(stream, WORKER_ACTIVATED, message);
}

static int publish(struct stream *stream)
{
    struct ring_slot slot;
    int error;
    while ((error = ring_writer_acquire(stream->writer, &slot)) == -EAGAIN)
        ring_writer_wait(stream->writer, -1);
    if (error)
        return error;
    memset(slot.data, 0, descriptor.size);
    memcpy(slot.note, &descriptor, sizeof descriptor);
    return ring_writer_publish(stream->writer, &slot, descriptor.size, NULL);
}

static void end(struct stream *stream)
{
    worker_pool_give(pool, &stream->worker);
    ring_writer_close(&stream->writer);
    ring_destroy(&stream->ring);
}

static int visit(int number)
{
    static struct worker_message message;
    struct stream streams[STREAMS] = {0};
    int error = 0;
    for (int i = 0; i < STREAMS && !error; i++)
        error = begin(&streams[i], i, &message);
    for (int i = 0; i < STREAMS * FRAMES && !error; i++)
        error = publish(&streams[i % STREAMS]);
    for (int i = 0; i < STREAMS && !error; i++) {
        error = ring_writer_finish(streams[i].writer);
        if (!error)
            error = await(&streams[i], WORKER_DEACTIVATED, &message);
        if (!error)
            printf("visit %d, stream %d: %ju frames\n", number, i,
                   (uintmax_t)message.counts.received);
    }
    for (int i = 0; i < STREAMS; i++)
        end(&streams[i]);
    return error;
}

int main(void)
{
    const struct worker_config worker = {.class_ = &viewer};
    const struct worker_pool_config config = {.worker = &worker, .ready = STREAMS, .most = STREAMS};
    struct worker_pool_counts counts = {0};
    int error = frame_descriptor_layout(&descriptor, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, 64);
    if (!error)
        error = worker_pool_create(&pool, &config);
    for (int i = 0; i < VISITS && !error; i++)
        error = visit(i);
    if (!error)
        worker_pool_counts(pool, &counts);
    worker_pool_destroy(&pool);
    printf("%ju processes were started\n", (uintmax_t)counts.started);
    if (error)
        fprintf(stderr, "pool: %s\n", strerror(-error));
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
