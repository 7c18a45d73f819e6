/* A sample as JSON: what a camera and its workers are doing. */
#ifndef TOOLS_RINGSIDE_FIGURES_H
#define TOOLS_RINGSIDE_FIGURES_H

#include <jansson.h>

#include "tools/ringside/sample.h"

/* An object, a new reference; NULL when out of memory. */
json_t *figures_of(const struct sample_ring *ring);

/* "ended", "online", or "offline": it has no writer now. */
const char *figures_state(const struct ring_info *info);

const char *figures_policy(enum ring_policy policy);

#endif
