/*
 * Motion detectors that are compared: each sees the frames of a scene one by one and says
 * at once where something moves.
 */
#ifndef BENCH_MOTION_CONTENDER_H
#define BENCH_MOTION_CONTENDER_H

#include "workers/analyzers/motion/config.h"
#include "workers/analyzers/vision/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CONTENDER_BOXES_MAX 64
#define CONTENDER_MIN_AREA 0.1 /* percent of the picture; the same for all */

struct scene_recipe;

struct contender {
    const char *name;
    bool is_elsewhere; /* what it costs is not to be told from here */
    /* A state for pictures of this size, of that scene (NULL: of none). NULL: it can't. */
    void *(*create)(const struct scene_recipe *recipe, int width, int height);
    /* `data` is gray, full range, and padded as frames are. Returns the number of boxes. */
    int (*look)(void *state, const uint8_t *data, int stride, double seconds,
                struct vision_box boxes[CONTENDER_BOXES_MAX]);
    void (*destroy)(void *state);
};

extern const struct contender contender_ringside; /* with the options' defaults */
extern const struct contender contender_mog2;     /* OpenCV's, with its defaults, and contours */

extern const struct contender contender_mog2_tracked; /* the same, behind ringside's tracker */

/* The options that ringside's has now. */
void contender_ringside_config(struct motion_config *config);

/* Sets options of ringside's, as on the command line; false, and a message, where that fails. */
bool contender_ringside_set(const char *options);

#ifdef __cplusplus
}
#endif

#endif
