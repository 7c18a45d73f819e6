/*
 * What all rings and their processes are doing, sampled from outside.
 *
 * Life story. A sample begins empty. Each sample_take looks at all rings that there are
 * then, and works out from the look before how fast things go: so the first one knows no
 * rates. A ring that has gone leaves the sample, a new one enters it. Looking leaves no
 * trace on the rings.
 */
#ifndef TOOLS_RINGSIDE_SAMPLE_H
#define TOOLS_RINGSIDE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/inspect.h"
#include "tools/ringside/process.h"

#define SAMPLE_HISTORY 120 /* looks */

struct sample_reader {
    struct ring_reader_info info;
    const struct process_use *process; /* NULL: none that lives */
    double fps;                        /* received, since the look before */
    unsigned restarts;                 /* how often another process has come in its place */
};

struct sample_ring {
    char name[RING_NAME_MAX + 1];
    struct ring_info info;
    const struct process_use *writer; /* NULL: none that lives */
    pid_t last_writer;
    double fps;         /* published, since the look before */
    double worst_lag;   /* frames, of the slowest reader */
    unsigned restarts;  /* of the writer */
    unsigned looks;     /* at this ring */
    unsigned last_look; /* the sample's, in which it was seen */
    float fps_history[SAMPLE_HISTORY], lag_history[SAMPLE_HISTORY]; /* the last one is the newest */
    struct sample_reader reader[RING_READERS_MAX];                  /* by place */
};

struct sample {
    int64_t taken_ns; /* monotonic; 0: never */
    double seconds;   /* since the look before */
    unsigned looks;
    unsigned count;
    struct sample_ring **rings; /* by name */
    struct process_table processes;
};

/* Looks at the rings for which `wanted` is true, NULL: at all. -ENOMEM, or as ring_list; then
 * the sample is what it could become. */
int sample_take(struct sample *sample, bool (*wanted)(void *user, const char *ring), void *user);

void sample_free(struct sample *sample);

#endif
