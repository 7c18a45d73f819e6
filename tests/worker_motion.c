/* motion in its process, on frames made here: exact pictures give exact answers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libframe/frame.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/require.h"
#include "workers/front.h"

#define RATE 25
#define SLOT_SIZE 400000
#define CAMERA 3

/* A worker on a ring of ours. The picture has 60 cells of 4 pixels from top to bottom. */
struct stage {
    struct ring *ring;
    struct ring_writer *writer;
    struct worker *worker;
    unsigned frames;
    struct worker_message message;
};

static void next_message(struct stage *stage)
{
    struct pollfd control = {.fd = worker_fd(stage->worker), .events = POLLIN};
    support_require(poll(&control, 1, -1) == 1);
    support_require(worker_recv(stage->worker, &stage->message, NULL) == 0);
    support_require(stage->message.header.camera == CAMERA);
}

/* What stands here is drawn at once, and need not move to be told. */
#define AT_ONCE "travel=0,learn_seconds=0,start_frames=2"

static void open_stage(struct stage *stage, const char *options)
{
    const struct worker_class *motion = worker_class_find("motion");
    support_require(motion);
    struct worker_config worker;
    char problem[128];
    char name[RING_NAME_MAX];
    support_require(worker_config_parse(&worker, motion, options, problem, sizeof problem) == 0);
    support_require(worker_spawn(&stage->worker, &worker) == 0);
    worker_config_free(&worker);

    const struct ring_config ring = {
        .slot_size = SLOT_SIZE, .slots = 4, .note_size = sizeof(struct frame_descriptor)};
    snprintf(name, sizeof name, "motion-%d", (int)getpid());
    stage->frames = 0;
    support_require(ring_create(&stage->ring, name, &ring) == 0);
    support_require(ring_writer_open(&stage->writer, name, stage->ring) == 0);
    support_require(worker_activate(stage->worker, CAMERA, "gate", name) == 0);
    next_message(stage);
    support_require(stage->message.header.type == WORKER_ACTIVATED);
    support_require(stage->message.header.value >= 0);
}

static void acquire(struct stage *stage, struct ring_slot *slot)
{
    int error;
    while ((error = ring_writer_acquire(stage->writer, slot)) == -EAGAIN)
        support_require(ring_writer_wait(stage->writer, -1) == 0);
    support_require(error == 0);
}

/* A gray picture and, on it, white rectangles. */
struct scene {
    uint32_t width, height;
    uint8_t level;
    bool timeless;
    struct {
        unsigned x, y, width, height;
    } rectangles[3];
};

static const struct scene empty = {.width = 320, .height = 240, .level = 60};

static void paint(const struct scene *scene, const struct frame_descriptor *descriptor,
                  uint8_t *data)
{
    memset(data, 255, descriptor->size); /* what stands beside the picture must not count */
    for (unsigned y = 0; y < scene->height; y++)
        memset(data + y * descriptor->strides[0], scene->level, scene->width);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned y = 0; y < scene->rectangles[i].height; y++)
            memset(data + (scene->rectangles[i].y + y) * descriptor->strides[0] +
                       scene->rectangles[i].x,
                   200, scene->rectangles[i].width);
}

static void show(struct stage *stage, const struct scene *scene, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct frame_descriptor descriptor;
        struct ring_slot slot;
        support_require(frame_descriptor_layout(&descriptor, FRAME_FORMAT_GRAY8, scene->width,
                                                scene->height, 256) == 0);
        descriptor.pts = scene->timeless ? FRAME_NO_PTS : (int64_t)stage->frames;
        descriptor.time_base_num = 1;
        descriptor.time_base_den = RATE;
        acquire(stage, &slot);
        paint(scene, &descriptor, slot.data);
        memcpy(slot.note, &descriptor, sizeof descriptor);
        support_require(ring_writer_publish(stage->writer, &slot, descriptor.size, NULL) == 0);
        stage->frames++;
    }
}

