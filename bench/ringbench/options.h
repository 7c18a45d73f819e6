/* The command line of plain `ringbench`. */
#ifndef BENCH_RINGBENCH_OPTIONS_H
#define BENCH_RINGBENCH_OPTIONS_H

#include <stdbool.h>

#include "bench/ringbench/run.h"
#include "bench/ringbench/transport.h"

#define OPTIONS_LIST_MAX 64

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

struct options {
    const struct bench_transport *transports[OPTIONS_LIST_MAX];
    unsigned transport_count;
    size_t sizes[OPTIONS_LIST_MAX];
    unsigned size_count;
    unsigned readers[OPTIONS_LIST_MAX];
    unsigned readers_count;
    unsigned idle, slots; /* slots 0: by size */
    enum bench_mode mode;
    enum bench_touch touch;
    bool touch_given;
    enum bench_policy policy;
    unsigned runs;
    struct bench_pace pace;
    int cpus[OPTIONS_LIST_MAX];
    enum format format;
    bool list;
    bool plain; /* nothing said what to measure: the plan that compares everything */
};

/* Ends the program after --help and on wrong usage, as argp does. */
void options_parse(struct options *options, int argc, char **argv);

#endif
