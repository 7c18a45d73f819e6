/*
 * An examination: what is wrong with a frame, given those before it.
 *
 * How bright, rich in contrast and sharp the picture is can be seen in it alone. Whether it
 * is frozen shows in the frame before: a camera's noise makes every frame another one. And
 * whether the camera was moved or covered shows in a picture of how it used to be, which is
 * learned slowly while all is well.
 *
 * Life story. Zeroed, with a config; sees every frame; fini. Memory is allocated for the
 * first frame of a size and kept.
 */
#ifndef WORKERS_ANALYZERS_HEALTH_EXAMINATION_H
#define WORKERS_ANALYZERS_HEALTH_EXAMINATION_H

#include "workers/analyzers/vision/measure.h"
#include "workers/analyzers/vision/reduced.h"

enum health_kind {
    HEALTH_BLACK,
    HEALTH_DARK,
    HEALTH_BRIGHT,
    HEALTH_BLURRED,
    HEALTH_FROZEN,
    HEALTH_COVERED,
    HEALTH_MOVED,
    HEALTH_SLOW, /* few frames, or none: not seen in a frame */
    HEALTH_KINDS,
};

struct health_config {
    double seconds;        /* that something is wrong until it is told */
    double frozen_seconds; /* likewise, that the picture stands still */
    double black;          /* levels, mean of a picture that is black */
    double dark, bright;   /* percent of the picture that is black or white */
    double blur;           /* sharpness below which it is blurred */
    double frozen;         /* levels, mean difference of frames that are the same */
    double covered;        /* percent of its usual contrast */
    double moved;          /* likeness to how it used to be, percent */
    double learn_seconds;  /* time constant of how it used to be */
    double min_fps;
    double stall_seconds; /* without a frame, by the wall clock */
};

struct health_examination {
    const struct health_config *config;
    struct vision_reduced picture;
    float *usual;    /* how it used to be */
    double learned;  /* seconds that `usual` is the mean of */
    double unseen;   /* seconds since the view was looked at */
    double contrast; /* levels, likewise */
    bool wrong[HEALTH_KINDS];
    double value[HEALTH_KINDS]; /* what was measured, in the unit of the option it is about */
};

/* Fills wrong and value for all but HEALTH_SLOW. `passed` seconds since the last frame.
 * -ENOMEM, -ENOTSUP. */
int health_examine(struct health_examination *examination, const struct frame *frame,
                   double passed);

/* How it is now is how it used to be. */
void health_examination_accept(struct health_examination *examination);

void health_examination_fini(struct health_examination *examination);

#endif
