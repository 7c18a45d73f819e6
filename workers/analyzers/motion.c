/*
 * motion: tells when and where something moves; one series of events, start, update and
 * stop, for each object. How it is found: motion/detector.h.
 */
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "workers/analyzers/motion/debug.h"
#include "workers/analyzers/motion/detector.h"
#include "workers/analyzers/motion/options.h"
#include "workers/back.h"

struct motion {
    struct motion_options options; /* first, see there */
    char debug_directory[PATH_MAX / 2];
    int debug_every; /* frames */

    struct motion_zones *zones; /* NULL: none */
    struct motion_detector *detector;
    struct motion_debug *debug; /* NULL: none */
    unsigned frames;
};

static int tell(struct worker_camera *camera, const struct motion *motion,
                const struct motion_object *object)
{
    static const char *const names[] = {
        [MOTION_START] = "start", [MOTION_UPDATE] = "update", [MOTION_STOP] = "stop"};
    const struct vision_box box = motion_detector_box(motion->detector, object);
    const bool over = object->state == MOTION_STOP;
    json_t *boxes =
        over ? json_array() : json_pack("[[i,i,i,i]]", box.x, box.y, box.width, box.height);
    return worker_event__(
        camera, "motion", "{s:s, s:i, s:s?, s:o, s:f, s:o}", "state", names[object->state], "id",
        (int)object->id, "zone", motion_zones_name(motion->zones, object->zone), "boxes", boxes,
        "score", motion_detector_score(motion->detector, over ? object->cells_max : object->cells),
        "duration", worker_seconds__(motion_detector_duration(motion->detector, object)));
}

static int tell_all(struct worker_camera *camera, const struct motion *motion)
{
    int count, error = 0;
    const struct motion_object *objects = motion_detector_objects(motion->detector, &count);
    for (int i = 0; i < count && !error; i++)
        if (objects[i].state != MOTION_UNCONFIRMED && objects[i].state != MOTION_HIDDEN)
            error = tell(camera, motion, &objects[i]);
    return error;
}

/* That the disk is full, say, is no reason to see no motion. */
static void write_debug(struct worker_camera *camera, struct motion *motion,
                        const struct frame *frame)
{
    const unsigned number = motion->frames++;
    if (!motion->debug || number % (unsigned)motion->debug_every != 0)
        return;
    int error = motion_debug_write(motion->debug, motion->detector, frame, number);
    if (!error)
        return;
    worker_log__(camera, "no more pictures, debug=%s: %s", motion->debug_directory,
                 strerror(-error));
    motion_debug_destroy(&motion->debug);
}

/* What a frame shows that the decoder has flagged as damaged is not trusted to be there. */
static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct motion *motion = state;
    struct frame_luma luma;
    if (frame->descriptor.flags & FRAME_FLAG_CORRUPT)
        return 0;
    int error = frame_luma(frame, &luma);
    if (!error)
        error = motion_detector_look(motion->detector, &luma, frame_effective_range(frame),
                                     frame_pts_seconds(&frame->descriptor));
    if (error)
        return error;
    write_debug(camera, motion, frame);
    return tell_all(camera, motion);
}

static int open_zones(struct worker_camera *camera, struct motion *motion)
{
    char problem[256];
    if (!*motion->options.zones)
        return 0;
    int error = motion_zones_load(&motion->zones, motion->options.zones, problem, sizeof problem);
    if (error)
        worker_log__(camera, "%s: %s",
                     *motion->options.zones == '{' ? "zones" : motion->options.zones, problem);
    return error;
}

/* Several cameras may share a directory. */
static int open_debug(struct worker_camera *camera, struct motion *motion)
{
    if (!*motion->debug_directory)
        return 0;
    int error =
        motion_debug_create(&motion->debug, motion->debug_directory, worker_camera_name__(camera));
    if (error)
        worker_log__(camera, "debug=%s: %s", motion->debug_directory, strerror(-error));
    return error;
}

static int open__(struct worker_camera *camera, void *state)
{
    struct motion *motion = state;
    int error = open_zones(camera, motion);
    if (!error)
        error = open_debug(camera, motion);
    return error
               ? error
               : motion_detector_create(&motion->detector, &motion->options.config, motion->zones);
}

static void close__(struct worker_camera *camera, void *state)
{
    struct motion *motion = state;
    if (motion->detector) {
        motion_detector_end(motion->detector);
        tell_all(camera, motion);
    }
    motion_detector_destroy(&motion->detector);
    motion_debug_destroy(&motion->debug);
    motion_zones_free(&motion->zones);
}

#define INT(name, from, to, by_default, text)                                                      \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_INT,                                                   \
        .offset = offsetof(struct motion, options.config.name), .initial = (by_default),           \
        .minimum = (from), .maximum = (to), .help = (text)                                         \
    }
#define REAL(name, from, to, by_default, text)                                                     \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_REAL,                                                  \
        .offset = offsetof(struct motion, options.config.name), .initial = (by_default),           \
        .minimum = (from), .maximum = (to), .help = (text)                                         \
    }

#define PATH(name, field, text)                                                                    \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_STRING, .offset = offsetof(struct motion, field),      \
        .maximum = sizeof((struct motion *)0)->field, .help = (text)                               \
    }

static const struct worker_option options[] = {
    INT(threshold, 1, 255, 8, "difference from the background that counts, in levels of 0 to 255"),
    REAL(noises, 0, 100, 5, "likewise, in times a place's own noise (mean deviation)"),
    REAL(shake, 0, 10, 0.5, "how far the camera may shake, in percent of the picture's height"),
    REAL(contrast, 0, 255, 64, "levels; a picture of less contrast has a lower threshold"),
    INT(detail, 16, 1024, 135, "rows that the picture is reduced to, in cells of 4 pixels or more"),
    REAL(min_area, 0, 100, 0.1, "smallest moving region, in percent of the picture"),
    REAL(max_area, 0, 100, 100, "largest moving region, in percent of the picture"),
    INT(start_frames, 1, 1000, 4, "frames in a row with motion before it is told"),
    REAL(travel, 0, 100, 2,
         "way it has to go before it is told, in percent of the picture's height"),
    REAL(linger_seconds, 0, 3600, 2, "seconds after which it is told without having gone any way"),
    REAL(stop_seconds, 0, 3600, 1, "seconds without motion before it is over"),
    REAL(learn_seconds, 0, 3600, 1, "seconds at the start in which all is background"),
    REAL(adapt_seconds, 0.01, 3600, 0.5, "seconds in which the background follows slow changes"),
    REAL(static_seconds, 0.1, 86400, 20, "seconds after which what rests becomes background"),
    REAL(light, 1, 100, 60, "percent of the picture that changes at once with the light"),
    REAL(settle_seconds, 0, 60, 0.6, "seconds after which changed light is taken for lasting"),
    PATH(zones, options.zones,
         "JSON file of zones and masks, or the JSON; see ringside-analyzers(7)"),
    PATH(debug, debug_directory, "directory for pictures of what it sees, to tune it by"),
    {.key = "debug_every",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct motion, debug_every),
     .initial = 10,
     .minimum = 1,
     .maximum = 1000000,
     .help = "frames from one such set of pictures to the next"},
    {.key = NULL},
};

extern const struct worker_class worker_motion;
const struct worker_class worker_motion = {
    .name = "motion",
    .summary = "tells when and where something moves",
    .state_size = sizeof(struct motion),
    .options = options,
    .wants = {.luma = true},
    .open__ = open__,
    .frame__ = frame__,
    .close__ = close__,
};
