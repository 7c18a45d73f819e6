/*
 * What the processes of one run share: where they wait for each other, and what each
 * found. In anonymous shared memory, made before the fork.
 */
#ifndef BENCH_RINGBENCH_STAGE_H
#define BENCH_RINGBENCH_STAGE_H

#include <pthread.h>
#include <stdint.h>

#include "bench/ringbench/run.h"

struct bench_heard {
    _Atomic uint64_t seen; /* messages up to here, since the full speed is over */
    uint64_t ended_ns;     /* when it had the last message of the full speed */
    uint64_t cpu_ns, lost;
    uint32_t wake_count;
    uint32_t wakes[BENCH_WAKES_MAX];
};

struct bench_stage {
    const struct bench_transport *transport;
    const struct bench_setup *setup;
    const struct bench_pace *pace;
    void *shared; /* the transport's */
    pthread_barrier_t barrier;
    uint64_t began_ns, messages, cpu_ns; /* the writer's */
    struct bench_heard heard[BENCH_READERS_MAX];
};

/* The roles: all of what such a process does, up to its exit status, a positive errno. */
int bench_write(struct bench_stage *stage);
int bench_read(struct bench_stage *stage, unsigned index);
/* Attaches the idle readers. */
int bench_idle(struct bench_stage *stage);

#endif
