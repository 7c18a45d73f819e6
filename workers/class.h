/*
 * A worker class: everything there is to know about one kind of analyzer, in one
 * const description. Both sides of the fork see it: the front checks options
 * against it, the back calls its hooks.
 *
 * Life story of an analyzer's state. A worker process serves any number of
 * cameras; for each it keeps one state of `state_size` bytes, zeroed, with the
 * options written into it. `open__` is called before the camera's first frame,
 * `frame__` for each frame in order, `close__` after the last, each with that
 * camera's state and in one thread. So an analyzer is written as if there were a
 * single camera.
 *
 * A class of one's own is a file in workers/analyzers/ with a line in
 * workers/meson.build and one in workers/src/registry.c.
 *
 * Names that end in two underscores run on the back side: in the worker's
 * process, never in the supervisor's. What a hook may call stands in back.h.
 */
#ifndef WORKERS_CLASS_H
#define WORKERS_CLASS_H

#include <stddef.h>

#include "libframe/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_camera;

enum worker_option_type {
    WORKER_OPTION_INT,  /* int */
    WORKER_OPTION_REAL, /* double */
};

/* One option of a class: KEY=VALUE on the command line. */
struct worker_option {
    const char *key; /* NULL ends the list */
    enum worker_option_type type;
    size_t offset; /* of the field in the state that takes the value */
    double initial, minimum, maximum;
    const char *help; /* one line, with the unit */
};

struct worker_class {
    const char *name;
    const char *summary;                 /* one line */
    size_t state_size;                   /* bytes for each camera */
    const struct worker_option *options; /* NULL: none */

    /* Each may be NULL. 0 or a negative errno; an error ends this camera for this
     * worker and is logged, others go on. What open__ took, close__ gives back; it
     * is called also when open__ or frame__ failed. */
    int (*open__)(struct worker_camera *camera, void *state);
    int (*frame__)(struct worker_camera *camera, void *state, const struct frame *frame);
    void (*close__)(struct worker_camera *camera, void *state);
};

/* The classes there are, NULL at the end; static. */
extern const struct worker_class *const worker_classes[];

/* NULL when there is none of that name. */
const struct worker_class *worker_class_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
