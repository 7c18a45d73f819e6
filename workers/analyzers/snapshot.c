/*
 * snapshot: pictures of a camera as files, every so many seconds, of each new scene, and the
 * best of each object that moves. Names and what is kept: snapshot/store.h; the best one:
 * snapshot/best.h.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libframe/convert.h"
#include "workers/analyzers/scene/detector.h"
#include "workers/analyzers/snapshot/best.h"
#include "workers/analyzers/snapshot/store.h"
#include "workers/analyzers/vision/clock.h"
#include "workers/back.h"

#define MIB (1024.0 * 1024.0)

struct snapshot {
    struct snapshot_store store;
    double every_seconds;
    bool on_scene, on_motion;
    int kind; /* enum vision_still_kind */
    int quality;
    double keep_mib;
    char motion[1024];
    char scene[256];

    struct vision_still *still;
    struct frame_converter *converter; /* to gray */
    struct vision_clock clock;
    double due; /* on the clock */
    uint64_t frames;
    struct scene_detector detector;
    struct worker_config scene_config, motion_config; /* of the classes' own options */
    struct snapshot_best *best;
};

static int64_t wall_clock(int64_t ns)
{
    struct timespec now;
    if (ns > 0)
        return ns;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* That a picture can't be written is told in the log; the next one may be. */
static int put(struct worker_camera *camera, struct snapshot *snapshot,
               const struct snapshot_name *name, const struct snapshot_picture *picture)
{
    char path[PATH_MAX];
    const int error =
        snapshot_store_put(&snapshot->store, name, picture->data, picture->size, path);
    if (error) {
        worker_log__(camera, "no picture %s: %s", path, strerror(-error));
        return 0;
    }
    return worker_event__(camera, "snapshot", "{s:s, s:s, s:I, s:o, s:o}", "reason", name->reason,
                          "path", path, "bytes", (json_int_t)picture->size, "taken",
                          worker_seconds__(picture->pts), "id",
                          picture->id ? json_integer(picture->id) : json_null());
}

static int take(struct worker_camera *camera, struct snapshot *snapshot, const struct frame *frame,
                const char *reason)
{
    struct snapshot_picture picture = {.pts = frame_pts_seconds(&frame->descriptor)};
    int error = vision_still_encode(snapshot->still, frame, &picture.data, &picture.size);
    const struct snapshot_name name = {.reason = reason,
                                       .seq = snapshot->frames,
                                       .pts = picture.pts,
                                       .wall_ns = wall_clock(frame->descriptor.wall_clock_ns)};
    return error ? error : put(camera, snapshot, &name, &picture);
}

static int take_best(struct worker_camera *camera, struct snapshot *snapshot)
{
    struct snapshot_picture picture;
    int error = 0;
    while (!error && snapshot->best && snapshot_best_take(snapshot->best, &picture)) {
        const struct snapshot_name name = {.reason = "motion",
                                           .seq = picture.frame,
                                           .pts = picture.pts,
                                           .wall_ns = wall_clock(picture.wall_ns)};
        error = put(camera, snapshot, &name, &picture);
    }
    return error;
}

static bool is_due(struct snapshot *snapshot)
{
    const double every = snapshot->every_seconds;
    const double now = snapshot->clock.now + VISION_CLOCK_ROUNDING;
    if (every <= 0 || now < snapshot->due)
        return false;
    snapshot->due += every;
    if (snapshot->due <= now)
        snapshot->due = now + every;
    return true;
}

static int look_for_scene(struct worker_camera *camera, struct snapshot *snapshot,
                          const struct frame *frame, const struct frame *gray)
{
    struct scene_change change = {.kind = SCENE_NONE};
    int error = scene_detector_look(&snapshot->detector, gray, &change);
    if (error || change.kind == SCENE_NONE)
        return error;
    return take(camera, snapshot, frame, "scene");
}

static int look_for_motion(struct worker_camera *camera, struct snapshot *snapshot,
                           const struct frame *frame, const struct frame *gray)
{
    int error = snapshot_best_look(snapshot->best, frame, gray);
    return error ? error : take_best(camera, snapshot);
}

/* What is looked for is looked for in luma; where the frame has none to point at, in gray. */
static int look(struct worker_camera *camera, struct snapshot *snapshot, const struct frame *frame)
{
    struct frame_luma luma;
    struct frame gray = *frame;
    int error = 0;
    if (frame_luma(frame, &luma) != 0)
        error = frame_convert(snapshot->converter, frame, FRAME_FORMAT_GRAY8, frame->width,
                              frame->height, &gray);
    if (!error && snapshot->on_scene)
        error = look_for_scene(camera, snapshot, frame, &gray);
    if (!error && snapshot->on_motion)
        error = look_for_motion(camera, snapshot, frame, &gray);
    return error;
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct snapshot *snapshot = state;
    int error = 0;
    if (frame->descriptor.flags & FRAME_FLAG_CORRUPT)
        return 0;
    vision_clock_advance(&snapshot->clock, frame_pts_seconds(&frame->descriptor));
    if (is_due(snapshot))
        error = take(camera, snapshot, frame, "interval");
    if (!error && (snapshot->on_scene || snapshot->on_motion))
        error = look(camera, snapshot, frame);
    snapshot->frames++;
    return error;
}

/* -- opening and closing ----------------------------------------------------------------------- */

static int parse(struct worker_camera *camera, struct worker_config *config, const char *class_,
                 const char *options)
{
    char problem[256];
    int error = worker_config_parse(config, worker_class_find(class_), *options ? options : NULL,
                                    problem, sizeof problem);
    if (error)
        worker_log__(camera, "%s=%s: %s", class_, options, problem);
    return error;
}

static int open_motion(struct worker_camera *camera, struct snapshot *snapshot)
{
    char problem[256] = "";
    if (!snapshot->on_motion)
        return 0;
    int error = parse(camera, &snapshot->motion_config, "motion", snapshot->motion);
    if (!error)
        error = snapshot_best_create(&snapshot->best, snapshot->motion_config.options,
                                     snapshot->still, problem, sizeof problem);
    if (*problem)
        worker_log__(camera, "motion=%s: %s", snapshot->motion, problem);
    return error;
}

static int open_scene(struct worker_camera *camera, struct snapshot *snapshot)
{
    if (!snapshot->on_scene)
        return 0;
    int error = parse(camera, &snapshot->scene_config, "scene", snapshot->scene);
    if (!error)
        scene_detector_init(&snapshot->detector, snapshot->scene_config.options);
    return error;
}

static int open__(struct worker_camera *camera, void *state)
{
    struct snapshot *snapshot = state;
    snapshot->store.keep_bytes = snapshot->keep_mib * MIB;
    int error = snapshot_store_open(&snapshot->store, worker_camera_name__(camera));
    if (error)
        worker_log__(camera, "directory=%s, name=%s: %s", snapshot->store.directory,
                     snapshot->store.pattern, strerror(-error));
    if (!error)
        error = vision_still_create(&snapshot->still, (enum vision_still_kind)snapshot->kind,
                                    snapshot->quality);
    if (!error)
        error = frame_converter_create(&snapshot->converter, NULL);
    if (!error)
        error = open_scene(camera, snapshot);
    return error ? error : open_motion(camera, snapshot);
}

static void close__(struct worker_camera *camera, void *state)
{
    struct snapshot *snapshot = state;
    if (snapshot->best) {
        snapshot_best_end(snapshot->best);
        take_best(camera, snapshot);
    }
    snapshot_best_destroy(&snapshot->best);
    scene_detector_fini(&snapshot->detector);
    worker_config_free(&snapshot->motion_config);
    worker_config_free(&snapshot->scene_config);
    frame_converter_destroy(&snapshot->converter);
    vision_still_destroy(&snapshot->still);
}

#define OPTION(name, of_type, field, ...)                                                          \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_##of_type, .offset = offsetof(struct snapshot, field), \
        __VA_ARGS__                                                                                \
    }
