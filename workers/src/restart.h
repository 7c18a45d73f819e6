/*
 * When a process that died is started again: soon the first time, then twice as late
 * each time, and not at all when it dies too often. A death more than a minute after the
 * last one begins anew. A value; all zero is a process that never died.
 */
#ifndef WORKERS_SRC_RESTART_H
#define WORKERS_SRC_RESTART_H

#include <stdint.h>

#define RESTART_NEVER INT64_C(-1)

struct restart {
    int deaths;      /* in a row */
    int64_t last_ns; /* monotonic, of the last one */
};

/* Notes a death, now; returns how many nanoseconds later the process is to be started
 * again, or RESTART_NEVER after more than `allowed` deaths in a row. */
int64_t restart_after(struct restart *restart, int allowed, int64_t now_ns);

#endif
