/* An option's value: from the words that a user gives it in into the field that it stands for. */
#ifndef WORKERS_SRC_OPTION_H
#define WORKERS_SRC_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "workers/class.h"

/* Into the field, which lies in `state`. False: the option does not take such a value. */
bool option_store(const struct worker_option *option, void *state, const char *value);
void option_store_default(const struct worker_option *option, void *state);

/* Adds to the text what fits. */
void option_append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