#define TEXT(name, field, text, what)                                                              \
    OPTION(name, STRING, field, .maximum = sizeof((struct snapshot *)0)->field,                    \
           .initial_text = (text), .help = (what))

static const char *const kinds[] = {[VISION_JPEG] = "jpeg", [VISION_PNG] = "png", NULL};

static const struct worker_option options[] = {
    TEXT(directory, store.directory, "snapshots", "where files go; made if it has to be"),
    TEXT(name, store.pattern, "{camera}-{time}-{reason}-{seq}.jpg",
         "names, of {camera}, {time}, {reason}, {seq} and {pts}"),
    OPTION(every_seconds, REAL, every_seconds, .initial = 10, .maximum = 86400,
           .help = "seconds from one picture to the next; 0: none at intervals"),
    OPTION(on_scene, BOOL, on_scene, .help = "a picture of each new scene"),
    OPTION(on_motion, BOOL, on_motion, .help = "the best picture of each object that moves"),
    OPTION(format, CHOICE, kind, .choices = kinds, .help = "of the files"),
    OPTION(quality, INT, quality, .initial = 85, .minimum = 1, .maximum = 100, .help = "of a JPEG"),
    OPTION(keep, INT, store.keep, .initial = 1000, .maximum = 1000000,
           .help = "files of a camera that are kept, the newest; 0: all"),
    OPTION(keep_mib, REAL, keep_mib, .maximum = 1e9,
           .help = "likewise, how much they may take together, in MiB; 0: any"),
    TEXT(motion, motion, NULL, "options of motion for on_motion, as min_area=1\\,zones=FILE"),
    TEXT(scene, scene, NULL, "options of scene for on_scene"),
    {.key = NULL},
};

extern const struct worker_class worker_snapshot;
const struct worker_class worker_snapshot = {
    .name = "snapshot",
    .summary = "writes pictures: at intervals, of scenes, of what moves",
    .state_size = sizeof(struct snapshot),
    .options = options,
    .open__ = open__,
    .frame__ = frame__,
    .close__ = close__,
};
