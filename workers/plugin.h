/*
 * Plug-ins: worker classes out of shared objects. How one is written stands at
 * WORKER_PLUGIN in class.h.
 *
 * A plug-in is loaded into the front, before its workers are forked, runs its
 * hooks in them, and stays loaded as long as the process lives.
 *
 * Threads: as dlopen(3).
 */
#ifndef WORKERS_PLUGIN_H
#define WORKERS_PLUGIN_H

#include "workers/class.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Loads the shared object at `path` (a name without a slash is looked up as
 * dlopen(3) does) and gives its class. -EINVAL, with the reason in `problem`: it can't be
 * loaded, is no plug-in, or is one for another version of these headers.
 */
int worker_plugin_load(const struct worker_class **out, const char *path, char *problem,
                       size_t problem_size);

#ifdef __cplusplus
}
#endif

#endif
