/*
 * One run: a transport brings messages from one process to others for a while.
 *
 * Life story. bench_run_measure forks a writer and readers, which first let messages
 * flow as fast as they go and then, one by one, to readers that have gone to sleep.
 * Every reader checks each message's number and content. The parent waits, ends
 * everybody when one of them fails or hangs, and adds up what they found.
 */
#ifndef BENCH_RINGBENCH_RUN_H
#define BENCH_RINGBENCH_RUN_H

#include <stdint.h>

#include "bench/ringbench/transport.h"

#define BENCH_READERS_MAX 64
#define BENCH_WAKES_MAX 8192 /* of each reader in one run */

/* How a run goes about it. */
struct bench_pace {
    double seconds;      /* of messages as fast as they go */
    double wake_seconds; /* of single messages */
    const int *cpus;     /* the writer on the first, the readers in turn on the others... */
    unsigned cpu_count;  /* ...0: wherever the kernel likes */
};

/* What came out. Wake-ups in nanoseconds: from just before a message is sent until a
 * reader that slept has it. */
struct bench_run {
    uint64_t messages;
    double seconds; /* until the last reader had the last of them */
    double cpu_seconds;
    uint64_t lost; /* in this time, by all readers together */
    uint32_t *wakes;
    size_t wake_count;
};

/* Fills `run`, whose wakes are then to be freed by bench_run_finish. -EBADMSG when a
 * reader got what was not sent, -ETIMEDOUT when somebody hung, or what failed. */
int bench_run_measure(struct bench_run *run, const struct bench_transport *transport,
                      const struct bench_setup *setup, const struct bench_pace *pace);

void bench_run_finish(struct bench_run *run);

#endif
