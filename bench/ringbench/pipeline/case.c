#include "bench/ringbench/pipeline/case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/statistics.h"

static int keep_latencies(struct pipeline_case *item, const struct performance *performance)
{
    const size_t count = item->latency_count + performance->latency_count;
    uint32_t *latencies = reallocarray(item->latencies_ns, count + 1, sizeof *latencies);
    if (!latencies)
        return -ENOMEM;
    memcpy(latencies + item->latency_count, performance->latencies_ns,
           performance->latency_count * sizeof *latencies);
    item->latencies_ns = latencies;
    item->latency_count = count;
    return 0;
}

/* Where the difference is lost in noise, since the clips are too short for figures, the long one
 * counts as a whole. */
static double rate(const struct performance *more, const struct performance *less)
{
    const double frames = (double)(more->frames - less->frames);
    const double seconds = more->seconds - less->seconds;
    return seconds > 0 ? frames / seconds : (double)more->frames / more->seconds;
}

static double cpu_us(const struct performance *more, const struct performance *less)
{
    const double frames = (double)(more->frames - less->frames);
    const double seconds = more->cpu_seconds - less->cpu_seconds;
    return 1e6 * (seconds > 0 ? seconds / frames : more->cpu_seconds / (double)more->frames);
}

static int keep(struct pipeline_case *item, const struct performance *more,
                const struct performance *less)
{
    const unsigned run = item->runs++;
    item->frames_per_s[run] = rate(more, less);
    item->cpu_us_per_frame[run] = cpu_us(more, less);
    item->reader_cpu_us[run] = more->reader_cpu_us;
    item->pss[run] = (double)more->memory.pss;
    item->ring[run] = (double)more->memory.ring;
    return keep_latencies(item, more);
}

/* By the time that the short clip has taken, the long one is in the midst of its frames: it begins
 * as the short one does, and has several times as many. */
static int run_both(struct pipeline_case *item, struct performance *less, struct performance *more)
{
    struct job job = item->job;
    job.clip = item->brief;
    int error = perform(less, &job, 0);
    return error ? error : perform(more, &item->job, less->seconds);
}

int pipeline_case_run(struct pipeline_case *item)
{
    struct performance less = {0}, more = {0};
    if (item->error)
        return 0;
    item->error = run_both(item, &less, &more);
    if (!item->error)
        item->error = keep(item, &more, &less);
    performance_finish(&less);
    performance_finish(&more);
    return item->error == -ENOTSUP ? 0 : item->error;
}

/* The runs stay in their order, in which they are compared with those of other cases. */
static double median(const double *values, unsigned count, double *spread)
{
    double sorted[PIPELINE_RUNS_MAX];
    memcpy(sorted, values, count * sizeof *sorted);
    const double middle = statistics_median(sorted, count);
    if (spread)
        *spread = statistics_spread(sorted, count);
    return middle;
}

static double quantile_us(const struct pipeline_case *item, double share)
{
    return statistics_quantile(item->latencies_ns, item->latency_count, share) / 1e3;
}

void pipeline_case_sum_up(struct pipeline_case *item)
{
    struct pipeline_row *row = &item->row;
    const unsigned runs = item->runs;
    statistics_sort(item->latencies_ns, item->latency_count);
    row->frames_per_s = median(item->frames_per_s, runs, &row->spread);
    row->cpu_us_per_frame = median(item->cpu_us_per_frame, runs, &row->cpu_spread);
    row->reader_cpu_us = median(item->reader_cpu_us, runs, NULL);
    row->pss = median(item->pss, runs, NULL);
    row->ring = median(item->ring, runs, NULL);
    row->latency_p50_us = quantile_us(item, 0.5);
    row->latency_p99_us = quantile_us(item, 0.99);
    row->latency_p999_us = quantile_us(item, 0.999);
}

void pipeline_case_finish(struct pipeline_case *item)
{
    free(item->latencies_ns);
    item->latencies_ns = NULL;
}
