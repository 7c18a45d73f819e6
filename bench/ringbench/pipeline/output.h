/* What came out, for programs and for people. A case that failed has no row. */
#ifndef BENCH_RINGBENCH_PIPELINE_OUTPUT_H
#define BENCH_RINGBENCH_PIPELINE_OUTPUT_H

#include "bench/ringbench/pipeline/plan.h"

/* JSON Lines: first the machine, then a row for each case, then the targets. */
void pipeline_output_json(const struct pipeline_plan *plan);
void pipeline_output_table(const struct pipeline_plan *plan);

void pipeline_output_list(void);

#endif
