/* The options of `ringside run`. */
#ifndef TOOLS_RINGSIDE_OPTIONS_H
#define TOOLS_RINGSIDE_OPTIONS_H

#include <stdbool.h>

#include "tools/ringside/input.h"
#include "tools/ringside/log.h"
#include "tools/ringside/worker.h"

struct run_options {
    struct inputs inputs;
    struct workers workers;
    const char *program_options; /* for the next --exec */
    bool pace, on_demand, dry_run, json, in_process, no_sandbox;
    unsigned plays;    /* 0: without end */
    unsigned restarts; /* that a decoder may need within a minute */
    unsigned slots;    /* 0: as many as are good */
    unsigned threads;  /* of each decoder, 0: by default */
    double seconds;    /* to run, 0: to the end */
    enum decoder_frames frames;
    double max_fps;       /* of each input; 0: what the workers ask for, HUGE_VAL: all */
    bool pass_corrupt;    /* show damaged frames, too */
    double stop_seconds;  /* for an orderly end */
    double stall_seconds; /* how long a stream may be silent, 0: for ever */
    double hang_seconds;  /* a decoder may go without a sign of life, 0: for ever */
    struct log log;
};

/* Fills `options`, for run_options_free in any case. Returns -1 to go on, or the
 * exit status with which the program is to end, its message printed. */
int run_options_parse(struct run_options *options, int argc, char **argv);

void run_options_free(struct run_options *options);

#endif
