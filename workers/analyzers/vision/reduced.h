/*
 * A reduced picture: a frame's luma on a grid, and the memory for it.
 *
 * Life story. Zeroed; takes a frame after the other; fini. Memory is allocated for the
 * first frame of a size and kept. Then `fresh` is set, for whoever compares frames: there
 * is nothing yet to compare this one with.
 */
#ifndef WORKERS_ANALYZERS_VISION_REDUCED_H
#define WORKERS_ANALYZERS_VISION_REDUCED_H

#include <stdbool.h>

#include "workers/analyzers/vision/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vision_reduced {
    struct vision_grid grid;
    float *levels;   /* of each cell, 0 to 255; what is brighter or darker than that is cut */
    float *previous; /* of the frame before; where it is `fresh`, the same as now */
    uint32_t *sums;
    bool fresh; /* the first of its size */
};

/* Reduces a frame to about `detail` rows. -ENOMEM, -ENOTSUP as frame_luma. */
int vision_reduced_take(struct vision_reduced *reduced, const struct frame *frame, int detail);

void vision_reduced_fini(struct vision_reduced *reduced);

#ifdef __cplusplus
}
#endif

#endif
