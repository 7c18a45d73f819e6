/*
 * Megabytes to several workers at once: every frame is written once, into shared
 * memory, and all workers look at it there. Each adds up the bytes of all frames and
 * tells the sum.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/writer.h"
#include "workers/back.h"
#include "workers/group.h"

enum { WORKERS = 3, FRAMES = 200, WIDTH = 1280, HEIGHT = 720, CAMERA = 0 };

/* -- back ------------------------------------------------------------------------------------ */

struct sum {
    uint64_t frames, bytes;
};

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct sum *sum = state;
    (void)camera;
    sum->frames++;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            sum->bytes += frame->planes[0][y * frame->strides[0] + x];
    return 0;
}

static void close__(struct worker_camera *camera, void *state)
{
    const struct sum *sum = state;
    worker_event__(camera, "sum", "{s:I, s:I}", "frames", (int64_t)sum->frames, "bytes",
                   (int64_t)sum->bytes);
}

static const struct worker_class adder = {
    .name = "adder",
    .summary = "adds up the bytes of all frames",
    .state_size = sizeof(struct sum),
    .frame__ = frame__,
    .close__ = close__,
};

/* -- front ----------------------------------------------------------------------------------- */

static struct worker *workers[WORKERS];
static struct worker_group *group;
static struct ring *ring;
static struct ring_writer *writer;
static struct frame_descriptor descriptor;

/* The next thing that a worker says; the ring's own work is done meanwhile. */
static int listen_to_all(struct worker_news *news)
{
    struct pollfd fds[] = {{.fd = worker_group_fd(group), .events = POLLIN},
                           {.fd = ring_fd(ring), .events = POLLIN}};
    int error;
    while ((error = worker_group_next(group, 0, news)) == -ETIMEDOUT) {
        poll(fds, 2, -1);
        ring_dispatch(ring);
    }
    return error;
}

/* Until every worker has sent a message of that type; prints what they tell meanwhile. */
static int await_all(unsigned type)
{
    struct worker_news news;
    int error = 0;
    for (int left = WORKERS; left > 0 && !error;) {
        error = listen_to_all(&news);
        if (error)
            break;
        if (!news.message)
            return -ECHILD; /* it died */
        if (news.message->header.type == WORKER_EVENT)
            puts(news.message->text);
        if (news.message->header.type == type) {
            left--;
            error = news.message->header.value < 0 ? news.message->header.value : 0;
        }
    }
    return error;
}

static int publish(int number)
{
    struct ring_slot slot;
    int error;
    while ((error = ring_writer_acquire(writer, &slot)) == -EAGAIN)
        ring_writer_wait(writer, -1); /* the slowest worker is behind */
    if (error)
        return error;
    memset(slot.data, number, descriptor.size);
    memcpy(slot.note, &descriptor, sizeof descriptor);
    return ring_writer_publish(writer, &slot, descriptor.size, NULL);
}

static int stream(void)
{
    int error = 0;
    for (int i = 0; i < WORKERS && !error; i++)
        error = worker_activate(workers[i], CAMERA, "test card", ring_name(ring));
    if (!error) /* lest one misses the first frame */
        error = await_all(WORKER_ACTIVATED);
    for (int i = 0; i < FRAMES && !error; i++)
        error = publish(i);
    if (!error)
        error = ring_writer_finish(writer);
    return error ? error : await_all(WORKER_DEACTIVATED);
}

static int make_ring(void)
{
    char name[RING_NAME_MAX + 1];
    int error = frame_descriptor_layout(&descriptor, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, 64);
    const struct ring_config config = {
        .slot_size = descriptor.size, .slots = 8, .note_size = sizeof descriptor};
    snprintf(name, sizeof name, "stream-%d", (int)getpid());
    if (!error)
        error = ring_create(&ring, name, &config);
    return error ? error : ring_writer_open(&writer, name, ring);
}

static int spawn_workers(void)
{
    const struct sum nothing = {0};
    struct worker_config config = {.class_ = &adder, .options = &nothing};
    int error = worker_group_create(&group);
    for (; config.index < WORKERS && !error; config.index++) {
        error = worker_spawn(&workers[config.index], &config);
        if (!error)
            error = worker_group_add(group, workers[config.index], NULL);
    }
    return error;
}

int main(void)
{
    int error = spawn_workers();
    if (!error) /* after the forks: workers get no more than they need */
        error = make_ring();
    if (!error)
        error = stream();
    for (int i = 0; i < WORKERS; i++)
        worker_destroy(&workers[i], NULL);
    worker_group_destroy(&group);
    ring_writer_close(&writer);
    ring_destroy(&ring);
    if (error)
        fprintf(stderr, "stream: %s\n", strerror(-error));
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
