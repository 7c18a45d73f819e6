/* Time and processors, as a benchmark needs them. */
#ifndef BENCH_RINGBENCH_CLOCK_H
#define BENCH_RINGBENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t bench_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t bench_now_ns(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* Processor time of this process, all its threads. */
static inline uint64_t bench_cpu_ns(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* Sleeps until that point of the monotonic clock. */
static inline void bench_sleep_until(uint64_t at_ns)
{
    struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000),
                          .tv_nsec = (long)(at_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        ;
}

#endif
