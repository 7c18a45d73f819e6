/* What a run is to be: the command line of `ringside run`, and the file that it may name. */
#ifndef TOOLS_RINGSIDE_OPTIONS_H
#define TOOLS_RINGSIDE_OPTIONS_H

#include <stdbool.h>

#include "tools/ringside/input.h"
#include "tools/ringside/log.h"
#include "tools/ringside/worker.h"

struct run_options {
    const struct run_options *before; /* that these are to replace, NULL: none */
    const char *file;                 /* -c, NULL: none */
    struct inputs inputs;
    struct workers workers;
    bool has_workers_of_file;        /* those given as arguments take their place */
    const char *program_options;     /* for the next --exec */
    struct supervisor_camera camera; /* what holds for every camera; neither name nor input */
    bool check, dry_run, json, in_process, quiet, verbose;
    double seconds;      /* to run, 0: to the end */
    double stop_timeout; /* seconds for an orderly end */
    struct log log;
};

/* Fills `options`, for run_options_free in any case. Returns -1 to go on, or the
 * exit status with which the program is to end, its message printed. */
int run_options_parse(struct run_options *options, int argc, char **argv);

/*
 * Fills `again` likewise, for its own run_options_free, from the same arguments and what the
 * file says now. -EINVAL, with a warning in the log of `options`: it has a mistake.
 */
int run_options_again(struct run_options *again, const struct run_options *options, int argc,
                      char **argv);

void run_options_free(struct run_options *options);

#endif
