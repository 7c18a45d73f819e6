/*
 * The detector: luma in, objects out.
 *
 * Each frame is reduced to a grid of cells, compared with a background, its active cells
 * gathered to blobs, and these followed as objects: vision/grid.h, background.h, blob.h
 * and tracker.h, one step each. What is left is to know when not to trust a frame:
 *
 *   CALIBRATING --learn_seconds--> STEADY --most of it changes at once--> DISTURBED
 *   DISTURBED --as before--> STEADY,  --for settle_seconds--> STEADY, on a new background
 *
 * In the first `learn_seconds`, as cameras find their exposure, all is background. When
 * more than `light` percent of the cells become active at once, or a third as many from
 * one frame to the next, that is a flash, a lamp or a blow to the camera: no object
 * appears so. Nothing is learned or told then, until the picture is again as it was, or
 * stays otherwise.
 *
 * Life story. Created for a config; sees every frame; each time, its objects can be
 * looked at until the next frame. A frame of another size starts anew. Memory is
 * allocated for the first frame of a size and kept.
 *
 * Threads: one at a time.
 */
#ifndef WORKERS_ANALYZERS_MOTION_DETECTOR_H
#define WORKERS_ANALYZERS_MOTION_DETECTOR_H

#include "workers/analyzers/motion/tracker.h"
#include "workers/analyzers/motion/zone.h"

#ifdef __cplusplus
extern "C" {
#endif

struct motion_detector;

/* Both are borrowed while the detector lives; `zones` may be NULL. -ENOMEM. */
int motion_detector_create(struct motion_detector **out, const struct motion_config *config,
                           struct motion_zones *zones);
void motion_detector_destroy(struct motion_detector **detector);

/* Looks at a frame; `seconds` is its time, NAN if it has none. -ENOMEM. */
int motion_detector_look(struct motion_detector *detector, const struct frame_luma *luma,
                         enum frame_range range, double seconds);

/* Ends all objects: those that were confirmed are stopped now. */
void motion_detector_end(struct motion_detector *detector);

/* The objects, of whatever state, as of the last frame. */
const struct motion_object *motion_detector_objects(const struct motion_detector *detector,
                                                    int *count);

/* Where an object is, in pixels of the frame. */
struct vision_box motion_detector_box(const struct motion_detector *detector,
                                      const struct motion_object *object);

/* The part of the picture, 0 to 1, that is active in an object, and its most so far. */
double motion_detector_score(const struct motion_detector *detector, int cells);

/* Seconds since it was confirmed. */
double motion_detector_duration(const struct motion_detector *detector,
                                const struct motion_object *object);

/* What it works on, for those who want to see it; NULL before the first frame. */
const struct motion_background *motion_detector_background(const struct motion_detector *detector);

#ifdef __cplusplus
}
#endif

#endif
