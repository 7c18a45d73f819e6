/* The inside of a worker's handle, in the front. */
#ifndef WORKERS_SRC_WORKER_H
#define WORKERS_SRC_WORKER_H

#include "workers/front.h"
#include "workers/src/process.h"

/* A message that came while a ping was waited for. */
struct kept_message {
    struct kept_message *next;
    int descriptor;
    struct worker_message message; /* as much of it as came */
};

struct worker {
    struct worker_process process;
    struct worker_config config;
    struct limits limits;
    int err;             /* what it gets as its standard error; 0: ours */
    uint64_t pings;      /* sent */
    int64_t patience_ns; /* of the control socket's SO_RCVTIMEO, 0: not set */
    struct kept_message *kept, **kept_end;
    struct worker_group *group; /* NULL: in none */
    struct worker_back *back;   /* its other side, where that is in this process */
    int theirs;                 /* its end of the control socket, where it has a back */
    bool runs;                  /* in worker_run_inline */
};

int64_t worker_now_ns(void);

/* worker_spawn, with that descriptor as its standard error. */
int worker_spawn_to(struct worker **out, const struct worker_config *config, int err);

#endif
