#include "workers/back.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libring/waitset.h"
#include "workers/src/event.h"

/* Frames between two looks at the control socket. */
#define FRAMES_PER_TURN 8
#define TURN_NS 5000000 /* nor longer than that, if frames take their time */

struct back {
    const struct worker_config *config;
    int control;
    struct ring_waitset *waitset;
    struct worker_camera *cameras; /* a list */
    bool stop;
    struct worker_message message; /* the one being handled */
};

struct worker_camera {
    struct worker_camera *next;
    struct back *back;
    unsigned number; /* the front's */
    char name[WORKER_CAMERA_NAME_MAX];
    struct ring_reader *reader;
    void *state;
    bool seen; /* a frame; the next two are its */
    uint64_t seq;
    double pts;
};

const char *worker_camera_name__(const struct worker_camera *camera)
{
    return camera->name;
}

static int send_to_front(struct worker_camera *camera, enum worker_message_type type, int value,
                         const void *payload, size_t size)
{
    struct worker_message_header header = {
        .type = (uint16_t)type, .camera = camera->number, .value = value};
    return worker_message_send(camera->back->control, header, payload, size, -1, true);
}

void worker_log__(struct worker_camera *camera, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_to_front(camera, WORKER_LOG, WORKER_WARNING, text, strlen(text) + 1);
}

static json_t *event_envelope(const struct worker_camera *camera, const char *type)
{
    const struct worker_config *config = camera->back->config;
    json_t *event = event_begin(type, camera->name);
    json_object_set_new(event, "worker", json_string(config->class_->name));
    json_object_set_new(event, "index", json_integer(config->index));
    if (camera->seen) {
        json_object_set_new(event, "seq", json_integer((json_int_t)camera->seq));
        json_object_set_new(event, "pts", event_seconds(camera->pts));
    }
    return event;
}

int worker_event__(struct worker_camera *camera, const char *type, const char *fields, ...)
{
    va_list arguments;
    va_start(arguments, fields);
    json_t *own = json_vpack_ex(NULL, 0, fields, arguments);
    va_end(arguments);
    if (!own)
        return -EINVAL;
    json_t *event = event_envelope(camera, type);
    if (event)
        json_object_update(event, own);
    json_decref(own);
    char *line = event_finish(event);
    if (!line)
        return -ENOMEM;
    int error = send_to_front(camera, WORKER_EVENT, 0, line, strlen(line) + 1);
    free(line);
    return error;
}

static void forget(struct worker_camera *camera)
{
    struct worker_camera **link = &camera->back->cameras;
    while (*link && *link != camera)
        link = &(*link)->next;
    if (*link)
        *link = camera->next;
    ring_reader_detach(&camera->reader);
    free(camera->state);
    free(camera);
}

/* The camera's stream is over for this worker, or it gave up on it. */
static void deactivate(struct worker_camera *camera, int error)
{
    const struct worker_class *class_ = camera->back->config->class_;
    if (class_->close__)
        class_->close__(camera, camera->state);
    struct ring_reader_counts counts;
    ring_reader_counts(camera->reader, &counts);
    const struct worker_counts report = {
        .received = counts.received,
        .skipped = counts.skipped + counts.pending, /* what it does not take any more */
    };
    /* Detached first: when the front knows, the ring is free of us. */
    ring_reader_detach(&camera->reader);
    send_to_front(camera, WORKER_DEACTIVATED, error, &report, sizeof report);
    forget(camera);
}

static int attach(struct worker_camera *camera, const struct worker_activate *activate)
{
    const struct ring_reader_config config = {.policy = (enum ring_policy)activate->policy};
    int error = ring_reader_attach(&camera->reader, activate->ring, &config);
    if (!error)
        error = ring_waitset_add(camera->back->waitset, camera->reader, camera);
    return error;
}

