/*
 * What motion sees, as pictures for the person who tunes it.
 *
 * For a frame, four files in a directory, one pixel for each cell but for the last:
 *
 *     NAME-000042-background.png   the means
 *     NAME-000042-difference.png   how far the frame is from them, four times as bright
 *     NAME-000042-mask.png         gray: weak cells, white: strong ones and all of blobs
 *     NAME-000042-boxes.png        the frame with its objects; dotted: not confirmed
 */
#ifndef WORKERS_ANALYZERS_MOTION_DEBUG_H
#define WORKERS_ANALYZERS_MOTION_DEBUG_H

#include "workers/analyzers/motion/detector.h"

#ifdef __cplusplus
extern "C" {
#endif

struct motion_debug;

/* Makes the directory if it has to; `name` is what the files' names begin with. As mkdir(2),
 * -ENOMEM. */
int motion_debug_create(struct motion_debug **out, const char *directory, const char *name);
void motion_debug_destroy(struct motion_debug **debug);

/* Writes the pictures of the frame that the detector has just looked at. As vision_still_encode
 * and vision_still_save. */
int motion_debug_write(struct motion_debug *debug, const struct motion_detector *detector,
                       const struct frame *frame, unsigned number);

#ifdef __cplusplus
}
#endif

#endif
