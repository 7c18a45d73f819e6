/*
 * A worker's configuration: its class, and what the user wants of this one.
 *
 * Life story. The front fills it, most often from the user's KEY=VALUE pairs by
 * worker_config_parse, and spawns a worker with it, which takes a copy. It is a
 * value without secrets: options are bytes of the class's state, not pointers, so
 * that they can go wherever the worker runs.
 *
 * Threads: as any value.
 */
#ifndef WORKERS_CONFIG_H
#define WORKERS_CONFIG_H

#include "libring/reader.h"
#include "workers/class.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WORKER_CPUS_MAX 128 /* bytes, with the NUL */

struct worker_server;

struct worker_config {
    const struct worker_class *class_; /* static */
    unsigned index;                    /* which of the run's workers, from 0 */
    enum ring_policy policy;
    double fps;          /* at most so many frames a second are looked at; 0: as the class wants */
    const void *options; /* state_size bytes: a state's initial value */

    struct worker_server *server; /* that forks it, see server.h; NULL: the front does */

    /* A program to run instead of the class's hooks: its arguments, NULL at the end.
     * NULL: none. The class then only gives the name. */
    const char *const *command;
    const char *rings; /* for the program: a line "RING CAMERA" for each; NULL: none */

    /* How the supervisor keeps it. */
    int restarts;        /* in a row, each within a minute of the last */
    double hang_timeout; /* seconds without a sign of life until it is killed; 0: never */

    /* What it may take. Zeroed: as its front. */
    int memory;                 /* MiB of its own, not counting rings */
    int files;                  /* open descriptors */
    int nice;                   /* 0 to 19 */
    char cpus[WORKER_CPUS_MAX]; /* "0,2-3": processors it runs on */
};

/* The options that every worker has beside its class's, in the fields above (offsets
 * are those in struct worker_config); ends with a NULL key. */
extern const struct worker_option worker_common_options[];

/*
 * Fills the configuration of a worker of this class: defaults first, then
 * "KEY=VALUE,KEY=VALUE" (NULL: none), checked. A comma in a value is written "\,", a
 * backslash "\\". On -EINVAL, and -ENOMEM, `problem` says in a line what is wrong.
 * Give it back by worker_config_free in any case.
 */
int worker_config_parse(struct worker_config *config, const struct worker_class *class_,
                        const char *text, char *problem, size_t problem_size);

/* The same step by step: first the defaults, -ENOMEM; to be given back in any case. */
int worker_config_begin(struct worker_config *config, const struct worker_class *class_);

/* Then one option after the other. -ENOENT: there is none of that name, -EINVAL: it takes no such
 * value; `problem` then says which there are, "must be " and what it takes. */
int worker_config_set(struct worker_config *config, const char *key, const char *value,
                      char *problem, size_t problem_size);

/* A copy with options of its own, all zero where there are none; worker_config_free gives them
 * back. -ENOMEM. */
int worker_config_copy(struct worker_config *copy, const struct worker_config *config);

/* How many frames a second are looked at, as user and class together want it; 0: all. */
double worker_config_rate(const struct worker_config *config);

void worker_config_free(struct worker_config *config);

/* Of any object that a list of options describes: sets the option's field from a text. False:
 * it takes no such value, and the field is spoilt. */
bool worker_option_store(const struct worker_option *option, void *object, const char *value);
void worker_option_store_default(const struct worker_option *option, void *object);

/* Whether two objects have the same value of the option. */
bool worker_option_alike(const struct worker_option *option, const void *one, const void *other);

/* NULL: the list, which ends with a NULL key, has none of that name. */
const struct worker_option *worker_option_find(const struct worker_option *options,
                                               const char *key);

/* An option in words: the values it takes ("yes or no", "from 1 to 255"), and its
 * default. Cut to `size`, always with a NUL. */
void worker_option_range(const struct worker_option *option, char *text, size_t size);
void worker_option_default(const struct worker_option *option, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
