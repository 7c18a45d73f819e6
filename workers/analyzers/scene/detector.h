/*
 * The scene detector: where the picture becomes another one, at once or little by little.
 *
 * Each frame is reduced to a coarse grid and compared with the one before. What differs
 * from it much more than frames lately did may be a cut, or the first frame of a flash: the
 * picture before is kept, and if the new one does not return to it within
 * `confirm_seconds`, it was a cut. A run of small differences, as in a fade, is a gradual
 * change if the picture after it differs from the one before it as a cut's does: on the
 * mean, and in so large a part that it is not something which moves.
 *
 *     STEADY --one great difference--> JUMPED --stays so--> STEADY: a cut
 *                                             --returns---> STEADY: a flash, nothing
 *     STEADY --small differences--> CHANGING --they end--> STEADY: gradual, or nothing
 *
 * Life story. Zeroed, with a config; sees every frame; fini. Memory is allocated for the
 * first frame of a size and kept.
 */
#ifndef WORKERS_ANALYZERS_SCENE_DETECTOR_H
#define WORKERS_ANALYZERS_SCENE_DETECTOR_H

#include "workers/analyzers/vision/clock.h"
#include "workers/analyzers/vision/reduced.h"

#ifdef __cplusplus
extern "C" {
#endif

struct scene_config {
    double threshold;       /* levels, on the mean, between two scenes */
    double part;            /* percent of the picture that has to change */
    double gradual;         /* levels from frame to frame that make a change */
    double confirm_seconds; /* that a new scene has to last */
};

enum scene_kind { SCENE_NONE, SCENE_CUT, SCENE_GRADUAL };

/* A change. Times are the frames' own, in seconds, NAN where they have none. */
struct scene_change {
    enum scene_kind kind;
    double begin, end;   /* the first frame that is otherwise, and the first that stays so */
    unsigned long frame; /* `begin` as a number of frames that the detector has seen, from 0 */
    double change;       /* levels, on the mean */
};

struct scene_detector {
    const struct scene_config *config;
    enum { SCENE_STEADY, SCENE_JUMPED, SCENE_CHANGING } state;
    struct vision_reduced picture;
    struct vision_clock clock;
    unsigned long frames;
    float *before;                 /* the frame before the change that goes on */
    float usual;                   /* difference from frame to frame, levels */
    double since, calm_since;      /* on the clock */
    struct scene_change candidate; /* where it begins */
};

void scene_detector_init(struct scene_detector *detector, const struct scene_config *config);
void scene_detector_fini(struct scene_detector *detector);

/* Looks at a frame; change->kind says whether one became known with it. -ENOMEM, -ENOTSUP. */
int scene_detector_look(struct scene_detector *detector, const struct frame *frame,
                        struct scene_change *change);

#ifdef __cplusplus
}
#endif

#endif
