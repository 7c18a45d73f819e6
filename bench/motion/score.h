/*
 * How well a detector did: its boxes in each frame against the objects' boxes.
 *
 * An event, of the truth and of a detector, is a run of frames with boxes, gaps of up to
 * a second included. A true event is found if, in some frame of it, a box of the
 * detector's lies on an object (an IoU above IOU_LEAST). A detector's event is right if
 * in at least half of its frames there was an object, or had been less than a second
 * ago; else it is false. IoU is the mean, over objects and frames in which they were
 * found, of the best box's.
 */
#ifndef BENCH_MOTION_SCORE_H
#define BENCH_MOTION_SCORE_H

#include "workers/analyzers/vision/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

struct score {
    int truths, found; /* true events */
    int events, wrong; /* the detector's */
    double iou;        /* summed */
    long ious;
    double delay; /* from the first frame of a found event to the first with a box, summed */
    double silent_seconds;
    int silent_events;
};

struct score_frame {
    double seconds;
    const struct vision_box *truth, *boxes;
    int truths, count;
};

/* One scene's tally; zeroed but for `total`. */
struct score_scene {
    struct score *total;
    double last_truth, last_box; /* seconds; only where the counts are not 0 */
    double truth_since;
    int truth_frames, box_frames, right_frames;
    bool in_truth, in_event, was_found;
    bool silent;
};

void score_frame(struct score_scene *scene, const struct score_frame *frame);
void score_end(struct score_scene *scene);

double score_precision(const struct score *score);
double score_recall(const struct score *score);
double score_f1(const struct score *score);
double score_iou(const struct score *score);

#ifdef __cplusplus
}
#endif

#endif
