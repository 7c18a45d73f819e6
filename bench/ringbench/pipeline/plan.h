/* The cases that the options ask for, the clips they need, and running them. */
#ifndef BENCH_RINGBENCH_PIPELINE_PLAN_H
#define BENCH_RINGBENCH_PIPELINE_PLAN_H

#include "bench/ringbench/pipeline/case.h"
#include "bench/ringbench/pipeline/footage.h"
#include "bench/ringbench/pipeline/options.h"

struct pipeline_plan {
    struct footage footages[PIPELINE_LIST_MAX + 1]; /* the last one for what is paced */
    unsigned footage_count;
    struct pipeline_case *cases; /* those that are to be compared stand together */
    unsigned count;
};

/* Makes all clips, too; says on standard error what can't be made. */
int pipeline_plan_make(struct pipeline_plan *plan, const struct pipeline_options *options);

/* Runs and sums up. How many cases failed; says on standard error which, and how far
 * it is. */
unsigned pipeline_plan_run(struct pipeline_plan *plan, const struct pipeline_options *options);

/* What such a case is. NULL where there is none, or it failed. */
const struct pipeline_case *pipeline_plan_find(const struct pipeline_plan *plan, const char *way,
                                               const char *footage, unsigned cameras,
                                               unsigned readers, bool pace);

void pipeline_plan_finish(struct pipeline_plan *plan);

#endif
