/* The system calls that are left to a confined process; see sandbox.h. */
#ifndef WORKERS_DECODER_FILTER_H
#define WORKERS_DECODER_FILTER_H

#include "workers/decoder/sandbox.h"

/* From here on all others fail, for this process and its threads. 0 or a negative errno. */
int filter_enter__(enum sandbox_kind kind);

#endif
