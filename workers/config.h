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

struct worker_config {
    const struct worker_class *class_; /* static */
    unsigned index;                    /* which of the run's workers, from 0 */
    enum ring_policy policy;
    double fps;          /* at most so many frames a second are looked at; 0: as the class wants */
    const void *options; /* state_size bytes: a state's initial value */
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

void worker_config_free(struct worker_config *config);

/* An option in words: the values it takes ("yes or no", "from 1 to 255"), and its
 * default. Cut to `size`, always with a NUL. */
void worker_option_range(const struct worker_option *option, char *text, size_t size);
void worker_option_default(const struct worker_option *option, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
