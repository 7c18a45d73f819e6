/*
 * Blobs: active cells of one frame that hang together.
 *
 * A blob is made of weak and strong cells that touch, at a corner too, and has at least
 * one strong cell with an active neighbour; a cell alone is noise. Blobs whose boxes
 * lie a cell apart or less are one.
 *
 * A blob in which the background's own structure is still to be seen, only brighter or
 * darker, is no object but light: a shadow, a beam. So is one that fades away on all
 * sides. They are left out, and so is what shows nothing but background that was
 * covered before.
 */
#ifndef WORKERS_ANALYZERS_MOTION_BLOB_H
#define WORKERS_ANALYZERS_MOTION_BLOB_H

#include "workers/analyzers/motion/background.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOTION_BLOBS_MAX 64

struct motion_blob {
    int left, top, right, bottom; /* cells, all included */
    int cells;                    /* active ones */
    int zone;                     /* that most of it is in, negative: none; see zone.h */
    bool admitted;                /* its zone takes it, see zone.h */
};

/* Finds the blobs of at least `least` cells, the largest ones if there are more than
 * MOTION_BLOBS_MAX, and returns their number. `pending` has room for one number for each cell. */
int motion_blobs_find(struct motion_background *background, int least, int *pending,
                      struct motion_blob blobs[MOTION_BLOBS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
