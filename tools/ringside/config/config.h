/*
 * The configuration file of `ringside run -c FILE`; ringside.yaml(5) is what it may say.
 *
 * Its options are those of the command line, by the same list (option.h); the options of a
 * worker those of its class.
 */
#ifndef TOOLS_RINGSIDE_CONFIG_CONFIG_H
#define TOOLS_RINGSIDE_CONFIG_CONFIG_H

#include "tools/ringside/options.h"

/* Reads options->file into options that have their defaults. -EINVAL, with a line in `problem`
 * that has the file, the line and the key. */
int config_read(struct run_options *options, char *problem, size_t problem_size);

#endif
