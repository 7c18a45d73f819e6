/*
 * A fork server, as worker_spawn knows it, and what the front and it say to each other.
 *
 * One question at a time, by messages on the server's control socket:
 *
 *   SERVER_SPAWN  `request`, and a memfd with the options; answered by
 *   SERVER_BORN   `pid` and the control socket; or value: a negative errno, and that is all
 *   SERVER_PIDFD  the pidfd
 *
 *   SERVER_REAP   `pid`, of one that has ended; answered by
 *   SERVER_ENDED  value: the status as waitpid(2) has it
 */
#ifndef WORKERS_SRC_SERVER_H
#define WORKERS_SRC_SERVER_H

#include "workers/message.h"
#include "workers/server.h"
#include "workers/src/worker.h"

enum { SERVER_SPAWN = WORKER_USER, SERVER_BORN, SERVER_PIDFD, SERVER_REAP, SERVER_ENDED };

struct server_request {
    uint32_t class_;             /* which of its classes */
    struct worker_config config; /* both are one program: but for its pointers, as it is */
};

/* Has the server fork the worker, whose configuration is set. -ENOENT when its class was not
 * named at the server's start, -EPIPE when the server is dead, or as worker_spawn. */
int server_spawn(struct worker_server *server, struct worker *worker);

/* The server's life after its fork; returns its exit status. */
int server_main__(const struct worker_class *const *classes, int control);

#endif
