/*
 * What a process may take of the machine, set on itself before it begins its work.
 * Both functions make system calls only, so that they can stand between fork and
 * exec.
 */
#ifndef WORKERS_SRC_LIMITS_H
#define WORKERS_SRC_LIMITS_H

#include <sched.h>

#include "workers/config.h"

struct limits {
    int memory_mib, files, nice;
    bool has_cpus;
    cpu_set_t cpus;
};

/* Reads them out of a configuration. -EINVAL when its `cpus` is no list of processors. */
int limits_read(struct limits *limits, const struct worker_config *config);

/* 0 or a negative errno. */
int limits_apply__(const struct limits *limits);

#endif
