/* What the pipeline is to reach, computed from the cases of one plan. */
#ifndef BENCH_RINGBENCH_PIPELINE_TARGETS_H
#define BENCH_RINGBENCH_PIPELINE_TARGETS_H

#include "bench/ringbench/pipeline/plan.h"

#define TARGETS_MAX 64

struct target {
    char what[112];
    double value, bound; /* medians over the runs, each of which gives one value */
    bool at_least;       /* the value is to be; else at most */
    const char *unit;
    double ours_us, theirs_us; /* CPU of a frame that the value is a ratio of; 0: of others */
};

bool target_met(const struct target *target);

/* How many there are; of cases that were not run there is none. */
unsigned targets_compute(const struct pipeline_plan *plan, struct target targets[TARGETS_MAX]);

#endif
