#include "workers/back.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "workers/src/back.h"
#include "workers/src/event.h"

/* Frames between two looks at the control socket. */
#define FRAMES_PER_TURN 8
#define TURN_NS 5000000 /* nor longer than that, if frames take their time */

int64_t back_now_ns__(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* -- what hooks call ------------------------------------------------------------------------- */

const char *worker_camera_name__(const struct worker_camera *camera)
{
    return camera->name;
}

int back_send__(struct worker_camera *camera, unsigned type, int value, const void *payload,
                size_t size, int descriptor)
{
    struct worker_message_header header = {
        .type = (uint16_t)type, .camera = camera->number, .value = value};
    const struct worker_back *back = camera->back;
    int error;
    while ((error = worker_message_send(back->control, header, payload, size, descriptor,
                                        !back->wait)) == -EAGAIN)
        back->wait(back->user);
    return error;
}

int worker_send__(struct worker_camera *camera, unsigned type, const void *payload, size_t size,
                  int descriptor)
{
    if (type < WORKER_USER || type > UINT16_MAX)
        return -EINVAL;
    return back_send__(camera, type, 0, payload, size, descriptor);
}

void worker_log__(struct worker_camera *camera, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    back_send__(camera, WORKER_LOG, WORKER_WARNING, text, strlen(text) + 1, -1);
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

json_t *worker_seconds__(double seconds)
{
    return event_seconds(seconds);
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
    int error = back_send__(camera, WORKER_EVENT, 0, line, strlen(line) + 1, -1);
    free(line);
    return error;
}

/* -- messages -------------------------------------------------------------------------------- */

/* One of the class's own. */
static int hand_on(struct worker_back *back, int descriptor)
{
    const struct worker_class *class_ = back->config->class_;
    const struct worker_message *message = &back->message;
    if (!class_->message__)
        return worker_message_refuse(back->control, message, -ENOTSUP, !back->wait);
    struct worker_camera *camera = back->self;
    if (message->header.camera != WORKER_NO_CAMERA)
        camera = back_camera_find__(back, message->header.camera);
    if (!camera)
        return worker_message_refuse(back->control, message, -ENOENT, !back->wait);
    int error = class_->message__(camera, camera->state, message, descriptor);
    if (!error)
        return 0;
    worker_log__(camera, "%s gave up at a message: %s", class_->name, strerror(-error));
    if (camera != back->self)
        back_camera_deactivate__(camera, error);
    return 0;
}

static int deactivate(struct worker_back *back, const struct worker_message *message)
{
    if (message->header.camera == WORKER_NO_CAMERA) {
        while (back->cameras)
            back_camera_deactivate__(back->cameras, 0);
        return 0;
    }
    struct worker_camera *camera = back_camera_find__(back, message->header.camera);
    if (!camera)
        return worker_message_refuse(back->control, message, -ENOENT, !back->wait);
    back_camera_deactivate__(camera, 0);
    return 0;
}

/* Only what ends the worker is an error. */
static int handle_message(struct worker_back *back, int descriptor)
{
    const struct worker_message *message = &back->message;
    switch (message->header.type) {
    case WORKER_ACTIVATE:
        back_camera_activate__(back, message->header.camera, &message->activate);
        return 0;
    case WORKER_DEACTIVATE:
        return deactivate(back, message);
    case WORKER_STOP:
        back->stop = true;
        return 0;
    case WORKER_REFUSED:
        worker_log__(back->self, "the front says: %s", message->text);
        return 0;
    default:
        return message->header.type >= WORKER_USER
                   ? hand_on(back, descriptor)
                   : worker_message_answer(back->control, message, !back->wait);
    }
}

static int take_message(struct worker_back *back)
{
    int descriptor;
    int error = worker_message_receive(back->control, &back->message, &descriptor);
    if (!error)
        error = handle_message(back, descriptor);
    else if (error == -EPROTO || error == -EMFILE)
        error = worker_message_refuse(back->control, &back->message, error, !back->wait);
    if (descriptor >= 0)
        close(descriptor);
    return error == -EAGAIN ? 0 : error;
}

/* -- frames ---------------------------------------------------------------------------------- */

/* -EAGAIN when no ring has anything: only then may the worker sleep. */
static int take_frame(struct worker_back *back)
{
    struct ring_reader *reader;
    struct ring_view view;
    void *user;
    int error = ring_waitset_next(back->waitset, &reader, &user, &view);
    if (error == -EAGAIN)
        return error;
    struct worker_camera *camera = user;
    if (!error) {
        error = back_camera_show__(camera, &view);
        ring_reader_release(reader, &view);
        if (!error)
            return 0;
        worker_log__(camera, "%s gave up at frame %ju: %s", back->config->class_->name,
                     (uintmax_t)camera->seq, strerror(-error));
    }
    back_camera_deactivate__(camera, error == -EPIPE ? 0 : error);
    return 0;
}

/* -- the loop -------------------------------------------------------------------------------- */

/* Frames and messages in turn. Returns what the last try for a frame said: -EAGAIN, or 0
 * when there may be more of them. */
static int take_frames(struct worker_back *back)
{
    const int64_t began = back_now_ns__();
    int error = 0;
    for (int i = 0; i < FRAMES_PER_TURN && !error; i++) {
        error = take_frame(back);
        if (!back->wait && back_now_ns__() - began >= TURN_NS)
            break; /* in its front's process it is to be the same each time */
    }
    return error;
}

/* Rings that had nothing are asked again when their descriptor tells: one that sleeps and is
 * spoken to looks at nothing else. */
static int turn(struct worker_back *back)
{
    if (back->look)
        back->look = take_frames(back) != -EAGAIN;
    struct epoll_event events[2];
    const int idle_ms = back_cameras_idle__(back);
    const int count = epoll_wait(back->epoll, events, 2, back->look ? 0 : idle_ms);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    bool said = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == back->control)
            said = true;
        else
            back->look = true;
    }
    return said ? take_message(back) : 0;
}

