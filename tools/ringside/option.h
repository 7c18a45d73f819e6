/*
 * The options of `ringside run`, each described once: the command line, its help and the
 * configuration file all go by this list.
 */
#ifndef TOOLS_RINGSIDE_OPTION_H
#define TOOLS_RINGSIDE_OPTION_H

#include "tools/ringside/options.h"

enum run_option_scope {
    RUN_OPTION_OF_RUN,       /* a field of struct run_options */
    RUN_OPTION_OF_CAMERA,    /* of struct supervisor_camera; for all cameras, or for one */
    RUN_OPTION_OF_ARGUMENTS, /* no key of the file: acted upon where it is met */
};

struct run_option {
    enum run_option_scope scope;
    int letter;                 /* 0: none */
    const char *argument;       /* in the help; NULL: takes none, a bool is set by it */
    struct worker_option value; /* key, type, limits, field, help */
};

/* Ends with a NULL key. */
extern const struct run_option run_option_list[];

/* NULL: there is none. */
const struct run_option *run_option_find(const char *key);
const struct run_option *run_option_by_letter(int letter);

void run_option_defaults(struct run_options *options);

/* Takes effect for the run, or for all its cameras. False: the option takes no such value. */
bool run_option_set(const struct run_option *option, struct run_options *options,
                    const char *value);

/* Whether cameras have the same input and options. */
bool run_option_alike(const struct supervisor_camera *one, const struct supervisor_camera *other);

/* The part of the help that lists them. */
void run_option_print_all(void);

#endif
