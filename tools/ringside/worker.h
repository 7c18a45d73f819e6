/* The workers that `ringside run` is asked for. */
#ifndef TOOLS_RINGSIDE_WORKER_H
#define TOOLS_RINGSIDE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <wordexp.h>

#include "libring/ring.h"
#include "workers/config.h"

#define WORKER_PROGRAM_NAME_MAX 64 /* bytes, with the NUL */

/* A program in place of a class. */
struct worker_program {
    struct worker_class class_; /* gives the name */
    char name[WORKER_PROGRAM_NAME_MAX];
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

/* The parts of these: a class of that name, a plug-in at that path, a command whose name (NULL)
 * is the program's; `options` NULL: none. Likewise. */
int workers_add_class(struct workers *workers, const char *name, const char *options, char *problem,
                      size_t size);
int workers_add_plugin(struct workers *workers, const char *path, const char *options,
                       char *problem, size_t size);
int workers_add_command(struct workers *workers, const char *name, const char *command,
                        const char *options, char *problem, size_t size);

/* Whether they are the same, with the same options. */
bool workers_alike(const struct workers *some, const struct workers *others);

/* The names of the classes, in a line. */
void workers_list_classes(char *text, size_t size);

void workers_free(struct workers *workers);

#endif
