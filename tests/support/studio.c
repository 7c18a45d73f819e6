#include "tests/support/studio.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/require.h"

#define SLOT_SIZE (1 << 20)

struct worker *support_worker(const struct worker_class *class_, const char *options)
{
    struct worker_config config;
    struct worker *worker;
    char problem[256];
    support_require(worker_config_parse(&config, class_, options, problem, sizeof problem) == 0);
    support_require(worker_spawn(&worker, &config) == 0);
    worker_config_free(&config);
    return worker;
}

const struct worker_message *support_worker_take(struct worker *worker, int *descriptor)
{
    static struct worker_message message;
    struct pollfd control = {.fd = worker_fd(worker), .events = POLLIN};
    support_require(poll(&control, 1, -1) == 1);
    support_require(worker_recv(worker, &message, descriptor) == 0);
    return &message;
}

const struct worker_message *support_worker_next(struct worker *worker, unsigned type)
{
    const struct worker_message *message = support_worker_take(worker, NULL);
    if (message->header.type != type)
        fprintf(stderr, "type %u: %s\n", message->header.type, message->text);
    support_require(message->header.type == type);
    return message;
}

void support_worker_end(struct worker *worker)
{
    static struct worker_message message;
    struct pollfd control = {.fd = worker_fd(worker), .events = POLLIN};
    int error;
    while ((error = worker_stop(worker)) == -EAGAIN) /* it has to be listened to first */
        support_worker_take(worker, NULL);
    support_require(error == 0 || error == -EPIPE);
    do {
        support_require(poll(&control, 1, -1) == 1);
        error = worker_recv(worker, &message, NULL);
    } while (error == 0);
    support_require(error == -EPIPE);
    int status;
    support_require(worker_join(worker, -1, &status) == 0);
    support_require(status == 0);
    worker_destroy(&worker, NULL);
}

void support_studio_open(struct support_studio *studio, struct worker *worker, unsigned camera,
                         unsigned slots)
{
    const struct ring_config config = {
        .slot_size = SLOT_SIZE, .slots = slots, .note_size = sizeof(struct frame_descriptor)};
    char name[RING_NAME_MAX + 1];
    char camera_name[32];
    *studio = (struct support_studio){.camera = camera, .worker = worker};
    snprintf(name, sizeof name, "studio-%d-%u", (int)getpid(), camera);
    snprintf(camera_name, sizeof camera_name, "camera %u", camera);
    support_require(ring_create(&studio->ring, name, &config) == 0);
    support_require(ring_writer_open(&studio->writer, name, studio->ring) == 0);
    support_require(worker_activate(worker, camera, camera_name, name) == 0);
    const struct worker_message *answer = support_worker_next(worker, WORKER_ACTIVATED);
    support_require(answer->header.camera == camera);
    support_require(answer->header.value >= 0);
}

static void paint(const struct frame_descriptor *descriptor, uint8_t *data)
{
    for (uint64_t i = 0; i < descriptor->size; i++)
        data[i] = (uint8_t)(i % descriptor->strides[0]);
}

void support_studio_show(struct support_studio *studio, enum frame_format format, uint32_t width,
                         uint32_t height, int64_t pts)
{
    struct frame_descriptor descriptor;
    struct ring_slot slot;
    int error;
    support_require(frame_descriptor_layout(&descriptor, format, width, height, 64) == 0);
    support_require(descriptor.size <= SLOT_SIZE);
    descriptor.pts = pts;
    descriptor.time_base_num = 1;
    descriptor.time_base_den = 1000;
    while ((error = ring_writer_acquire(studio->writer, &slot)) == -EAGAIN)
        support_require(ring_writer_wait(studio->writer, -1) == 0);
    support_require(error == 0);
    paint(&descriptor, slot.data);
    memcpy(slot.note, &descriptor, sizeof descriptor);
    support_require(ring_writer_publish(studio->writer, &slot, descriptor.size, NULL) == 0);
}

void support_studio_finish(struct support_studio *studio)
{
    support_require(ring_writer_finish(studio->writer) == 0);
}

void support_studio_close(struct support_studio *studio)
{
    ring_writer_close(&studio->writer);
    ring_destroy(&studio->ring);
}
