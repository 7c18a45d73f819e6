/* The page that all panels stand on. */
#ifndef BENCH_RINGBENCH_REPORT_PAGE_H
#define BENCH_RINGBENCH_REPORT_PAGE_H

#include <stdio.h>

#include "bench/ringbench/report/runs.h"

/* Writes all that the runs have rows for, as a script for gnuplot that makes an SVG of it on
 * standard output. -ENODATA when that is nothing. */
int page_write(FILE *script, const struct runs *runs);

#endif
