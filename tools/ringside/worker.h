/* The workers that the arguments of `ringside run` ask for. */
#ifndef TOOLS_RINGSIDE_WORKER_H
#define TOOLS_RINGSIDE_WORKER_H

#include <stddef.h>
#include <wordexp.h>

#include "libring/ring.h"
#include "workers/config.h"

/* A program in place of a class. */
struct worker_program {
    struct worker_class class_; /* gives the name */
    char name[64];
    wordexp_t words;
};

struct workers {
    struct worker_config workers[RING_READERS_MAX];
    unsigned count;
    struct worker_program *programs[RING_READERS_MAX]; /* by worker; NULL: it is a class */
};

/* Adds what -w gives: NAME[:KEY=VALUE,...], or a plug-in's path in place of the name.
 * -EINVAL, with a line in `problem`. */
int workers_add(struct workers *workers, const char *text, char *problem, size_t size);

/* Adds what --exec gives, [NAME=]COMMAND, with these options (NULL: none). Likewise. */
int workers_add_program(struct workers *workers, const char *text, const char *options,
                        char *problem, size_t size);

void workers_free(struct workers *workers);

#endif
