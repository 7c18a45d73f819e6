/* Figures of many measurements. */
#ifndef BENCH_RINGBENCH_STATISTICS_H
#define BENCH_RINGBENCH_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Of `count` values, which it sorts; 0 of none. */
double statistics_median(double *values, size_t count);

/* (largest - smallest) / median, of sorted values; 0 of none. */
double statistics_spread(const double *sorted, size_t count);

void statistics_sort(uint32_t *values, size_t count);

/* Of sorted values, the smallest that at least `share` (0 to 1) of all do not exceed;
 * 0 of none. */
uint32_t statistics_quantile(const uint32_t *sorted, size_t count, double share);

#endif
