/* The command line of `ringbench pipeline`. */
#ifndef BENCH_RINGBENCH_PIPELINE_OPTIONS_H
#define BENCH_RINGBENCH_PIPELINE_OPTIONS_H

#include <stdbool.h>

#include "bench/ringbench/pipeline/way.h"

#define PIPELINE_LIST_MAX 16

struct pipeline_options {
    const struct way *ways[PIPELINE_LIST_MAX];
    unsigned way_count;
    const char *scenes[PIPELINE_LIST_MAX]; /* names of footage to be made... */
    unsigned scene_count;
    const char *clip; /* ...or the user's file */
    unsigned workers[PIPELINE_LIST_MAX], worker_count;
    unsigned cameras[PIPELINE_LIST_MAX], camera_count;
    unsigned threads, runs, frames;
    double seconds, pace_seconds;
    bool json, list;
};

/* Ends the program after --help and on wrong usage, as argp does. */
void pipeline_options_parse(struct pipeline_options *options, int argc, char **argv);

#endif
