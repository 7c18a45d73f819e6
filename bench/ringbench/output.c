#include "bench/ringbench/output.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench/ringbench/machine.h"
#include "bench/ringbench/statistics.h"

static const char *const modes[] = {[BENCH_COPY] = "copy", [BENCH_INPLACE] = "inplace"};
static const char *const touches[] = {[BENCH_NONE] = "none", [BENCH_ALL] = "all"};
static const char *const policies[] = {
    [BENCH_LOSSLESS] = "lossless", [BENCH_LOSSY] = "lossy", [BENCH_LATEST] = "latest"};

static void print_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(object);
}

/* Of the wake-ups, from the first to the last hundredth. */
static json_t *make_quantiles(const struct bench_case *item)
{
    json_t *list = json_array();
    for (int percent = 0; percent <= 100 && item->wake_count; percent++)
        json_array_append_new(
            list,
            json_real(statistics_quantile(item->wakes, item->wake_count, percent / 100.0) / 1e3));
    return list;
}

static json_t *make_row(const struct bench_case *item)
{
    const struct bench_setup *setup = &item->setup;
    const struct bench_row *row = &item->row;
    return json_pack(
        "{s:s, s:s, s:I, s:i, s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:I, s:i, s:f, s:o}",
        "type", "row", "transport", item->transport->name, "size", (json_int_t)setup->size,
        "readers", (int)setup->readers, "mode", modes[setup->mode], "touch", touches[setup->touch],
        "policy", policies[setup->policy], "idle", (int)setup->idle, "slots", (int)setup->slots,
        "msgs_per_s", row->msgs_per_s, "bytes_per_s", row->bytes_per_s, "cpu_us_per_msg",
        row->cpu_us_per_msg, "wake_p50_us", row->wake_p50_us, "wake_p99_us", row->wake_p99_us,
        "wake_p999_us", row->wake_p999_us, "lost", (json_int_t)row->lost, "runs", (int)row->runs,
        "spread", row->spread, "wake_quantiles_us", make_quantiles(item));
}

void output_json(const struct plan *plan)
{
    print_line(machine_describe());
    for (unsigned i = 0; i < plan->count; i++)
        if (!plan->cases[i].error)
            print_line(make_row(&plan->cases[i]));
}

void output_csv(const struct plan *plan)
{
    printf("transport,size,readers,mode,touch,policy,idle,slots,msgs_per_s,bytes_per_s,"
           "cpu_us_per_msg,wake_p50_us,wake_p99_us,wake_p999_us,lost,runs,spread\n");
    for (unsigned i = 0; i < plan->count; i++) {
        const struct bench_case *item = &plan->cases[i];
        const struct bench_setup *setup = &item->setup;
        const struct bench_row *row = &item->row;
        if (!item->error)
            printf("%s,%zu,%u,%s,%s,%s,%u,%u,%.1f,%.0f,%.4f,%.3f,%.3f,%.3f,%llu,%u,%.3f\n",
                   item->transport->name, setup->size, setup->readers, modes[setup->mode],
                   touches[setup->touch], policies[setup->policy], setup->idle, setup->slots,
                   row->msgs_per_s, row->bytes_per_s, row->cpu_us_per_msg, row->wake_p50_us,
                   row->wake_p99_us, row->wake_p999_us, (unsigned long long)row->lost, row->runs,
                   row->spread);
    }
}

/* -- table ---------------------------------------------------------------------------------------
 */

static bool same_setup(const struct bench_setup *a, const struct bench_setup *b)
{
    return a->size == b->size && a->readers == b->readers && a->mode == b->mode &&
           a->touch == b->touch;
}

/* The better of our rows in this group, by messages; NULL where there is none. */
static const struct bench_case *find_ours(const struct bench_case *first, unsigned count)
{
    const struct bench_case *best = NULL;
    for (unsigned i = 0; i < count; i++)
        if (first[i].transport->kind == BENCH_OURS && !first[i].error &&
            (!best || first[i].row.msgs_per_s > best->row.msgs_per_s))
            best = &first[i];
    return best;
}

static void print_ratio(double ratio)
{
    if (ratio > 0)
        printf(" %7.2f", ratio);
    else
        printf(" %7s", "-");
}

static double over(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void print_wake(double us)
{
    if (us > 0)
        printf(" %7.1f", us);
    else
        printf(" %7s", "-");
}

static void print_case(const struct bench_case *item, const struct bench_case *ours)
{
    const struct bench_row *row = &item->row;
    printf("%-18s %9.0f %8.0f %9.2f", item->transport->name, row->msgs_per_s,
           row->bytes_per_s / 1e6, row->cpu_us_per_msg);
    print_wake(row->wake_p50_us);
    print_wake(row->wake_p99_us);
    print_wake(row->wake_p999_us);
    printf(" %5llu %6.2f |", (unsigned long long)row->lost, row->spread);
    if (ours && item != ours) {
        print_ratio(over(ours->row.msgs_per_s, row->msgs_per_s));
        print_ratio(over(ours->row.cpu_us_per_msg, row->cpu_us_per_msg));
        print_ratio(over(ours->row.wake_p50_us, row->wake_p50_us));
        print_ratio(over(ours->row.wake_p99_us, row->wake_p99_us));
    }
    putchar('\n');
}

static void print_group(const struct bench_case *first, unsigned count)
{
    const struct bench_setup *setup = &first->setup;
    const struct bench_case *ours = find_ours(first, count);
    printf("\n%zu bytes, %u reader%s, %s%s\n", setup->size, setup->readers,
           setup->readers == 1 ? "" : "s",
           setup->mode == BENCH_COPY ? "copied in" : "made in place",
           setup->touch == BENCH_ALL ? ", each cache line looked at" : "");
    printf("%-18s %9s %8s %9s %7s %7s %7s %5s %6s | %s\n", "transport", "msgs/s", "MB/s", "CPU us",
           "p50 us", "p99", "p99.9", "lost", "spread",
           ours ? "ring: msgs     CPU     p50     p99" : "");
    for (unsigned i = 0; i < count; i++)
        if (!first[i].error)
            print_case(&first[i], ours);
        else
            printf("%-18s %s\n", first[i].transport->name, strerror(-first[i].error));
}

void output_table(const struct plan *plan)
{
    printf("Medians of %u interleaved runs. CPU us: of all processes, for one message. p50 to\n"
           "p99.9: from sending to a reader that slept. Right: the better ring against each\n"
           "other row, times as many messages; its CPU and wake-up as parts of the other's.\n",
           plan->count ? plan->cases[0].runs : 0);
    for (unsigned i = 0, count; i < plan->count; i += count) {
        count = 1;
        while (i + count < plan->count &&
               same_setup(&plan->cases[i].setup, &plan->cases[i + count].setup))
            count++;
        print_group(&plan->cases[i], count);
    }
}

void output_list(void)
{
    static const char *const kinds[] = {
        [BENCH_OURS] = "ring", [BENCH_PEER] = "peer", [BENCH_LIMIT] = "limit"};
    for (unsigned i = 0; bench_transports[i]; i++)
        printf("%-18s %-6s %s\n", bench_transports[i]->name, kinds[bench_transports[i]->kind],
               bench_transports[i]->summary);
}