/* Has the descriptor readable when idle__ is due. */
static void set_timer(const struct worker_back *back, int idle_ms)
{
    struct itimerspec when = {0};
    if (back->timer < 0)
        return;
    if (idle_ms >= 0) /* all zero would be never */
        when.it_value =
            (struct timespec){.tv_sec = idle_ms / 1000, .tv_nsec = idle_ms % 1000 * 1000000L + 1};
    timerfd_settime(back->timer, 0, &when, NULL);
}

int worker_back_dispatch__(struct worker_back *back)
{
    const int frames = take_frames(back);
    struct pollfd control = {.fd = back->control, .events = POLLIN};
    const bool said = poll(&control, 1, 0) > 0;
    if (back->stop || (said && take_message(back) != 0) || back->stop)
        return -ESHUTDOWN;
    set_timer(back, back_cameras_idle__(back));
    return said || frames != -EAGAIN ? 0 : -EAGAIN;
}

static int listen_to(const struct worker_back *back, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(back->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int make_descriptors(struct worker_back *back)
{
    int error = ring_waitset_create(&back->waitset, -1);
    if (error)
        return error;
    back->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (back->epoll < 0)
        return -errno;
    error = listen_to(back, back->control);
    return error ? error : listen_to(back, ring_waitset_fd(back->waitset));
}

/* The built-in loop has no need of the timer. */
int worker_back_fd__(struct worker_back *back)
{
    if (back->timer >= 0)
        return back->epoll;
    back->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const int error = back->timer < 0 ? -errno : listen_to(back, back->timer);
    if (!error)
        return back->epoll;
    if (back->timer >= 0)
        close(back->timer);
    back->timer = -1;
    return error;
}

int worker_back_create__(struct worker_back **out, const struct worker_config *config, int control,
                         void (*wait)(void *user), void *user)
{
    *out = NULL;
    struct worker_back *back = calloc(1, sizeof *back);
    if (!back)
        return -ENOMEM;
    back->config = config;
    back->control = control;
    back->wait = wait;
    back->user = user;
    back->epoll = back->timer = -1;
    back->self = back_camera_create__(back, WORKER_NO_CAMERA, "");
    int error = back->self ? make_descriptors(back) : -ENOMEM;
    if (error)
        worker_back_destroy__(&back);
    *out = back;
    return error;
}

void worker_back_destroy__(struct worker_back **pointer)
{
    struct worker_back *back = pointer ? *pointer : NULL;
    if (!back)
        return;
    while (back->cameras)
        back_camera_deactivate__(back->cameras, 0);
    if (back->self)
        back_camera_destroy__(back->self);
    ring_waitset_destroy(&back->waitset);
    if (back->epoll >= 0)
        close(back->epoll);
    if (back->timer >= 0)
        close(back->timer);
    free(back);
    *pointer = NULL;
}

int worker_main__(const struct worker_config *config, int control)
{
    struct worker_back *back;
    int error = worker_back_create__(&back, config, control, NULL, NULL);
    if (error)
        return EXIT_FAILURE;
    if (config->class_->loop__)
        config->class_->loop__(back);
    while (!error && !back->stop && !config->class_->loop__)
        error = turn(back);
    worker_back_destroy__(&back); /* and control closes with the process, not before its end */
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
