/* The limits of memory: to copy a message, to look at one, to pass on a cache line. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/message.h"
#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

#define COLD_BYTES (256u << 20) /* larger than any cache here */

/* Does something with message number i of those at `memory`, of which there are `count`.
 * Returns what keeps the compiler from leaving it out, 0 for a mistake. */
typedef uint64_t step_function(const struct message_check *check, uint8_t *memory, size_t count,
                               uint64_t i);

static int repeat(const struct bench_setup *setup, double seconds, struct bench_run *run,
                  step_function *step, size_t count)
{
    uint8_t *memory;
    const size_t size = setup->size;
    if (posix_memalign((void **)&memory, 4096, (count + 1) * size) != 0)
        return -ENOMEM;
    for (size_t i = 0; i <= count; i++) {
        message_init(memory + i * size, size);
        message_stamp(memory + i * size, size, 0, MESSAGE_FULL, true);
    }
    struct message_check check;
    message_check_init(&check, size, BENCH_ALL);

    const unsigned batch = size < 65536 ? 1024 : 1;
    const uint64_t cpu = bench_cpu_ns(), began = bench_now_ns();
    const uint64_t until = began + (uint64_t)(seconds * 1e9);
    uint64_t now, done = 0;
    int error = 0;
    do {
        for (unsigned i = 0; i < batch; i++)
            if (step(&check, memory, count, done++) == 0)
                error = -EBADMSG;
        now = bench_now_ns();
    } while (now < until && !error);
    run->messages = done;
    run->seconds = (double)(now - began) / 1e9;
    run->cpu_seconds = (double)(bench_cpu_ns() - cpu) / 1e9;
    free(memory);
    return error;
}

static uint64_t copy(const struct message_check *check, uint8_t *memory, size_t count, uint64_t i)
{
    uint8_t *to = memory + (1 + i % count) * check->size;
    memcpy(to, memory, check->size);
    return to[check->size / 2] == memory[check->size / 2];
}

static uint64_t look(const struct message_check *check, uint8_t *memory, size_t count, uint64_t i)
{
    return message_is_whole(check, memory + (1 + i % count) * check->size);
}

static int measure_hot(const struct bench_setup *setup, double seconds, struct bench_run *run)
{
    return repeat(setup, seconds, run, copy, 1);
}

static int measure_cold(const struct bench_setup *setup, double seconds, struct bench_run *run)
{
    return repeat(setup, seconds, run, copy, COLD_BYTES / setup->size + 1);
}

static int measure_touch(const struct bench_setup *setup, double seconds, struct bench_run *run)
{
    return repeat(setup, seconds, run, look, 1);
}

/* -- a cache line, to and fro --------------------------------------------------------------------
 */

struct ball {
    _Alignas(64) _Atomic uint64_t word; /* even: ours to hit */
    _Atomic int over;
};

static void *hit_back(void *user)
{
    struct ball *ball = user;
    uint64_t odd = 1;
    while (!atomic_load_explicit(&ball->over, memory_order_relaxed)) {
        if (atomic_load_explicit(&ball->word, memory_order_acquire) != odd)
            continue;
        atomic_store_explicit(&ball->word, odd + 1, memory_order_release);
        odd += 2;
    }
    return NULL;
}

/* Each way is a message. */
static int measure_line(const struct bench_setup *setup, double seconds, struct bench_run *run)
{
    (void)setup;
    struct ball ball = {0};
    pthread_t other;
    if (pthread_create(&other, NULL, hit_back, &ball) != 0)
        return -EAGAIN;
    const uint64_t cpu = bench_cpu_ns(), began = bench_now_ns();
    const uint64_t until = began + (uint64_t)(seconds * 1e9);
    uint64_t hits = 0;
    while (bench_now_ns() < until) {
        atomic_store_explicit(&ball.word, 2 * hits + 1, memory_order_release);
        while (atomic_load_explicit(&ball.word, memory_order_acquire) != 2 * hits + 2)
            ;
        hits++;
    }
    run->seconds = (double)(bench_now_ns() - began) / 1e9;
    run->cpu_seconds = (double)(bench_cpu_ns() - cpu) / 1e9;
    run->messages = 2 * hits;
    atomic_store(&ball.over, 1);
    pthread_join(other, NULL);
    return 0;
}

const struct bench_transport bench_limit_memcpy_hot = {
    .name = "limit-memcpy-hot",
    .summary = "memcpy of a message into the same place each time",
    .kind = BENCH_LIMIT,
    .measure = measure_hot,
};

const struct bench_transport bench_limit_memcpy_cold = {
    .name = "limit-memcpy-cold",
    .summary = "memcpy of a message into memory that no cache holds",
    .kind = BENCH_LIMIT,
    .measure = measure_cold,
};

const struct bench_transport bench_limit_touch = {
    .name = "limit-touch",
    .summary = "looking at a word in each cache line of a message, hot",
    .kind = BENCH_LIMIT,
    .measure = measure_touch,
};

const struct bench_transport bench_limit_cacheline = {
    .name = "limit-cacheline",
    .summary = "a cache line from one processor to another, one way",
    .kind = BENCH_LIMIT,
    .in_place = true,
    .measure = measure_line,
};
