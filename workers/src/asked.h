/*
 * What the workers of a camera ask for of its frames.
 *
 * A worker that looks at 5 frames a second picks them by their times (libframe/rate.h), and
 * what it has not picked leaves no trace in it. So the decoder may pick for it: as long as
 * each frame is shown that any worker would have picked from all of them, each picks the same
 * ones from those shown.
 *
 * Threads: safe.
 */
#ifndef WORKERS_SRC_ASKED_H
#define WORKERS_SRC_ASKED_H

#include "libring/ring.h"
#include "workers/config.h"

/*
 * The rates at which frames are picked, each once; returns how many there are. 0: all frames are
 * asked for, as by a program, by a class that notices that none comes, and where there are no
 * workers.
 */
unsigned asked_rates(const struct worker_config *workers, unsigned count,
                     double rates[RING_READERS_MAX]);

#endif
