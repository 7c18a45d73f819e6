#include "bench/ringbench/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_FLIGHT_BYTES (32u << 20)
#define SLOTS_FEW 8
#define SLOTS_MANY 1024

/* As much under way as a program would allow: many small messages, a few large ones. */
static unsigned slots_for(size_t size, unsigned readers)
{
    size_t slots = IN_FLIGHT_BYTES / size;
    if (slots > SLOTS_MANY)
        slots = SLOTS_MANY;
    if (slots < SLOTS_FEW)
        slots = SLOTS_FEW;
    return (unsigned)slots + readers;
}

static int add(struct plan *plan, const struct options *options, const struct bench_setup *setup)
{
    for (unsigned i = 0; i < options->transport_count; i++) {
        const struct bench_transport *transport = options->transports[i];
        if (!bench_case_makes_sense(transport, setup))
            continue;
        struct bench_case *cases = reallocarray(plan->cases, plan->count + 1, sizeof *plan->cases);
        if (!cases)
            return -ENOMEM;
        plan->cases = cases;
        plan->cases[plan->count++] = (struct bench_case){.transport = transport, .setup = *setup};
    }
    return 0;
}

static int add_each(struct plan *plan, const struct options *options, enum bench_mode mode,
                    enum bench_touch touch, const size_t *sizes, unsigned size_count)
{
    for (unsigned i = 0; i < size_count; i++)
        for (unsigned j = 0; j < options->readers_count; j++) {
            const unsigned readers = options->readers[j];
            const struct bench_setup setup = {
                .size = sizes[i],
                .readers = readers,
                .idle = options->idle,
                .slots =
                    options->slots ? options->slots : slots_for(sizes[i], readers + options->idle),
                .mode = mode,
                .touch = touch,
                .policy = options->policy,
            };
            int error = add(plan, options, &setup);
            if (error)
                return error;
        }
    return 0;
}

int plan_make(struct plan *plan, const struct options *options)
{
    *plan = (struct plan){0};
    int error =
        add_each(plan, options, options->mode, options->touch, options->sizes, options->size_count);
    /* The largest once more, in place. */
    if (!error && options->plain)
        error = add_each(plan, options, BENCH_INPLACE, BENCH_NONE,
                         &options->sizes[options->size_count - 1], 1);
    return error;
}

static unsigned run_all(struct plan *plan, const struct options *options, unsigned run)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        struct bench_case *item = &plan->cases[i];
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\rrun %u of %u, case %u of %u: %-20s\033[K", run + 1, options->runs,
                    i + 1, plan->count, item->transport->name);
        int error = bench_case_run(item, &options->pace);
        if (error) {
            fprintf(stderr, "%sringbench: %s, %zu bytes, %u readers: %s\n",
                    isatty(STDERR_FILENO) ? "\r\033[K" : "", item->transport->name,
                    item->setup.size, item->setup.readers, strerror(-error));
            failed++;
        }
    }
    return failed;
}

unsigned plan_run(struct plan *plan, const struct options *options)
{
    unsigned failed = 0;
    for (unsigned run = 0; run < options->runs; run++)
        failed += run_all(plan, options, run);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    for (unsigned i = 0; i < plan->count; i++)
        bench_case_sum_up(&plan->cases[i]);
    return failed;
}

void plan_finish(struct plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++)
        bench_case_finish(&plan->cases[i]);
    free(plan->cases);
    *plan = (struct plan){0};
}
