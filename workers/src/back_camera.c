#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/src/back.h"

struct worker_camera *back_camera_create__(struct worker_back *back, unsigned number,
                                           const char *name)
{
    const size_t size = back->config->class_->state_size;
    struct worker_camera *camera = calloc(1, sizeof *camera);
    if (!camera)
        return NULL;
    camera->back = back;
    camera->number = number;
    snprintf(camera->name, sizeof camera->name, "%.*s", WORKER_CAMERA_NAME_MAX - 1, name);
    camera->state = calloc(1, size ? size : 1);
    if (!camera->state) {
        free(camera);
        return NULL;
    }
    if (size)
        memcpy(camera->state, back->config->options, size);
    picture_begin__(&camera->picture, &back->config->class_->wants,
                    worker_config_rate(back->config));
    return camera;
}

void back_camera_destroy__(struct worker_camera *camera)
{
    struct worker_camera **link = &camera->back->cameras;
    while (*link && *link != camera)
        link = &(*link)->next;
    if (*link)
        *link = camera->next;
    ring_reader_detach(&camera->reader);
    picture_end__(&camera->picture);
    free(camera->state);
    free(camera);
}

struct worker_camera *back_camera_find__(const struct worker_back *back, unsigned number)
{
    struct worker_camera *camera = back->cameras;
    while (camera && camera->number != number)
        camera = camera->next;
    return camera;
}

static void put_off_idle(struct worker_camera *camera)
{
    const unsigned idle_ms = camera->back->config->class_->idle_ms;
    if (idle_ms)
        camera->idle_ns = back_now_ns__() + idle_ms * INT64_C(1000000);
}

static int attach(struct worker_camera *camera, const struct worker_activate *activate)
{
    const struct ring_reader_config config = {.policy = (enum ring_policy)activate->policy};
    int error = ring_reader_attach(&camera->reader, activate->ring, &config);
    if (!error)
        error = ring_waitset_add(camera->back->waitset, camera->reader, camera);
    return error;
}

void back_camera_activate__(struct worker_back *back, unsigned number,
                            const struct worker_activate *activate)
{
    const struct worker_class *class_ = back->config->class_;
    const bool active = back_camera_find__(back, number) != NULL;
    struct worker_camera *camera =
        active ? NULL : back_camera_create__(back, number, activate->camera);
    if (!camera) {
        struct worker_camera nobody = {.back = back, .number = number};
        back_send__(&nobody, WORKER_ACTIVATED, active ? -EBUSY : -ENOMEM, NULL, 0, -1);
        return;
    }
    camera->next = back->cameras;
    back->cameras = camera;
    int error = attach(camera, activate);
    if (error) {
        back_send__(camera, WORKER_ACTIVATED, error, NULL, 0, -1);
        back_camera_destroy__(camera);
        return;
    }
    back_send__(camera, WORKER_ACTIVATED, (int)ring_reader_place(camera->reader), NULL, 0, -1);
    put_off_idle(camera);
    error = class_->open__ ? class_->open__(camera, camera->state) : 0;
    if (error)
        back_camera_deactivate__(camera, error);
}

void back_camera_deactivate__(struct worker_camera *camera, int error)
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
    back_send__(camera, WORKER_DEACTIVATED, error, &report, sizeof report, -1);
    back_camera_destroy__(camera);
}

int back_camera_show__(struct worker_camera *camera, const struct ring_view *view)
{
    const struct worker_class *class_ = camera->back->config->class_;
    struct frame frame;
    put_off_idle(camera);
    if (view->note_size != sizeof(struct frame_descriptor))
        return -EPROTO;
    camera->seen = true;
    camera->seq = view->seq;
    int error = frame_view(&frame, view->note, view->data, view->size);
    if (error)
        return error;
    camera->pts = frame_pts_seconds(&frame.descriptor);
    if (!class_->frame__ || !picture_is_due__(&camera->picture, camera->pts))
        return 0;
    error = picture_make__(&camera->picture, &frame);
    return error ? error : class_->frame__(camera, camera->state, &frame);
}

static void idle(struct worker_camera *camera)
{
    const struct worker_class *class_ = camera->back->config->class_;
    put_off_idle(camera);
    int error = class_->idle__(camera, camera->state);
    if (!error)
        return;
    worker_log__(camera, "%s gave up: %s", class_->name, strerror(-error));
    back_camera_deactivate__(camera, error);
}

int back_cameras_idle__(struct worker_back *back)
{
    const struct worker_class *class_ = back->config->class_;
    if (!class_->idle__ || !class_->idle_ms || !back->cameras)
        return -1;
    const int64_t now = back_now_ns__();
    int64_t next = INT64_MAX;
    for (struct worker_camera *camera = back->cameras, *after; camera; camera = after) {
        after = camera->next;
        if (camera->idle_ns <= now)
            idle(camera);
    }
    for (const struct worker_camera *camera = back->cameras; camera; camera = camera->next)
        next = camera->idle_ns < next ? camera->idle_ns : next;
    const int64_t left_ms = next <= now ? 0 : (next - now + 999999) / 1000000;
    return !back->cameras ? -1 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}
