#include "bench/ringbench/pipeline/targets.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "bench/ringbench/statistics.h"

#define DECODE_WORKERS 4
#define DECODE_LEAST 0.97
#define CAMERAS_MANY 64
#define CAMERAS_MOST 1.1
#define WORKER_MOST_US 15
#define PACED_READERS 4
/* Beyond decoding, times as much as ours: of those ways. */
#define PIPE_LEAST 3
#define GST_LEAST 1.5
/* Below it, what is beyond decoding is noise. */
#define NOISE_US 1

struct list {
    const struct pipeline_plan *plan;
    struct target *targets;
    unsigned count;
};

static struct target *add(struct list *list, bool at_least, double bound, const char *unit,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

static struct target *add(struct list *list, bool at_least, double bound, const char *unit,
                          const char *format, ...)
{
    static struct target beyond;
    struct target *target = list->count < TARGETS_MAX ? &list->targets[list->count++] : &beyond;
    va_list arguments;
    *target = (struct target){.bound = bound, .at_least = at_least, .unit = unit};
    va_start(arguments, format);
    vsnprintf(target->what, sizeof target->what, format, arguments);
    va_end(arguments);
    return target;
}

static const struct pipeline_case *find(const struct list *list, const char *way,
                                        const char *footage, unsigned cameras, unsigned readers)
{
    return pipeline_plan_find(list->plan, way, footage, cameras, readers, false);
}

/* The median over those runs that all of these have. */
static double over_runs(const struct pipeline_case *const cases[], unsigned count,
                        double value(const struct pipeline_case *const cases[], unsigned run))
{
    double values[PIPELINE_RUNS_MAX];
    unsigned runs = cases[0]->runs;
    for (unsigned i = 1; i < count; i++)
        runs = cases[i]->runs < runs ? cases[i]->runs : runs;
    for (unsigned run = 0; run < runs; run++)
        values[run] = value(cases, run);
    return statistics_median(values, runs);
}

static double speed(const struct pipeline_case *const cases[], unsigned run)
{
    return cases[0]->frames_per_s[run] / cases[1]->frames_per_s[run];
}

static double cost(const struct pipeline_case *const cases[], unsigned run)
{
    return cases[0]->cpu_us_per_frame[run] / cases[1]->cpu_us_per_frame[run];
}

static double beyond(const struct pipeline_case *const cases[], unsigned run)
{
    return cases[0]->cpu_us_per_frame[run] - cases[1]->cpu_us_per_frame[run];
}

static double beyond_wake(const struct pipeline_case *const cases[], unsigned run)
{
    return cases[0]->reader_cpu_us[run] - cases[1]->reader_cpu_us[run];
}

static void add_decoding(struct list *list, const char *footage)
{
    const struct pipeline_case *const cases[] = {find(list, "ringside", footage, 1, DECODE_WORKERS),
                                                 find(list, "decode", footage, 1, 0)};
    if (cases[0] && cases[1])
        add(list, true, DECODE_LEAST, "", "%s: speed with %d workers, of decoding alone", footage,
            DECODE_WORKERS)
            ->value = over_runs(cases, 2, speed);
}

static void add_cameras(struct list *list, const char *footage)
{
    const struct pipeline_case *const cases[] = {find(list, "ringside", footage, CAMERAS_MANY, 1),
                                                 find(list, "ringside", footage, 1, 1)};
    if (cases[0] && cases[1])
        add(list, false, CAMERAS_MOST, "", "%s: CPU for a frame of %d cameras, of one camera's",
            footage, CAMERAS_MANY)
            ->value = over_runs(cases, 2, cost);
}

static void add_worker(struct list *list)
{
    const struct pipeline_case *const cases[] = {
        pipeline_plan_find(list->plan, "ringside", "5fps", 1, PACED_READERS, true),
        pipeline_plan_find(list->plan, "bare-wake", "5fps", 1, PACED_READERS, true)};
    if (cases[0] && cases[1])
        add(list, false, WORKER_MOST_US, "us",
            "CPU of a worker for a frame, of 5 a second, beyond its work and a bare wake-up")
            ->value = over_runs(cases, 2, beyond_wake);
}

/* Each way against what decoding alone takes by the same means. */
static void add_beyond(struct list *list, const char *peer, double least, const char *footage,
                       unsigned readers)
{
    const struct pipeline_case *const theirs[] = {find(list, peer, footage, 1, readers),
                                                  find(list, way_find(peer)->base, footage, 1, 0)};
    const struct pipeline_case *const ours[] = {find(list, "ringside", footage, 1, readers),
                                                find(list, "decode", footage, 1, 0)};
    if (!theirs[0] || !theirs[1] || !ours[0] || !ours[1])
        return;
    struct target *target =
        add(list, true, least, "x", "%s, %u worker%s: CPU for a frame beyond decoding, %s of ours",
            footage, readers, readers == 1 ? "" : "s", peer);
    target->theirs_us = over_runs(theirs, 2, beyond);
    target->ours_us = over_runs(ours, 2, beyond);
    target->value = target->theirs_us / fmax(target->ours_us, NOISE_US);
}

static void add_each_beyond(struct list *list, const char *peer, double least, const char *footage)
{
    if (!way_find(peer))
        return;
    for (unsigned i = 0; i < list->plan->count; i++) {
        const struct pipeline_case *item = &list->plan->cases[i];
        if (item->footage == footage && item->job.cameras == 1 && item->job.way == way_find(peer))
            add_beyond(list, peer, least, footage, item->job.readers);
    }
}

bool target_met(const struct target *target)
{
    return target->at_least ? target->value >= target->bound : target->value <= target->bound;
}

unsigned targets_compute(const struct pipeline_plan *plan, struct target targets[TARGETS_MAX])
{
    struct list list = {.plan = plan, .targets = targets};
    for (unsigned i = 0; i < plan->footage_count; i++)
        add_decoding(&list, plan->footages[i].name);
    for (unsigned i = 0; i < plan->footage_count; i++)
        add_cameras(&list, plan->footages[i].name);
    add_worker(&list);
    for (unsigned i = 0; i < plan->footage_count; i++) {
        add_each_beyond(&list, "ffmpeg-pipe", PIPE_LEAST, plan->footages[i].name);
        add_each_beyond(&list, "gst-shm", GST_LEAST, plan->footages[i].name);
    }
    return list.count;
}
