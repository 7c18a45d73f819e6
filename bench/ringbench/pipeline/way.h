/*
 * A way: how frames come from a clip to those who look at them. Each is one const
 * description in ways/, and stands in the array of ways.c.
 *
 * Life story of one performance. `start` starts processes in the cast, which do the work
 * and end: for each camera the clip is decoded once, and each of its readers, in a process of
 * its own unless the way is made otherwise, sees every frame and notes it on the stage.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_WAY_H
#define BENCH_RINGBENCH_PIPELINE_WAY_H

#include <stdbool.h>

#include "bench/ringbench/pipeline/cast.h"
#include "bench/ringbench/pipeline/clip.h"
#include "bench/ringbench/transport.h"

#define CAMERAS_MAX 64
#define PIPELINE_READERS_MAX 64
#define PACED_FPS 5 /* frames a second of what goes in its own time */

/* What is to be done. */
struct job {
    const struct way *way;
    const struct clip *clip;
    unsigned cameras, readers; /* readers of each camera */
    unsigned threads;          /* of each decoder */
    bool pace;                 /* in the clip's own time, not as fast as it goes */
};

struct stage;

struct way {
    const char *name, *summary;
    enum bench_kind kind; /* a limit, or a peer without readers, only decodes */
    bool readers;
    const char *base; /* the way that only decodes, by the same means; NULL: none */
    bool paced;       /* knows job.pace; a limit that does does nothing else */

    /* 0 or a negative errno; -ENOTSUP where this machine lacks what it takes. */
    int (*start)(struct stage *stage, struct cast *cast);
};

/* All that are built in; ends with NULL. */
extern const struct way *const ways[];

/* NULL when there is none of that name. */
const struct way *way_find(const char *name);

#endif
