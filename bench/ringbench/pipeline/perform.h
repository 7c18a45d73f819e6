/* One performance: a job done once, checked, and what it took. */
#ifndef BENCH_RINGBENCH_PIPELINE_PERFORM_H
#define BENCH_RINGBENCH_PIPELINE_PERFORM_H

#include <stddef.h>
#include <stdint.h>

#include "bench/ringbench/pipeline/memory.h"
#include "bench/ringbench/pipeline/way.h"

struct performance {
    double seconds;     /* from the first process's start to the last one's end */
    double cpu_seconds; /* of all processes, from start to end */
    uint64_t frames;    /* of all cameras */
    struct memory memory;
    double reader_cpu_us; /* of a reader's process, for each frame, beyond looking at it; paced
                             only */
    uint32_t *latencies_ns;
    size_t latency_count;
};

/* Looks at the memory when it has gone on for `look_seconds` (0: not at all). Fills
 * `performance`, which is then to be finished. -EBADMSG when not all frames came to all as they
 * are, -ETIMEDOUT when somebody hung, -ENOTSUP, or what failed. */
int perform(struct performance *performance, const struct job *job, double look_seconds);

void performance_finish(struct performance *performance);

#endif
