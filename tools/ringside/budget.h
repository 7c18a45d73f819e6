/* What a dry run prints: the shared memory that the rings would take. */
#ifndef TOOLS_RINGSIDE_BUDGET_H
#define TOOLS_RINGSIDE_BUDGET_H

#include <stdbool.h>

#include "tools/ringside/log.h"
#include "tools/ringside/output.h"
#include "workers/supervisor.h"

struct budget {
    bool json;
    bool verbose; /* say what the slots are for */
    unsigned workers;
    struct output *output;
    struct ring_memory total;
};

void budget_add(struct budget *budget, const char *camera, const struct worker_stream *stream,
                const struct ring_config *ring, const struct ring_memory *memory);

/* Prints the total; false when there is less memory than that. */
bool budget_finish(struct budget *budget, const struct log *log);

#endif
