#include "tests/support/screening.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libring/reader.h"
#include "tests/support/require.h"
#include "tests/support/schema.h"
#include "workers/src/back.h"

#define TICKS 1000 /* a second */

static void take(struct support_screening *screening)
{
    static struct worker_message message;
    while (recv(screening->front, &message, sizeof message, MSG_DONTWAIT) > 0) {
        if (message.header.type == WORKER_LOG)
            snprintf(screening->log, sizeof screening->log, "%.255s", message.text);
        if (message.header.type != WORKER_EVENT)
            continue;
        json_t *event = json_loads(message.text, JSON_REJECT_DUPLICATES, NULL);
        support_require(event);
        char *line;
        const int length = asprintf(&line, "%s\n", message.text);
        support_require(length > 0);
        support_schema_note(line, (size_t)length);
        free(line);
        json_array_append_new(screening->events, event);
    }
}

void support_screening_open(struct support_screening *screening, const char *name,
                            const char *options)
{
    const struct worker_class *class_ = worker_class_find(name);
    char problem[256] = "there is none of that name";
    int ends[2];
    *screening = (struct support_screening){.events = json_array()};
    if (!class_ ||
        worker_config_parse(&screening->config, class_, options, problem, sizeof problem) != 0) {
        fprintf(stderr, "%s: %s\n", name, problem);
        abort();
    }
    support_require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    screening->front = ends[0];
    screening->back = calloc(1, sizeof *screening->back);
    support_require(screening->back);
    screening->back->config = &screening->config;
    screening->back->control = ends[1];
    screening->camera = back_camera_create__(screening->back, 0, "gate");
    support_require(screening->camera);
    if (class_->open__)
        screening->error = class_->open__(screening->camera, screening->camera->state);
    take(screening);
}

void support_screening_show(struct support_screening *screening, struct support_canvas *canvas,
                            double seconds)
{
    struct frame_descriptor *descriptor = &canvas->descriptor;
    descriptor->pts = isnan(seconds) ? FRAME_NO_PTS : llrint(seconds * TICKS);
    descriptor->time_base_num = 1;
    descriptor->time_base_den = TICKS;
    const struct ring_view view = {.data = canvas->data,
                                   .size = descriptor->size,
                                   .note = descriptor,
                                   .note_size = sizeof *descriptor,
                                   .seq = screening->shown++};
    if (!screening->error)
        screening->error = back_camera_show__(screening->camera, &view);
    take(screening);
}

void support_screening_idle(struct support_screening *screening)
{
    const struct worker_class *class_ = screening->config.class_;
    if (!screening->error)
        screening->error = class_->idle__(screening->camera, screening->camera->state);
    take(screening);
}

json_t *support_screening_close(struct support_screening *screening)
{
    const struct worker_class *class_ = screening->config.class_;
    if (class_->close__)
        class_->close__(screening->camera, screening->camera->state);
    take(screening);
    back_camera_destroy__(screening->camera);
    close(screening->front);
    close(screening->back->control);
    free(screening->back);
    worker_config_free(&screening->config);
    return screening->events;
}
