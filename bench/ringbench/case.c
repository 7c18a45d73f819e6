#include "bench/ringbench/case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ringbench/statistics.h"

bool bench_case_makes_sense(const struct bench_transport *transport,
                            const struct bench_setup *setup)
{
    if (setup->mode == BENCH_INPLACE && !transport->in_place)
        return false;
    return transport->policies || (setup->policy == BENCH_LOSSLESS && setup->idle == 0);
}

static int keep_wakes(struct bench_case *item, const struct bench_run *run)
{
    const size_t count = item->wake_count + run->wake_count;
    uint32_t *wakes = reallocarray(item->wakes, count + 1, sizeof *wakes);
    if (!wakes)
        return -ENOMEM;
    if (run->wake_count)
        memcpy(wakes + item->wake_count, run->wakes, run->wake_count * sizeof *wakes);
    item->wakes = wakes;
    item->wake_count = count;
    return 0;
}

int bench_case_run(struct bench_case *item, const struct bench_pace *pace)
{
    static unsigned number;
    struct bench_run run;
    if (item->error)
        return 0;
    snprintf(item->setup.name, sizeof item->setup.name, "ringbench-%d-%u", (int)getpid(), number++);
    item->error = bench_run_measure(&run, item->transport, &item->setup, pace);
    if (item->error)
        return item->error == -ENOTSUP ? 0 : item->error;
    item->msgs_per_s[item->runs] = (double)run.messages / run.seconds;
    item->cpu_us_per_msg[item->runs] = run.cpu_seconds * 1e6 / (double)run.messages;
    item->runs++;
    item->lost += run.lost;
    item->error = keep_wakes(item, &run);
    bench_run_finish(&run);
    return item->error;
}

static double quantile_us(const struct bench_case *item, double share)
{
    return statistics_quantile(item->wakes, item->wake_count, share) / 1e3;
}

void bench_case_sum_up(struct bench_case *item)
{
    const double msgs_per_s = statistics_median(item->msgs_per_s, item->runs);
    statistics_sort(item->wakes, item->wake_count);
    item->row = (struct bench_row){
        .msgs_per_s = msgs_per_s,
        .bytes_per_s = msgs_per_s * (double)item->setup.size,
        .cpu_us_per_msg = statistics_median(item->cpu_us_per_msg, item->runs),
        .wake_p50_us = quantile_us(item, 0.5),
        .wake_p99_us = quantile_us(item, 0.99),
        .wake_p999_us = quantile_us(item, 0.999),
        .lost = item->lost,
        .runs = item->runs,
        .spread = statistics_spread(item->msgs_per_s, item->runs),
    };
}

void bench_case_finish(struct bench_case *item)
{
    free(item->wakes);
    item->wakes = NULL;
}
