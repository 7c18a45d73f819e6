/* scene: tells where the picture becomes another one. How it is found: scene/detector.h. */
#include <jansson.h>

#include "workers/analyzers/scene/detector.h"
#include "workers/back.h"

struct scene {
    struct scene_config config;
    struct scene_detector detector;
};

static int open__(struct worker_camera *camera, void *state)
{
    struct scene *scene = state;
    (void)camera;
    scene_detector_init(&scene->detector, &scene->config);
    return 0;
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct scene *scene = state;
    struct scene_change change;
    if (frame->descriptor.flags & FRAME_FLAG_CORRUPT)
        return 0;
    int error = scene_detector_look(&scene->detector, frame, &change);
    if (error || change.kind == SCENE_NONE)
        return error;
    return worker_event__(camera, "scene", "{s:s, s:o, s:o, s:f}", "kind",
                          change.kind == SCENE_CUT ? "cut" : "gradual", "begin",
                          worker_seconds__(change.begin), "end", worker_seconds__(change.end),
                          "change", change.change);
}

static void close__(struct worker_camera *camera, void *state)
{
    struct scene *scene = state;
    (void)camera;
    scene_detector_fini(&scene->detector);
}

#define REAL(name, from, to, by_default, text)                                                     \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_REAL, .offset = offsetof(struct scene, config.name),   \
        .initial = (by_default), .minimum = (from), .maximum = (to), .help = (text)                \
    }

static const struct worker_option options[] = {
    REAL(threshold, 1, 255, 14, "levels of 0 to 255 that two scenes differ by, on the mean"),
    REAL(part, 0, 100, 75, "percent of the picture that has to be otherwise"),
    REAL(gradual, 0.1, 255, 1.2, "levels from one frame to the next that are a change"),
    REAL(confirm_seconds, 0, 60, 0.2, "seconds that a new scene has to last, or it was a flash"),
    {.key = NULL},
};

extern const struct worker_class worker_scene;
const struct worker_class worker_scene = {
    .name = "scene",
    .summary = "tells cuts and gradual changes of the picture",
    .state_size = sizeof(struct scene),
    .options = options,
    .wants = {.luma = true},
    .open__ = open__,
    .frame__ = frame__,
    .close__ = close__,
};
