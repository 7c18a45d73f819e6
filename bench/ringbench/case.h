/*
 * A case: one transport in one setup, measured in several runs, and the row that comes
 * of it.
 *
 * Life story. The plan makes an array of cases; all of them are run once, then all
 * once more, so that what else happens on the machine meets all alike; then each is
 * summed up in its row.
 */
#ifndef BENCH_RINGBENCH_CASE_H
#define BENCH_RINGBENCH_CASE_H

#include <stdbool.h>

#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

#define BENCH_RUNS_MAX 101

struct bench_row {
    double msgs_per_s, bytes_per_s, cpu_us_per_msg; /* medians of the runs */
    double wake_p50_us, wake_p99_us, wake_p999_us;  /* of all runs together; 0: none */
    uint64_t lost;                                  /* in all runs */
    unsigned runs;
    double spread; /* of msgs_per_s */
};

struct bench_case {
    const struct bench_transport *transport;
    struct bench_setup setup;
    unsigned runs;
    double msgs_per_s[BENCH_RUNS_MAX], cpu_us_per_msg[BENCH_RUNS_MAX];
    uint64_t lost;
    uint32_t *wakes; /* nanoseconds, sorted when summed up */
    size_t wake_count;
    int error; /* of the run that failed; no more are made then */
    struct bench_row row;
};

/* Whether the transport can do that at all. */
bool bench_case_makes_sense(const struct bench_transport *transport,
                            const struct bench_setup *setup);

/* One run. 0, also when it is -ENOTSUP here; else what failed. */
int bench_case_run(struct bench_case *item, const struct bench_pace *pace);

/* Fills the row. */
void bench_case_sum_up(struct bench_case *item);

void bench_case_finish(struct bench_case *item);

#endif