static struct worker_camera *new_camera(struct back *back, const struct worker_message *message)
{
    const struct worker_class *class_ = back->config->class_;
    struct worker_camera *camera = calloc(1, sizeof *camera);
    if (!camera)
        return NULL;
    camera->back = back;
    camera->number = message->header.camera;
    snprintf(camera->name, sizeof camera->name, "%.*s", WORKER_CAMERA_NAME_MAX - 1,
             message->activate.camera);
    camera->state = malloc(class_->state_size ? class_->state_size : 1);
    if (!camera->state) {
        free(camera);
        return NULL;
    }
    memcpy(camera->state, back->config->options, class_->state_size);
    return camera;
}

/* Answers with the place, from where on every frame counts. */
static int activate(struct back *back, const struct worker_message *message)
{
    const struct worker_class *class_ = back->config->class_;
    struct worker_camera *camera = new_camera(back, message);
    if (!camera)
        return -ENOMEM;
    camera->next = back->cameras;
    back->cameras = camera;
    int error = attach(camera, &message->activate);
    if (error) {
        send_to_front(camera, WORKER_ACTIVATED, error, NULL, 0);
        forget(camera);
        return 0;
    }
    send_to_front(camera, WORKER_ACTIVATED, (int)ring_reader_place(camera->reader), NULL, 0);
    error = class_->open__ ? class_->open__(camera, camera->state) : 0;
    if (error)
        deactivate(camera, error);
    return 0;
}

static int handle_message(struct back *back)
{
    switch (back->message.header.type) {
    case WORKER_ACTIVATE:
        return activate(back, &back->message);
    case WORKER_STOP:
        back->stop = true;
        return 0;
    default:
        return -EPROTO;
    }
}

static int take_message(struct back *back)
{
    int descriptor;
    int error = worker_message_receive(back->control, &back->message, &descriptor);
    if (!error)
        error = handle_message(back);
    if (descriptor >= 0)
        close(descriptor);
    return error == -EAGAIN ? 0 : error;
}

static int show(struct worker_camera *camera, const struct ring_view *view)
{
    const struct worker_class *class_ = camera->back->config->class_;
    struct frame frame;
    if (view->note_size != sizeof(struct frame_descriptor))
        return -EPROTO;
    camera->seen = true;
    camera->seq = view->seq;
    int error = frame_view(&frame, view->note, view->data, view->size);
    if (error)
        return error;
    camera->pts = frame_pts_seconds(&frame.descriptor);
    return class_->frame__ ? class_->frame__(camera, camera->state, &frame) : 0;
}

/* -EAGAIN when no ring has anything: only then may the worker sleep. */
static int take_frame(struct back *back)
{
    struct ring_reader *reader;
    struct ring_view view;
    void *user;
    int error = ring_waitset_next(back->waitset, &reader, &user, &view);
    if (error == -EAGAIN)
        return error;
    struct worker_camera *camera = user;
    if (!error) {
        error = show(camera, &view);
        ring_reader_release(reader, &view);
        if (!error)
            return 0;
        worker_log__(camera, "%s gave up at frame %ju: %s", back->config->class_->name,
                     (uintmax_t)camera->seq, strerror(-error));
    }
    deactivate(camera, error == -EPIPE ? 0 : error);
    return 0;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int turn(struct back *back)
{
    const int64_t began = now_ns();
    int error = 0;
    for (int i = 0; i < FRAMES_PER_TURN && !error && now_ns() - began < TURN_NS; i++)
        error = take_frame(back);
    struct pollfd fds[] = {
        {.fd = back->control, .events = POLLIN},
        {.fd = ring_waitset_fd(back->waitset), .events = POLLIN},
    };
    if (poll(fds, 2, error == -EAGAIN ? -1 : 0) < 0)
        return errno == EINTR ? 0 : -errno;
    return fds[0].revents ? take_message(back) : 0;
}

int worker_main__(const struct worker_config *config, int control)
{
    struct back *back = calloc(1, sizeof *back);
    if (!back)
        return EXIT_FAILURE;
    back->config = config;
    back->control = control;
    int error = ring_waitset_create(&back->waitset, -1);
    while (!error && !back->stop)
        error = turn(back);
    while (back->cameras)
        deactivate(back->cameras, 0);
    ring_waitset_destroy(&back->waitset);
    free(back);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
