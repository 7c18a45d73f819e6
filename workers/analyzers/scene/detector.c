#include "workers/analyzers/scene/detector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "workers/analyzers/vision/measure.h"

#define DETAIL 45           /* rows */
#define JUMP 4.0F           /* times the usual difference that a cut has at least */
#define USUAL_SHARE 0.1F    /* of a new difference taken over each frame */
#define RETURNED 0.5        /* of the change, from which on it is undone */
#define CHANGED 8.0F        /* levels that a cell differs by that shows something else */
#define CALM_SECONDS 0.2    /* without change that end a gradual one */
#define GRADUAL_SECONDS 0.1 /* that it takes at least */
#define GRADUAL_LONGEST 15.0

void scene_detector_init(struct scene_detector *detector, const struct scene_config *config)
{
    *detector = (struct scene_detector){.config = config};
}

void scene_detector_fini(struct scene_detector *detector)
{
    vision_reduced_fini(&detector->picture);
    free(detector->before);
    *detector = (struct scene_detector){.config = detector->config};
}

static size_t size_of(const struct scene_detector *detector)
{
    return (size_t)detector->picture.grid.cells * sizeof *detector->before;
}

/* Of another size: it begins anew. */
static int begin(struct scene_detector *detector)
{
    free(detector->before);
    detector->before = malloc(size_of(detector));
    detector->state = SCENE_STEADY;
    detector->usual = 0;
    return detector->before ? 0 : -ENOMEM;
}

/* The picture before this frame is what may be changing. */
static void suspect(struct scene_detector *detector, int state, double seconds)
{
    memcpy(detector->before, detector->picture.previous, size_of(detector));
    detector->state = state;
    detector->since = detector->calm_since = detector->clock.now;
    detector->candidate =
        (struct scene_change){.begin = seconds, .end = seconds, .frame = detector->frames - 1};
}

static double from_before(const struct scene_detector *detector)
{
    return vision_difference(&detector->picture.grid, detector->before, detector->picture.levels);
}

/* Whether that is another picture than before. */
static bool is_another(const struct scene_detector *detector, double apart)
{
    const double part = vision_differing(&detector->picture.grid, detector->before,
                                         detector->picture.levels, CHANGED);
    return apart >= detector->config->threshold && part * 100 >= detector->config->part;
}

static void confirm(struct scene_detector *detector, enum scene_kind kind, double difference,
                    struct scene_change *change)
{
    detector->state = SCENE_STEADY;
    detector->usual = 0;
    *change = detector->candidate;
    change->kind = kind;
    change->change = difference;
}

static void watch(struct scene_detector *detector, double difference, double seconds)
{
    const struct scene_config *config = detector->config;
    if (difference >= config->threshold && difference >= JUMP * detector->usual)
        suspect(detector, SCENE_JUMPED, seconds);
    else if (difference >= config->gradual)
        suspect(detector, SCENE_CHANGING, seconds);
    else
        detector->usual += ((float)difference - detector->usual) * USUAL_SHARE;
}

static void watch_jump(struct scene_detector *detector, struct scene_change *change)
{
    const struct scene_config *config = detector->config;
    const double apart = from_before(detector);
    const double since = detector->since - VISION_CLOCK_ROUNDING;
    const bool lasted = detector->clock.now - since >= config->confirm_seconds;
    if (!lasted && apart >= config->threshold * RETURNED)
        return;
    detector->state = SCENE_STEADY;
    if (is_another(detector, apart))
        confirm(detector, SCENE_CUT, apart, change);
}

static void watch_change(struct scene_detector *detector, double difference, double seconds,
                         struct scene_change *change)
{
    const struct scene_config *config = detector->config;
    const double now = detector->clock.now;
    if (difference >= config->threshold && difference >= JUMP * detector->usual) {
        suspect(detector, SCENE_JUMPED, seconds);
        return;
    }
    detector->usual += ((float)difference - detector->usual) * USUAL_SHARE;
    if (difference >= config->gradual) {
        detector->calm_since = now;
        detector->candidate.end = seconds;
    }
    const bool calm = now - detector->calm_since >= CALM_SECONDS;
    if (!calm && now - detector->since < GRADUAL_LONGEST)
        return;
    const double apart = from_before(detector);
    detector->state = SCENE_STEADY;
    if (detector->calm_since - detector->since >= GRADUAL_SECONDS && is_another(detector, apart))
        confirm(detector, SCENE_GRADUAL, apart, change);
}

int scene_detector_look(struct scene_detector *detector, const struct frame *frame,
                        struct scene_change *change)
{
    const double seconds = frame_pts_seconds(&frame->descriptor);
    *change = (struct scene_change){.kind = SCENE_NONE};
    int error = vision_reduced_take(&detector->picture, frame, DETAIL);
    if (!error && detector->picture.fresh)
        error = begin(detector);
    if (error)
        return error;
    vision_clock_advance(&detector->clock, seconds);
    detector->frames++;
    if (!detector->picture.fresh) {
        const double difference = vision_difference(
            &detector->picture.grid, detector->picture.previous, detector->picture.levels);
        if (detector->state == SCENE_STEADY)
            watch(detector, difference, seconds);
        else if (detector->state == SCENE_JUMPED)
            watch_jump(detector, change);
        else
            watch_change(detector, difference, seconds, change);
    }
    return 0;
}
