/* The end of a process, and what comes of it, for people and for events. */
#ifndef WORKERS_SRC_DEATH_H
#define WORKERS_SRC_DEATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workers/src/words.h"

struct death {
    int status;                /* as waitpid(2) has it */
    int64_t delay_ns;          /* until it is started again, or RESTART_NEVER */
    bool given_up;             /* which is because it died too often */
    const struct words *words; /* its last */
};

/* "was killed by signal 9 (Killed), and is started again in 0.1 s; it last said: no". */
void death_describe(const struct death *death, char *text, size_t size);

/* signal or exit, restart_ms and log; a new reference. */
json_t *death_to_json(const struct death *death);

#endif
