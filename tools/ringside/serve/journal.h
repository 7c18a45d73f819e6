/*
 * The events of late, each as server-sent events have it.
 *
 * Life story. A journal begins empty. What is written into it is numbered from 1 and kept until
 * too much has come after it; what tells only of how something goes on (`passing`) goes first.
 * Who reads asks for what follows the one they had; who is too slow gets what is still there.
 */
#ifndef TOOLS_RINGSIDE_SERVE_JOURNAL_H
#define TOOLS_RINGSIDE_SERVE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ringside/serve/chunk.h"

#define JOURNAL_LIVE 512 /* all of these */
#define JOURNAL_PAST 128 /* of those that are not passing */

struct journal {
    uint64_t written, remembered; /* ever */
    struct chunk *live[JOURNAL_LIVE], *past[JOURNAL_PAST];
};

void journal_write(struct journal *journal, const char *line, bool passing);

/* Held for the caller; NULL: there is none yet. */
struct chunk *journal_next(const struct journal *journal, uint64_t after);

void journal_free(struct journal *journal);

#endif
