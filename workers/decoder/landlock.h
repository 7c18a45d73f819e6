/* The paths that are left to a confined process; see sandbox.h. */
#ifndef WORKERS_DECODER_LANDLOCK_H
#define WORKERS_DECODER_LANDLOCK_H

#include "workers/decoder/sandbox.h"

/* From here on no path can be reached, for a network's input but those that tell of hosts and
 * certificates. Needs no_new_privs. 0 or a negative errno: -ENOSYS and -EOPNOTSUPP where
 * the kernel has no Landlock. */
int landlock_enter__(enum sandbox_kind kind);

#endif
