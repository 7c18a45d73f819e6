#include "bench/ringbench/pipeline/output.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench/ringbench/machine.h"
#include "bench/ringbench/pipeline/targets.h"
#include "bench/ringbench/statistics.h"

#define MB 1e6

/* -- for programs --------------------------------------------------------------------------------
 */

static void print_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

/* Of the latencies, from the first to the last hundredth. */
static json_t *make_quantiles(const struct pipeline_case *item)
{
    json_t *list = json_array();
    for (int percent = 0; percent <= 100 && item->latency_count; percent++)
        json_array_append_new(list,
                              json_real(statistics_quantile(item->latencies_ns, item->latency_count,
                                                            percent / 100.0) /
                                        1e3));
    return list;
}

static json_t *make_row(const struct pipeline_case *item)
{
    const struct job *job = &item->job;
    const struct pipeline_row *row = &item->row;
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:I, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:I, s:I, s:i, s:i, s:f, s:f, s:o}",
        "type", "pipeline", "way", job->way->name, "clip", item->footage, "codec", job->clip->codec,
        "width", job->clip->width, "height", job->clip->height, "cameras", (int)job->cameras,
        "workers", (int)job->readers, "threads", (int)job->threads, "pace", job->pace, "frames",
        (json_int_t)job->cameras * job->clip->frames, "frames_per_s", row->frames_per_s,
        "cpu_us_per_frame", row->cpu_us_per_frame, "reader_cpu_us_per_frame", row->reader_cpu_us,
        "latency_p50_us", row->latency_p50_us, "latency_p99_us", row->latency_p99_us,
        "latency_p999_us", row->latency_p999_us, "pss_bytes", (json_int_t)row->pss, "ring_bytes",
        (json_int_t)row->ring, "lost", 0, "runs", (int)item->runs, "spread", row->spread,
        "cpu_spread", row->cpu_spread, "latency_quantiles_us", make_quantiles(item));
}

static json_t *make_target(const struct target *target)
{
    return json_pack("{s:s, s:s, s:f, s:s, s:f, s:b, s:f, s:f}", "type", "target", "what",
                     target->what, "value", target->value, "unit", target->unit,
                     target->at_least ? "at_least" : "at_most", target->bound, "met",
                     target_met(target), "ours_us", target->ours_us, "theirs_us",
                     target->theirs_us);
}

void pipeline_output_json(const struct pipeline_plan *plan)
{
    struct target targets[TARGETS_MAX];
    print_line(machine_describe());
    for (unsigned i = 0; i < plan->count; i++)
        if (!plan->cases[i].error)
            print_line(make_row(&plan->cases[i]));
    const unsigned count = targets_compute(plan, targets);
    for (unsigned i = 0; i < count; i++)
        print_line(make_target(&targets[i]));
}

/* -- for people ----------------------------------------------------------------------------------
 */

static void print_figure(double figure, int width, int digits)
{
    if (figure > 0)
        printf(" %*.*f", width, digits, figure);
    else
        printf(" %*s", width, "-");
}

static void print_row(const struct pipeline_case *item, const struct pipeline_case *ours)
{
    const struct pipeline_row *row = &item->row;
    printf("%-12s %7u %7u", item->job.way->name, item->job.cameras, item->job.readers);
    print_figure(row->frames_per_s, 9, 1);
    printf(" %6.2f", row->spread);
    print_figure(row->cpu_us_per_frame, 8, 1);
    printf(" %6.2f", row->cpu_spread);
    print_figure(row->latency_p50_us, 7, 0);
    print_figure(row->latency_p99_us, 7, 0);
    print_figure(row->pss / MB, 7, 0);
    print_figure(row->ring / MB, 6, 0);
    printf(" |");
    if (ours && ours != item) {
        print_figure(ours->row.frames_per_s / row->frames_per_s, 7, 2);
        print_figure(ours->row.cpu_us_per_frame / row->cpu_us_per_frame, 7, 2);
    }
    putchar('\n');
}

static bool same_group(const struct pipeline_case *a, const struct pipeline_case *b)
{
    return a->footage == b->footage && a->job.cameras == b->job.cameras &&
           a->job.readers == b->job.readers && a->job.pace == b->job.pace;
}

static void print_header(const struct pipeline_case *item)
{
    const struct clip *clip = item->job.clip;
    printf("\n%s: %dx%d, %s%s\n", item->footage, clip->width, clip->height, clip->codec,
           item->job.pace ? ", in its own time" : ", as fast as it goes");
    printf("%-12s %7s %7s %9s %6s %8s %6s %7s %7s %7s %6s | %s\n", "way", "cameras", "workers",
           "frames/s", "spread", "CPU us", "spread", "p50 us", "p99", "PSS MB", "ring",
           "ringside: frames, CPU");
}

static void print_rows(const struct pipeline_plan *plan)
{
    const struct pipeline_case *before = NULL;
    for (unsigned i = 0; i < plan->count; i++) {
        const struct pipeline_case *item = &plan->cases[i];
        const struct job *job = &item->job;
        if (!before || before->footage != item->footage || before->job.pace != job->pace)
            print_header(item);
        else if (!same_group(before, item))
            putchar('\n');
        before = item;
        if (item->error)
            printf("%-12s %7u %7u %s\n", job->way->name, job->cameras, job->readers,
                   strerror(-item->error));
        else
            print_row(item, pipeline_plan_find(plan, "ringside", item->footage, job->cameras,
                                               job->readers, job->pace));
    }
}

static void print_targets(const struct pipeline_plan *plan)
{
    struct target targets[TARGETS_MAX];
    const unsigned count = targets_compute(plan, targets);
    if (count)
        printf("\nTargets, medians of what each run gives:\n");
    for (unsigned i = 0; i < count; i++) {
        const struct target *target = &targets[i];
        printf("%-7s %8.2f %-2s (%s %g) %s", target_met(target) ? "met" : "missed", target->value,
               target->unit, target->at_least ? ">=" : "<=", target->bound, target->what);
        if (target->theirs_us != 0 || target->ours_us != 0)
            printf(": %.0f us to %.0f us", target->theirs_us, target->ours_us);
        putchar('\n');
    }
}

void pipeline_output_table(const struct pipeline_plan *plan)
{
    printf("Medians of interleaved runs. frames/s: of all cameras together. CPU us: of all\n"
           "processes, for one frame. p50, p99: from publishing a frame until a worker has it.\n"
           "PSS: of all processes. Right: ringside against each other row of the same cameras and\n"
           "workers, times as many frames; its CPU as a part of the other's.\n");
    print_rows(plan);
    print_targets(plan);
}

void pipeline_output_list(void)
{
    static const char *const kinds[] = {
        [BENCH_OURS] = "ours", [BENCH_PEER] = "peer", [BENCH_LIMIT] = "limit"};
    for (unsigned i = 0; ways[i]; i++)
        printf("%-12s %-6s %s\n", ways[i]->name, kinds[ways[i]->kind], ways[i]->summary);
}
