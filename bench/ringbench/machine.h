/* The machine and the versions that a figure belongs to. */
#ifndef BENCH_RINGBENCH_MACHINE_H
#define BENCH_RINGBENCH_MACHINE_H

#include <jansson.h>

/* {"v":1,"type":"machine",...}; the caller's. */
json_t *machine_describe(void);

#endif
