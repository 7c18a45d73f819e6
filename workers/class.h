/*
 * A worker class: everything there is to know about one kind of analyzer, in one
 * const description. Both sides of the fork see it: the front checks options
 * against it, the back calls its hooks.
 *
 * Life story of an analyzer's state. A worker process serves any number of
 * cameras; for each it keeps one state of `state_size` bytes, zeroed, with the
 * options written into it. `open__` is called before the camera's first frame,
 * `frame__` for each frame in order, `idle__` while none comes, `message__` when
 * the front has something to say about this camera, `close__` after the last, each
 * with that camera's state and in one thread. So an analyzer is written as if there
 * were a single camera.
 *
 * Pictures. A class says in `wants` what frame__ is to see; by default that is
 * what the decoder gives, in place. What has to be converted is converted once for
 * each camera of the process, and nothing is that can be had in place.
 *
 * A class of one's own is a plug-in, see WORKER_PLUGIN; or a file in
 * workers/analyzers/ with a line in workers/meson.build and one in
 * workers/src/registry.c.
 *
 * Names that end in two underscores run on the back side: in the worker's
 * process, never in the supervisor's. What a hook may call stands in back.h.
 */
#ifndef WORKERS_CLASS_H
#define WORKERS_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libframe/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_back;
struct worker_camera;
struct worker_message;

enum worker_option_type {
    WORKER_OPTION_INT,    /* int */
    WORKER_OPTION_REAL,   /* double */
    WORKER_OPTION_BOOL,   /* bool; yes, no, on, off, true, false, 1 or 0 */
    WORKER_OPTION_STRING, /* char[maximum], its NUL included */
    WORKER_OPTION_CHOICE, /* int: the place in `choices` */
};

/* One option of a class: KEY=VALUE on the command line. */
struct worker_option {
    const char *key; /* NULL ends the list */
    enum worker_option_type type;
    size_t offset;              /* of the field in the state that takes the value */
    double initial;             /* of a bool 0 or 1, of a choice its place */
    double minimum, maximum;    /* of numbers; of a string: see above */
    const char *initial_text;   /* of a string; NULL: empty */
    const char *const *choices; /* of a choice, NULL at the end */
    const char *help;           /* one line, with the unit */
};

/* What frame__ wants to see. All zero: each frame as the decoder gives it. */
struct worker_wants {
    /* Its luma only: frame_luma never fails on the frame that comes. Where the
     * frame has none to point at (RGB, say), or a smaller one is wanted, it comes as
     * gray8; else in place and as it is. */
    bool luma;
    enum frame_format format; /* this format, FRAME_FORMAT_NONE: as it comes; not with luma */
    /* Pixels; larger frames are made to fit, with their shape kept; 0: any size. */
    int max_width, max_height;
    /* Frames a second by their time stamps; what comes between is passed over. 0: all.
     * Frames without a time are all shown. */
    double max_fps;
};

struct worker_class {
    const char *name;
    const char *summary;                 /* one line */
    size_t state_size;                   /* bytes for each camera */
    const struct worker_option *options; /* NULL: none */
    struct worker_wants wants;
    unsigned idle_ms; /* how long without a frame until idle__; 0: never */

    /*
     * Each may be NULL. 0 or a negative errno; an error ends this camera for this
     * worker and is logged, others go on. What open__ took, close__ gives back; it
     * is called also when another hook failed.
     */
    int (*open__)(struct worker_camera *camera, void *state);
    int (*frame__)(struct worker_camera *camera, void *state, const struct frame *frame);
    /* No frame of this camera for idle_ms; called again as long as none comes. */
    int (*idle__)(struct worker_camera *camera, void *state);
    /*
     * A message of one of the class's own types (WORKER_USER and above, message.h).
     * One that is about no camera comes with the worker itself in the camera's
     * place: its name is empty, its state one of its own, and neither open__,
     * frame__, idle__ nor close__ ever see it. `descriptor` came along, or is -1; it is
     * closed after the call.
     */
    int (*message__)(struct worker_camera *camera, void *state,
                     const struct worker_message *message, int descriptor);
    void (*close__)(struct worker_camera *camera, void *state);

    /* The worker's loop, where it is to be another than the built-in one: it hosts
     * worker_back_fd__ (back.h) in an event loop of its own until dispatching says
     * that it is over. NULL: the built-in one. */
    void (*loop__)(struct worker_back *back);
};

/*
 * Plug-ins. A shared object with one line WORKER_PLUGIN(name_of_the_class) holds a
 * class for `-w ./my.so`. WORKER_ABI grows whenever a plug-in built before would
 * misunderstand the headers of today; one that was built for another is refused.
 */
#define WORKER_ABI 1

struct worker_plugin {
    uint32_t abi;        /* WORKER_ABI */
    uint32_t class_size; /* of struct worker_class, as it was built */
    const struct worker_class *class_;
};

#ifdef __cplusplus
#define WORKER_PLUGIN(the_class)                                                                   \
    extern "C" const struct worker_plugin worker_plugin;                                           \
    const struct worker_plugin worker_plugin = {WORKER_ABI, sizeof(struct worker_class), &the_class}
#else
#define WORKER_PLUGIN(the_class)                                                                   \
    extern const struct worker_plugin worker_plugin;                                               \
    const struct worker_plugin worker_plugin = {WORKER_ABI, sizeof(struct worker_class), &the_class}
#endif

/* The classes there are, NULL at the end; static. */
extern const struct worker_class *const worker_classes[];

/* NULL when there is none of that name. */
const struct worker_class *worker_class_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
