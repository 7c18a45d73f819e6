/*
 * Messages of one size over a descriptor for each reader: what pipes and sockets have
 * in common. The writer writes each message to every descriptor; a reader takes as
 * much as has come with each read, and hands out one message after the other.
 */
#ifndef BENCH_RINGBENCH_TRANSPORTS_BYTES_H
#define BENCH_RINGBENCH_TRANSPORTS_BYTES_H

#include "bench/ringbench/transport.h"

/* The pairs of descriptors, [0] to read and [1] to write. `chunk`: bytes at most in one
 * write, 0 for all; the parts of a message are read one by one then. */
struct bytes {
    unsigned count;
    size_t chunk;
    int pairs[][2];
};

struct bytes *bytes_create(unsigned count, size_t chunk);
void bytes_destroy(void *shared);

int bytes_open_writer(void **writer, void *shared, const struct bench_setup *setup);
int bytes_send(void *writer, const void *data);
void bytes_close_writer(void *writer);
int bytes_open_reader(void **reader, void *shared, const struct bench_setup *setup, unsigned index);
int bytes_receive(void *reader, const void **data);
void bytes_close_reader(void *reader);

#endif
