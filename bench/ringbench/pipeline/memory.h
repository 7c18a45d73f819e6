/* What memory this process's descendants take. */
#ifndef BENCH_RINGBENCH_PIPELINE_MEMORY_H
#define BENCH_RINGBENCH_PIPELINE_MEMORY_H

#include <stdint.h>

struct memory {
    uint64_t pss;  /* bytes, each shared page once among those who map it */
    uint64_t ring; /* bytes of the rings that descendants own */
};

/* Of all descendants of this process that are there now. */
void memory_look(struct memory *memory);

#endif
