/* What came out, for programs and for people. A case that failed has no row. */
#ifndef BENCH_RINGBENCH_OUTPUT_H
#define BENCH_RINGBENCH_OUTPUT_H

#include "bench/ringbench/plan.h"

/* JSON Lines: first the machine, then a row each. */
void output_json(const struct plan *plan);
void output_csv(const struct plan *plan);
/* One table for each setup, with the ratios of the ring to all others. */
void output_table(const struct plan *plan);

void output_list(void);

#endif
