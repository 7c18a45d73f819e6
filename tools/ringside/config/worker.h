/* A worker as a configuration file describes it: an entry of its list `workers`. */
#ifndef TOOLS_RINGSIDE_CONFIG_WORKER_H
#define TOOLS_RINGSIDE_CONFIG_WORKER_H

#include "tools/ringside/config/document.h"
#include "tools/ringside/worker.h"

/* Adds the worker, with these defaults (NULL: none) below its own options. What is wrong is a
 * fault of the document. */
void config_worker_read(struct workers *workers, const struct place *entry,
                        const struct place *defaults);

/* Whether they are options that every worker has, and of such values. */
bool config_worker_check_defaults(const struct place *defaults);

#endif