/* Ends the stream; all that the worker has told, as an array. */
static json_t *close_stage(struct stage *stage)
{
    json_t *events = json_array();
    ring_writer_finish(stage->writer);
    for (;;) {
        next_message(stage);
        if (stage->message.header.type == WORKER_DEACTIVATED)
            break;
        support_require(stage->message.header.type == WORKER_EVENT);
        json_array_append_new(events, json_loads(stage->message.text, 0, NULL));
    }
    support_require(stage->message.header.value == 0);
    support_require(stage->message.counts.received == stage->frames);
    support_require(stage->message.counts.skipped == 0);
    int status;
    support_require(worker_stop(stage->worker) == 0);
    struct pollfd control = {.fd = worker_fd(stage->worker), .events = POLLIN};
    support_require(poll(&control, 1, -1) == 1);
    support_require(worker_recv(stage->worker, &stage->message, NULL) == -EPIPE);
    worker_destroy(&stage->worker, &status);
    ring_writer_close(&stage->writer);
    ring_destroy(&stage->ring);
    return events;
}

static void require_event(const json_t *events, size_t index, const char *state, int seq,
                          const char *boxes)
{
    const json_t *event = json_array_get(events, index);
    char *told = json_dumps(json_object_get(event, "boxes"), JSON_COMPACT);
    support_require(event && told);
    if (strcmp(told, boxes) != 0)
        fprintf(stderr, "event %zu has %s\n", index, told);
    support_require(strcmp(told, boxes) == 0);
    support_require(strcmp(json_string_value(json_object_get(event, "state")), state) == 0);
    support_require(json_integer_value(json_object_get(event, "seq")) == seq);
}

/* Criterion has threads of its own, and a process with threads may not spawn a worker. */
#define IN_CHILD(name)                                                                             \
    static void name(void *unused);                                                                \
    Test(motion, name)                                                                             \
    {                                                                                              \
        cr_expect_eq(support_join(support_fork(name, NULL)), 0);                                   \
    }                                                                                              \
    static void name(void *unused __attribute__((unused)))

/* Frames 0 to 4 are empty; from 5 on something is there, and with the second such frame it is told.
 * After it has gone, in frame 9, a second (25 frames) passes before the stop. */
IN_CHILD(tells_the_very_cells_that_changed)
{
    static struct stage stage;
    struct scene scene = empty;
    scene.rectangles[0].x = 40;
    scene.rectangles[0].y = 80;
    scene.rectangles[0].width = 24;
    scene.rectangles[0].height = 12;
    open_stage(&stage, AT_ONCE);
    show(&stage, &empty, 5);
    show(&stage, &scene, 4);
    show(&stage, &empty, 40);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 4);
    require_event(events, 0, "start", 6, "[[40,80,24,12]]");
    require_event(events, 1, "update", 7, "[[40,80,24,12]]");
    require_event(events, 2, "update", 8, "[[40,80,24,12]]");
    require_event(events, 3, "stop", 33, "[]");
}

IN_CHILD(tells_regions_apart_and_joins_those_that_touch)
{
    static struct stage stage;
    struct scene scene = empty;
    scene.rectangles[0].x = 0;
    scene.rectangles[0].y = 0;
    scene.rectangles[0].width = scene.rectangles[0].height = 16;
    scene.rectangles[1] = scene.rectangles[0];
    scene.rectangles[1].x = 16; /* touches the first at a corner only */
    scene.rectangles[1].y = 16;
    scene.rectangles[2] = scene.rectangles[0];
    scene.rectangles[2].x = 304; /* at the right edge */
    scene.rectangles[2].y = 224;
    open_stage(&stage, AT_ONCE);
    show(&stage, &empty, 2);
    show(&stage, &scene, 2);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 4);
    require_event(events, 0, "start", 3, "[[0,0,32,32]]");
    require_event(events, 1, "start", 3, "[[304,224,16,16]]");
    require_event(events, 2, "stop", 3, "[]");
    require_event(events, 3, "stop", 3, "[]");
}

/* Larger than a whole number of cells: the last ones are narrower. */
IN_CHILD(keeps_its_boxes_in_a_picture_of_odd_size)
{
    static struct stage stage;
    const struct scene still = {.width = 319, .height = 241, .level = 60};
    struct scene scene = still;
    scene.rectangles[0].x = 300;
    scene.rectangles[0].y = 220;
    scene.rectangles[0].width = 19;
    scene.rectangles[0].height = 21;
    open_stage(&stage, AT_ONCE);
    show(&stage, &still, 2);
    show(&stage, &scene, 2);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 2);
    require_event(events, 0, "start", 3, "[[300,220,19,21]]");
}

