#include "workers/analyzers/snapshot/best.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workers/analyzers/motion/detector.h"

#define MUCH_LARGER 1.25 /* times what it was in its last picture */
#define CUT_OFF 0.5      /* what a picture is worth in which the object touches the edge */

struct portrait {
    struct snapshot_picture picture; /* id 0: none */
    uint8_t *memory;
    size_t room;
    bool gone;
};

struct snapshot_best {
    struct vision_still *still;
    struct motion_zones *zones;
    struct motion_detector *detector;
    uint64_t frames;
    struct portrait portraits[MOTION_OBJECTS_MAX];
};

int snapshot_best_create(struct snapshot_best **out, const struct motion_options *options,
                         struct vision_still *still, char *problem, size_t size)
{
    struct snapshot_best *best = calloc(1, sizeof *best);
    int error = best ? 0 : -ENOMEM;
    *out = NULL;
    if (!error && *options->zones)
        error = motion_zones_load(&best->zones, options->zones, problem, size);
    if (!error)
        error = motion_detector_create(&best->detector, &options->config, best->zones);
    if (error)
        snapshot_best_destroy(&best);
    else
        best->still = still;
    *out = best;
    return error;
}

void snapshot_best_destroy(struct snapshot_best **best)
{
    if (!*best)
        return;
    for (int i = 0; i < MOTION_OBJECTS_MAX; i++)
        free((*best)->portraits[i].memory);
    motion_detector_destroy(&(*best)->detector);
    motion_zones_free(&(*best)->zones);
    free(*best);
    *best = NULL;
}

/* The portrait of an object, or an empty one; NULL: there is no room. */
static struct portrait *portrait_of(struct snapshot_best *best, unsigned id)
{
    struct portrait *empty = NULL;
    for (int i = 0; i < MOTION_OBJECTS_MAX; i++) {
        struct portrait *portrait = &best->portraits[i];
        if (portrait->picture.id == id)
            return portrait;
        if (portrait->picture.id == 0 && !empty)
            empty = portrait;
    }
    return empty;
}

static double worth(const struct snapshot_best *best, const struct motion_object *object,
                    const struct frame *frame)
{
    const struct vision_box box = motion_detector_box(best->detector, object);
    const bool cut = box.x <= 0 || box.y <= 0 || box.x + box.width >= frame->width ||
                     box.y + box.height >= frame->height;
    return motion_detector_score(best->detector, object->cells) * (cut ? CUT_OFF : 1);
}

static int keep(struct portrait *portrait, const uint8_t *data, size_t size)
{
    if (size > portrait->room) {
        uint8_t *memory = realloc(portrait->memory, size);
        if (!memory)
            return -ENOMEM;
        portrait->memory = memory;
        portrait->room = size;
    }
    memcpy(portrait->memory, data, size);
    portrait->picture.data = portrait->memory;
    portrait->picture.size = size;
    return 0;
}

static int draw(struct snapshot_best *best, struct portrait *portrait,
                const struct motion_object *object, const struct frame *frame)
{
    const double score = worth(best, object, frame);
    const uint8_t *data;
    size_t size;
    if (portrait->picture.id && score < portrait->picture.score * MUCH_LARGER)
        return 0;
    int error = vision_still_encode(best->still, frame, &data, &size);
    if (!error)
        error = keep(portrait, data, size);
    if (error)
        return error;
    portrait->gone = false;
    portrait->picture.id = object->id;
    portrait->picture.frame = best->frames;
    portrait->picture.pts = frame_pts_seconds(&frame->descriptor);
    portrait->picture.wall_ns = frame->descriptor.wall_clock_ns;
    portrait->picture.score = score;
    return 0;
}

int snapshot_best_look(struct snapshot_best *best, const struct frame *frame,
                       const struct frame *gray)
{
    struct frame_luma luma;
    int count = 0;
    int error = frame_luma(gray, &luma);
    if (!error)
        error = motion_detector_look(best->detector, &luma, frame_effective_range(gray),
                                     frame_pts_seconds(&frame->descriptor));
    const struct motion_object *objects = motion_detector_objects(best->detector, &count);
    for (int i = 0; i < count && !error; i++) {
        struct portrait *portrait = objects[i].id ? portrait_of(best, objects[i].id) : NULL;
        if (!portrait)
            continue;
        if (objects[i].state == MOTION_STOP)
            portrait->gone = true;
        else if (objects[i].state != MOTION_HIDDEN)
            error = draw(best, portrait, &objects[i], frame);
    }
    best->frames++;
    return error;
}

void snapshot_best_end(struct snapshot_best *best)
{
    for (int i = 0; i < MOTION_OBJECTS_MAX; i++)
        best->portraits[i].gone = true;
}

bool snapshot_best_take(struct snapshot_best *best, struct snapshot_picture *picture)
{
    for (int i = 0; i < MOTION_OBJECTS_MAX; i++) {
        struct portrait *portrait = &best->portraits[i];
        if (!portrait->gone || portrait->picture.id == 0)
            continue;
        *picture = portrait->picture;
        portrait->picture.id = 0;
        return true;
    }
    return false;
}
