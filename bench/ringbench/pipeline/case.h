/*
 * A case: one way, so many cameras and readers, in several runs, and the row that comes of
 * it.
 *
 * Life story of a run. The job is done twice, with a short clip and with a long one, and the
 * difference counts: what a frame takes, without what it takes to start and end processes.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_CASE_H
#define BENCH_RINGBENCH_PIPELINE_CASE_H

#include "bench/ringbench/pipeline/perform.h"

#define PIPELINE_RUNS_MAX 101

/* Medians of the runs. */
struct pipeline_row {
    double frames_per_s;                                    /* of all cameras */
    double cpu_us_per_frame;                                /* of all processes */
    double reader_cpu_us;                                   /* as in struct performance */
    double pss, ring;                                       /* bytes */
    double latency_p50_us, latency_p99_us, latency_p999_us; /* of all runs together; 0: none */
    double spread, cpu_spread;                              /* of the first two */
};

struct pipeline_case {
    struct job job;           /* its clip is the long one */
    const struct clip *brief; /* the short one; NULL: none */
    const char *footage;      /* its name */
    unsigned runs;
    /* By run. */
    double frames_per_s[PIPELINE_RUNS_MAX], cpu_us_per_frame[PIPELINE_RUNS_MAX];
    double reader_cpu_us[PIPELINE_RUNS_MAX], pss[PIPELINE_RUNS_MAX], ring[PIPELINE_RUNS_MAX];
    uint32_t *latencies_ns; /* sorted when summed up */
    size_t latency_count;
    int error; /* of the run that failed; no more are made then */
    struct pipeline_row row;
};

/* One run. 0, also when it is -ENOTSUP here; else what failed. */
int pipeline_case_run(struct pipeline_case *item);

/* Fills the row. */
void pipeline_case_sum_up(struct pipeline_case *item);

void pipeline_case_finish(struct pipeline_case *item);

#endif
