/* How a worker comes into the world: the one place where the front knows the back. */
#ifndef WORKERS_SRC_BIRTH_H
#define WORKERS_SRC_BIRTH_H

#include "workers/src/worker.h"

/* Starts the process of a worker whose configuration is set. As worker_spawn. */
int birth_of(struct worker *worker);

/* Starts a fork server. As worker_process_spawn. */
int birth_of_server(struct worker_process *process, const struct worker_class *const *classes);

/* The same without a process; and its run and its end. */
int birth_inline(struct worker *worker, void (*wait)(void *user), void *user);
int birth_run(struct worker *worker);
void birth_undo(struct worker *worker);

#endif