IN_CHILD(of_one_frame_is_not_told)
{
    static struct stage stage;
    struct scene scene = empty;
    scene.rectangles[0].width = scene.rectangles[0].height = 40;
    open_stage(&stage, AT_ONCE);
    show(&stage, &empty, 2);
    show(&stage, &scene, 1);
    show(&stage, &empty, 2);
    show(&stage, &scene, 1);
    show(&stage, &empty, 2);
    support_require(json_array_size(close_stage(&stage)) == 0);
}

IN_CHILD(below_the_threshold_is_none)
{
    static struct stage stage;
    struct scene scene = empty;
    scene.rectangles[0].width = scene.rectangles[0].height = 40;
    open_stage(&stage, AT_ONCE ",threshold=140"); /* the rectangle is 140 levels above the rest */
    show(&stage, &empty, 2);
    show(&stage, &scene, 5);
    support_require(json_array_size(close_stage(&stage)) == 0);
}

/* 140 levels again: what the first frame shows is not taken for a change from black, and so for
 * noise, which would raise the threshold. */
IN_CHILD(is_seen_though_there_was_but_one_frame_before)
{
    static struct stage stage;
    struct scene scene = empty;
    scene.rectangles[0].width = scene.rectangles[0].height = 40;
    open_stage(&stage, AT_ONCE ",threshold=100");
    show(&stage, &empty, 1);
    show(&stage, &scene, 2);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 2);
    require_event(events, 0, "start", 2, "[[0,0,40,40]]");
}

IN_CHILD(is_not_what_the_light_does)
{
    static struct stage stage;
    struct scene bright = empty;
    bright.level = 180;
    open_stage(&stage, AT_ONCE);
    for (int i = 0; i < 3; i++) {
        show(&stage, &empty, 5);
        show(&stage, &bright, 5);
    }
    support_require(json_array_size(close_stage(&stage)) == 0);
}

IN_CHILD(is_not_another_size_of_the_picture)
{
    static struct stage stage;
    const struct scene large = {
        .width = 640, .height = 480, .level = 5, .rectangles = {{100, 100, 200, 200}}};
    open_stage(&stage, AT_ONCE);
    show(&stage, &empty, 5);
    show(&stage, &large, 5);
    show(&stage, &empty, 5);
    support_require(json_array_size(close_stage(&stage)) == 0);
}

/* What was there in the larger picture is nowhere in the smaller one: told so with its first frame,
 * where other things would be hidden for a second yet. Unconfirmed ones vanish without a word. */
IN_CHILD(is_over_when_the_size_of_the_picture_changes)
{
    static struct stage stage;
    const struct scene still = {.width = 640, .height = 480, .level = 60};
    struct scene scene = still, more = still;
    scene.rectangles[0].x = more.rectangles[0].x = 600;
    scene.rectangles[0].y = more.rectangles[0].y = 440;
    scene.rectangles[0].width = more.rectangles[0].width = 40;
    scene.rectangles[0].height = more.rectangles[0].height = 40;
    more.rectangles[1] = scene.rectangles[0];
    more.rectangles[1].x = 400;
    open_stage(&stage, AT_ONCE);
    show(&stage, &still, 2);
    show(&stage, &scene, 1);
    show(&stage, &more, 1);
    show(&stage, &empty, 50);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 2);
    require_event(events, 0, "start", 3, "[[600,440,40,40]]");
    require_event(events, 1, "stop", 4, "[]");
}

/* Without times nobody knows when a second is over: it ends with the first frame at rest. */
IN_CHILD(without_times_ends_too)
{
    static struct stage stage;
    struct scene scene = empty;
    struct scene still = empty;
    still.timeless = scene.timeless = true;
    scene.rectangles[0].width = scene.rectangles[0].height = 40;
    open_stage(&stage, AT_ONCE);
    show(&stage, &still, 2);
    show(&stage, &scene, 2);
    show(&stage, &still, 2);
    json_t *events = close_stage(&stage);
    support_require(json_array_size(events) == 2);
    require_event(events, 0, "start", 3, "[[0,0,40,40]]");
    require_event(events, 1, "stop", 4, "[]");
    support_require(json_is_null(json_object_get(json_array_get(events, 0), "pts")));
}
