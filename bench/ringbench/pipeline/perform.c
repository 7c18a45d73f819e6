#include "bench/ringbench/pipeline/perform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/pipeline/stage.h"

#define PATIENCE_SECONDS 30 /* beyond some times what decoding takes, until somebody hangs */
#define SLOWEST 8

/* Of all descendants that were waited for. */
static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static unsigned note_count(const struct job *job)
{
    return job->readers ? job->cameras * job->readers : 0;
}

static int collect_latencies(struct performance *performance, const struct stage *stage)
{
    const unsigned count = note_count(&stage->job);
    for (unsigned i = 0; i < count; i++)
        performance->latency_count += stage->notes[i].latency_count;
    uint32_t *at = malloc((performance->latency_count + 1) * sizeof *at);
    performance->latencies_ns = at;
    if (!at)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        const struct stage_note *note = &stage->notes[i];
        memcpy(at, note->latencies_ns, note->latency_count * sizeof *at);
        at += note->latency_count;
    }
    return 0;
}

static void collect_reader_cpu(struct performance *performance, const struct stage *stage)
{
    const unsigned count = note_count(&stage->job);
    double ns = 0, frames = 0;
    if (!stage->job.pace)
        return;
    for (unsigned i = 0; i < count; i++) {
        const struct stage_note *note = &stage->notes[i];
        ns += (double)(note->last_cpu_ns - note->first_cpu_ns) - (double)note->work_ns;
        frames += (double)note->frames - 1;
    }
    performance->reader_cpu_us = frames > 0 ? ns / frames / 1e3 : 0;
}

static void look(void *user)
{
    memory_look(user);
}

static int play(struct performance *performance, struct stage *stage, double look_seconds)
{
    static struct cast cast;
    const struct job *job = &stage->job;
    const double cpu = cpu_seconds();
    const uint64_t began = bench_now_ns();
    const double patience = PATIENCE_SECONDS + SLOWEST * job->clip->seconds * job->cameras +
                            (job->pace ? (double)job->clip->frames : 0);
    const uint64_t until = began + (uint64_t)(patience * 1e9);
    const uint64_t look_ns = look_seconds > 0 ? began + (uint64_t)(look_seconds * 1e9) : until;
    cast.count = 0;
    int error = job->way->start(stage, &cast);
    if (!error)
        error = cast_wait(&cast, look_ns, look, &performance->memory, until);
    performance->seconds = (double)(bench_now_ns() - began) / 1e9;
    cast_end(&cast);
    performance->cpu_seconds = cpu_seconds() - cpu;
    return error;
}

int perform(struct performance *performance, const struct job *job, double look_seconds)
{
    struct stage *stage;
    *performance = (struct performance){0};
    int error = stage_create(&stage, job);
    if (error)
        return error;
    error = play(performance, stage, look_seconds);
    if (!error)
        error = stage_check(stage);
    if (!error)
        error = collect_latencies(performance, stage);
    collect_reader_cpu(performance, stage);
    performance->frames = (uint64_t)job->cameras * job->clip->frames;
    stage_destroy(stage);
    return error;
}

void performance_finish(struct performance *performance)
{
    free(performance->latencies_ns);
    *performance = (struct performance){0};
}
