/*
 * What can be said of a picture in numbers: how bright, how rich in contrast, how sharp.
 *
 * All are of a reduced picture (reduced.h), so that they mean the same for every size and
 * that a sensor's noise has little part in them. What it has left is known from the frame
 * before, and taken off.
 */
#ifndef WORKERS_ANALYZERS_VISION_MEASURE_H
#define WORKERS_ANALYZERS_VISION_MEASURE_H

#include "workers/analyzers/vision/reduced.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VISION_DETAIL 180 /* rows that a picture to be measured is reduced to */
#define VISION_LEVELS 256

struct vision_measure {
    double mean;                       /* levels */
    double contrast;                   /* levels, standard deviation */
    double sharpness;                  /* 0: edges are wide ramps, 1: they are one cell wide */
    uint32_t histogram[VISION_LEVELS]; /* cells of each level, rounded down */
};

void vision_measure(const struct vision_reduced *reduced, struct vision_measure *measure);

/* The part of the cells, 0 to 1, whose level is `from` to `to`, both included. */
double vision_measure_part(const struct vision_measure *measure, int from, int to);

/* The mean difference of two pictures on one grid, levels. */
double vision_difference(const struct vision_grid *grid, const float *a, const float *b);

/* The part of the cells, 0 to 1, that differ by more than `levels`. */
double vision_differing(const struct vision_grid *grid, const float *a, const float *b,
                        float levels);

/*
 * How alike a picture is to a known one, whatever the light: the part, 0 to 1, of the blocks
 * with something to see in the known one in which the same is to be seen. So what moves in
 * a part of the picture does not count for more than that. 1 where too few blocks have anything.
 */
double vision_likeness(const struct vision_reduced *reduced, const float *known);

#ifdef __cplusplus
}
#endif

#endif
