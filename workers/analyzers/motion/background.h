/*
 * The background: what each cell of a grid looks like when nothing moves, and how far
 * it strays from that by itself.
 *
 * For each cell: its mean level, its noise (mean absolute deviation), and how restless
 * it is, that is, how often it was active for a moment: leaves in the wind are, a road
 * is not. A cell is active when its level is farther from the mean than
 *
 *     max(threshold, noises * noise) * (1 + restlessness)
 *
 * beyond what its neighbours' means allow for a camera that shakes a little. That is
 * a strong cell; half as far makes it a weak one, which belongs to an object only
 * beside strong ones.
 *
 * The mean follows cells that are not strong: what changes slowly, as daylight does, is
 * learned before it is far enough off. One that stays strong at an unchanged level for
 * `static_seconds` shows something that came to rest, and that becomes its background.
 *
 * Light. A change of the whole picture, as lamps, clouds and the camera's own exposure
 * make it, moves dark cells by one amount and bright ones by another; the background
 * follows it at once (motion_background_follow_light).
 *
 * Life story: init, then for each frame: fill `level`, follow_light, compare, and learn
 * unless the picture is not to be trusted; fini. Arrays have one element for each cell
 * and are allocated in init alone.
 */
#ifndef WORKERS_ANALYZERS_MOTION_BACKGROUND_H
#define WORKERS_ANALYZERS_MOTION_BACKGROUND_H

#include <stdbool.h>

#include "workers/analyzers/motion/config.h"
#include "workers/analyzers/vision/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

enum motion_activity { MOTION_STILL = 0, MOTION_WEAK = 1, MOTION_STRONG = 2 };

struct motion_background {
    struct vision_grid grid;
    const struct motion_config *config;
    float *level;         /* of the frame at hand, 0 to 255 */
    float *mean;          /* likewise */
    float *noise;         /* mean absolute deviation, levels */
    float *low, *high;    /* of the means in and around the cell */
    float *restless;      /* 0: never active for a moment only */
    float *rest, *rested; /* the level an active cell stays at, and for how many seconds */
    float *sensitivity;   /* of the zone the cell is in; 0: masked */
    uint8_t *activity;    /* enum motion_activity */
    float scale;          /* of the threshold, in a picture of little contrast; 1: plenty */
    int strong;           /* cells, in the frame at hand */
    int looked_at;        /* cells that are not masked */
    float light;          /* how much brighter the whole became in the frame at hand, levels */
};

int motion_background_init(struct motion_background *background, const struct vision_grid *grid,
                           const struct motion_config *config);
void motion_background_fini(struct motion_background *background);

/* Takes the frame at hand for the mean; what is known of noise is kept. */
void motion_background_restart(struct motion_background *background);

/* Takes the frame at hand for the mean within a part, from (left, top) up to before (right,
 * bottom). */
void motion_background_absorb(struct motion_background *background, int left, int top, int right,
                              int bottom);

/* Averages the frame at hand in, the `count`th since the start, and learns the noise of
 * every cell from it. */
void motion_background_calibrate(struct motion_background *background, int count);

void motion_background_follow_light(struct motion_background *background);

/* Finds activity, and counts strong cells. */
void motion_background_compare(struct motion_background *background);

/* Takes in what is not active, and what has rested; `seconds` since the last frame. */
void motion_background_learn(struct motion_background *background, float seconds);

#ifdef __cplusplus
}
#endif

#endif
