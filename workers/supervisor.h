/*
 * The supervisor: a decoder process for each camera, a process for each worker,
 * the rings between them, and one place that knows the state of all.
 *
 * Life story. It is created from a list of cameras and a list of workers, all of
 * whose processes it forks at once. Whenever its descriptor is readable, the
 * caller dispatches; the supervisor moves each camera through its states and
 * hands lines of events and log to the caller. When all cameras have ended it is
 * finished; the caller asks for the outcome and destroys it. Stopped from
 * outside, it ends every stream in order and is finished soon after.
 *
 *   OPENING --stream--> WIRING --all workers attached--> RUNNING --stream ends-->
 *   DRAINING --all workers through--> ENDED
 *   OPENING --cannot be opened--> ENDED
 *
 * It owns the rings and outlives those who use them, starts no thread, reads no
 * media, and never blocks. A worker that dies is taken out of all rings, and the
 * others go on; a decoder that dies is followed by another, which takes its ring over
 * and continues the sequence: without a gap where its input gives the same frames
 * again, and else, as with a camera, with what comes next. One that dies too often, or whose
 * input can be had only once, ends its camera's stream, and readers get all that was
 * published. One that gives no sign of life is killed, and so dies.
 *
 * Threads: belongs to one thread, in a process without others.
 */
#ifndef WORKERS_SUPERVISOR_H
#define WORKERS_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "workers/decoder/decoder.h"
#include "workers/front.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is done with damaged frames. */
enum supervisor_corrupt {
    SUPERVISOR_DROP,
    SUPERVISOR_PASS, /* with their flag */
};

struct supervisor_camera {
    const char *name;  /* unique, under WORKER_CAMERA_NAME_MAX bytes */
    const char *input; /* path or URL */
    unsigned slots;    /* of its ring; 0: by supervisor_slots */
    unsigned threads;  /* of its decoder; 0: they share the processors */
    unsigned plays;    /* 0: without end */
    int restarts;      /* of its decoder, in a row, each within a minute of the last */
    enum decoder_frames frames;
    double max_fps; /* 0: all, negative: what its workers ask for */
    enum supervisor_corrupt corrupt;
    double stall_timeout; /* seconds that a stream may be silent; 0: for ever */
    double hang_timeout;  /* without a sign of life, until its decoder is killed; 0: never */
    bool pace;            /* by its timestamps */
    bool on_demand;       /* decoded only while somebody reads */
    bool no_sandbox;      /* leave its decoder all rights */
};

struct supervisor_config {
    const struct supervisor_camera *cameras;
    unsigned camera_count;
    const struct worker_config *workers;
    unsigned worker_count; /* at most RING_READERS_MAX; 0: others may read the rings */
    int64_t stop_ns;       /* for processes to end in order before they are killed; 0: 5 s */
    bool dry_run;          /* open the inputs, tell their budget, end */
    bool verbose;

    /* All in this process: no fork, one thread, one camera after the other; see
     * supervisor_run_inline. */
    bool in_process;

    /* What comes out, all with `user`. Lines have no line feed and belong to the
     * supervisor. `event`: a line of JSON. `log`: text for people. `budget`: in a
     * dry run, for each camera that could be opened. */
    void *user;
    void (*event)(void *user, const char *line);
    void (*log)(void *user, enum worker_log_level level, const char *camera, const char *text);
    void (*budget)(void *user, const char *camera, const struct worker_stream *stream,
                   const struct ring_config *ring, const struct ring_memory *memory);
};

enum supervisor_camera_state {
    SUPERVISOR_OPENING,
    SUPERVISOR_WIRING,
    SUPERVISOR_RUNNING,
    SUPERVISOR_DRAINING,
    SUPERVISOR_ENDED,
};

/* A camera at a glance, for a status line. */
struct supervisor_status {
    const char *name;
    enum supervisor_camera_state state;
    struct worker_progress progress;
    int64_t duration_ns; /* over all plays, 0: not known */
    uint64_t lag;        /* frames the slowest worker is behind */
    uint64_t skipped;    /* by all workers */
};

/* The worst that happened, for an exit code. */
enum supervisor_outcome {
    SUPERVISOR_COMPLETE,
    SUPERVISOR_PARTIAL, /* something was damaged, truncated or corrupt */
    SUPERVISOR_FAILED,  /* an input could not be opened, a process died, no memory */
};

struct supervisor;

/* Forks everything. The lists, names and inputs need live only during the call.
 * -EDEADLK in a process with threads; else as fork(2) and its kin. On failure nothing is left
 * behind. */
int supervisor_create(struct supervisor **out, const struct supervisor_config *config);

/*
 * Has one camera more, or one less, while the others go on; not with `in_process`. One that goes is
 * ended in order: the workers take what was published. One that comes and has the name of one that
 * is still at its end begins after it. Slots and rates that the workers ask for are as at the
 * start. Errors of adding are those of creating, and -ESHUTDOWN: the run is at its end; of removing
 * -ENOENT: none of that name is there to go.
 */
int supervisor_add_camera(struct supervisor *supervisor, const struct supervisor_camera *camera);
int supervisor_remove_camera(struct supervisor *supervisor, const char *name);

/* Kills what still runs, joins it, removes the rings. NULL-safe. */
void supervisor_destroy(struct supervisor **supervisor);

/* Readable when dispatch has something to do. */
int supervisor_fd(const struct supervisor *supervisor);

/* Handles what there is, a bounded amount of it; never blocks. */
void supervisor_dispatch(struct supervisor *supervisor);

/*
 * With `in_process`: lets the decoders do their work, one after the other, and
 * returns when all are through; the workers work within supervisor_dispatch. Wherever
 * somebody would sleep, `turn` is called with the configuration's user, to do what the
 * caller's loop does: wait for a moment, dispatch, take the output away. It may be called
 * from within itself. The run is then ended by that loop as any other.
 */
void supervisor_run_inline(struct supervisor *supervisor, void (*turn)(void *user));

/* With `in_process`: there may be more to do at once, whatever the descriptor says. */
bool supervisor_busy(const struct supervisor *supervisor);

/* True when every camera has ended and every process is gone. */
bool supervisor_finished(const struct supervisor *supervisor);

/* Ends all streams in order; further calls do nothing. */
void supervisor_stop(struct supervisor *supervisor);

enum supervisor_outcome supervisor_outcome(const struct supervisor *supervisor);

/* What comes from the camera's name in the name of a ring that a supervisor, in whatever process,
 * has made; NULL where none has. Ends with the ring's name. */
const char *supervisor_camera_of(const char *ring);

/* Whether the ring of that name is one that a supervisor, in whatever process, has made for
 * a camera of that name. */
bool supervisor_is_ring_of(const char *ring, const char *camera);

/* -ENOENT when there is no such camera. */
int supervisor_status(const struct supervisor *supervisor, unsigned camera,
                      struct supervisor_status *status);

/* What a ring's slots are for: one is being filled, one is the newest, and beside
 * these are */
struct supervisor_slots {
    unsigned decoder; /* what the codec keeps */
    unsigned workers; /* one for each to hold */
    unsigned ahead;   /* for the lossless to work ahead: what fits into 4 MB, 2 to 16 */
    unsigned total;
    unsigned minimum; /* what the workers' holds require at least */
};

/* For a stream and these workers. `stream` NULL: none is known yet, for the minimum. */
struct supervisor_slots supervisor_slots(const struct worker_stream *stream,
                                         const struct worker_config *workers,
                                         unsigned worker_count);

#ifdef __cplusplus
}
#endif

#endif
