/* The cases that the options ask for, and running them. */
#ifndef BENCH_RINGBENCH_PLAN_H
#define BENCH_RINGBENCH_PLAN_H

#include "bench/ringbench/case.h"
#include "bench/ringbench/options.h"

struct plan {
    struct bench_case *cases; /* those of one setup stand together */
    unsigned count;
};

int plan_make(struct plan *plan, const struct options *options);

/* Runs and sums up. How many cases failed; says on standard error which, and how far
 * it is. */
unsigned plan_run(struct plan *plan, const struct options *options);

void plan_finish(struct plan *plan);

#endif
