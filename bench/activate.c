/*
 * activate: how long until a worker has its first frame?
 *
 *     activate [ROUNDS]
 *
 * A worker is asked to attach to a ring, says that it has, is given a frame, and says
 * that it has seen it. That takes from the moment its front wants one: for a worker that
 * waits in a pool, and for one that is forked, in turn, ROUNDS times (default 1000).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libframe/frame.h"
#include "libring/writer.h"
#include "workers/back.h"
#include "workers/pool.h"

#define ROUNDS_MAX 100000
#define WIDTH 640
#define HEIGHT 360

enum { SEEN = WORKER_USER };

static int tell__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    (void)state;
    (void)frame;
    return worker_send__(camera, SEEN, NULL, 0, -1);
}

static const struct worker_class class_ = {.name = "first_frame", .frame__ = tell__};
static const struct worker_config config = {.class_ = &class_};

static struct ring *ring;
static struct ring_writer *writer;
static struct frame_descriptor descriptor;

static void check(const char *what, int error)
{
    if (!error)
        return;
    fprintf(stderr, "activate: %s: %s\n", what, strerror(-error));
    exit(EXIT_FAILURE);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void make_ring(void)
{
    char name[RING_NAME_MAX + 1];
    snprintf(name, sizeof name, "activate-%d", (int)getpid());
    check("frame", frame_descriptor_layout(&descriptor, FRAME_FORMAT_YUV420P, WIDTH, HEIGHT, 64));
    check("ring", ring_create(&ring, name,
                              &(struct ring_config){.slot_size = descriptor.size,
                                                    .slots = 4,
                                                    .note_size = sizeof descriptor}));
    check("writer", ring_writer_open(&writer, name, ring));
}

static void publish(void)
{
    struct ring_slot slot;
    int error;
    while ((error = ring_writer_acquire(writer, &slot)) == -EAGAIN)
        ring_writer_wait(writer, -1);
    check("acquire", error);
    memcpy(slot.note, &descriptor, sizeof descriptor);
    check("publish", ring_writer_publish(writer, &slot, descriptor.size, NULL));
}

static void await(struct worker *worker, unsigned type)
{
    static struct worker_message message;
    struct pollfd control = {.fd = worker_fd(worker), .events = POLLIN};
    do {
        while (poll(&control, 1, -1) != 1)
            ;
        check("receive", worker_recv(worker, &message, NULL));
        if (message.header.type == WORKER_ACTIVATED && message.header.value < 0)
            check("activate", message.header.value);
    } while (message.header.type != type);
}

static void show_first_frame(struct worker *worker)
{
    check("activate", worker_activate(worker, 0, "camera", ring_name(ring)));
    await(worker, WORKER_ACTIVATED);
    publish();
    await(worker, SEEN);
}

static double with_pool(struct worker_pool *pool)
{
    struct worker *worker;
    const double began = now_us();
    check("take", worker_pool_take(pool, -1, &worker));
    show_first_frame(worker);
    const double took = now_us() - began;
    check("deactivate", worker_deactivate(worker, 0));
    await(worker, WORKER_DEACTIVATED);
    check("give", worker_pool_give(pool, &worker));
    return took;
}

static double with_fork(void)
{
    struct worker *worker;
    const double began = now_us();
    check("spawn", worker_spawn(&worker, &config));
    show_first_frame(worker);
    const double took = now_us() - began;
    worker_destroy(&worker, NULL);
    ring_reap(ring);
    return took;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print(const char *name, double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, by_value);
    printf("%-8s %10.1f %10.1f %10.1f\n", name, times[0], times[count / 2],
           times[count - 1 - count / 100]);
}

int main(int argc, char **argv)
{
    static double pooled[ROUNDS_MAX], forked[ROUNDS_MAX];
    const int rounds = argc > 1 ? atoi(argv[1]) : 1000;
    struct worker_pool *pool;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: activate [ROUNDS], from 1 to %d\n", ROUNDS_MAX);
        return EXIT_FAILURE;
    }
    make_ring();
    check("pool", worker_pool_create(&pool, &(struct worker_pool_config){
                                                .worker = &config, .ready = 1, .most = 1}));
    for (int i = 0; i < rounds; i++) {
        pooled[i] = with_pool(pool);
        forked[i] = with_fork();
    }
    printf("microseconds until a worker has its first frame, %d rounds:\n", rounds);
    printf("%-8s %10s %10s %10s\n", "worker", "least", "p50", "p99");
    print("pooled", pooled, rounds);
    print("forked", forked, rounds);
    worker_pool_destroy(&pool);
    ring_writer_close(&writer);
    ring_destroy(&ring);
    return EXIT_SUCCESS;
}
