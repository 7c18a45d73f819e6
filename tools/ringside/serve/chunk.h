/*
 * Bytes that are sent to many, made once.
 *
 * Life story. Whoever makes a chunk holds it once; each who keeps it holds it, too, and the last
 * who drops it frees it. What is in it does not change.
 */
#ifndef TOOLS_RINGSIDE_SERVE_CHUNK_H
#define TOOLS_RINGSIDE_SERVE_CHUNK_H

#include <stddef.h>
#include <stdint.h>

struct chunk {
    unsigned holders;
    uint64_t number; /* its place in the order of all of its kind, from 1 */
    size_t size;
    char data[];
};

/* With room for that many bytes, to be filled by the caller. NULL: no memory. */
struct chunk *chunk_create(size_t size);

/* Of a text, as printf would. NULL: no memory. */
struct chunk *chunk_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct chunk *chunk_hold(struct chunk *chunk);

/* *chunk becomes NULL. NULL-safe. */
void chunk_drop(struct chunk **chunk);

#endif
