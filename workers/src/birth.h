/* How a worker comes into the world: the one place where the front knows the back. */
#ifndef WORKERS_SRC_BIRTH_H
#define WORKERS_SRC_BIRTH_H

#include "workers/src/worker.h"

/* Starts the process of a worker whose configuration is set. As worker_spawn. */
int birth_of(struct worker *worker);

#endif
