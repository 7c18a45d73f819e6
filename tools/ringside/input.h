/* INPUT arguments: a path or URL, or NAME=path, and the camera name it gets. */
#ifndef TOOLS_RINGSIDE_INPUT_H
#define TOOLS_RINGSIDE_INPUT_H

#include <stddef.h>

#include "workers/supervisor.h"

struct inputs {
    struct supervisor_camera *cameras; /* names and inputs are ours */
    unsigned count;
};

/*
 * Names every argument's camera. NAME is letters, digits, '.', '_' and '-'; without
 * one it is the stem of the file's name, made unique by a number where it is not.
 * For the rest each is as `like`. An input may stand elsewhere: secret.h.
 * -EINVAL, with a line in `problem`: a name given twice or too long, an empty input. Others
 * where it could not be read.
 */
int inputs_parse(struct inputs *inputs, const struct supervisor_camera *like, char **arguments,
                 unsigned count, char *problem, size_t problem_size);

/* Adds one of that name, which is a good one. Errors where the input could not be read. */
int inputs_add(struct inputs *inputs, const struct supervisor_camera *like, const char *name,
               const char *input, char *problem, size_t problem_size);

/* Which camera has the name, negative: none. */
int inputs_find(const struct inputs *inputs, const char *name);

void inputs_free(struct inputs *inputs);

#endif
