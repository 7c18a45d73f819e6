/*
 * The events of all runs, as they broadcast them (broadcast.h).
 *
 * Life story. After each look at the rings reception_tune connects to the runs that own them and
 * are not heard yet; whenever the descriptor is readable, reception_dispatch hands on what they
 * say, until they end.
 */
#ifndef TOOLS_RINGSIDE_SERVE_RECEPTION_H
#define TOOLS_RINGSIDE_SERVE_RECEPTION_H

#include "tools/ringside/sample.h"

#define RECEPTION_RUNS_MAX 64

struct reception {
    int epoll;
    unsigned count;
    struct reception_run {
        pid_t pid;
        int fd;
    } runs[RECEPTION_RUNS_MAX];
};

/* As epoll_create1(2). */
int reception_open(struct reception *reception);
void reception_close(struct reception *reception);

void reception_tune(struct reception *reception, const struct sample *sample);

/* Hands on a bounded number of events, which need not be JSON. */
void reception_dispatch(struct reception *reception,
                        void (*each)(void *user, pid_t run, const char *line), void *user);

#endif
