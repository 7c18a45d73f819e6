/* What a user can set about motion. The defaults stand in workers/analyzers/motion.c,
 * with the units and limits. */
#ifndef WORKERS_ANALYZERS_MOTION_CONFIG_H
#define WORKERS_ANALYZERS_MOTION_CONFIG_H

struct motion_config {
    /* What is active. */
    int threshold;   /* levels */
    double noises;   /* times a cell's own noise */
    double shake;    /* percent of the picture's height */
    double contrast; /* levels below which the threshold shrinks with the contrast */
    int detail;      /* rows of cells */
    /* What is an object. */
    double min_area, max_area; /* percent of the picture */
    int start_frames;          /* in a row */
    double travel;             /* percent of the picture's height */
    double linger_seconds;     /* after which it need not have travelled */
    double stop_seconds;
    /* What the background learns. */
    double learn_seconds; /* at the start */
    double adapt_seconds; /* time constant */
    double static_seconds;
    double light;          /* percent of the picture that changes at once */
    double settle_seconds; /* that a change of the light may last and be forgotten */
};

#endif
