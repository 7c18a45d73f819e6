/* The one status line on a terminal: each camera's progress, fps, lag, skipped. */
#ifndef TOOLS_RINGSIDE_STATUS_H
#define TOOLS_RINGSIDE_STATUS_H

#include <stdbool.h>

#include "workers/supervisor.h"

struct status_line {
    bool enabled;
    bool shown;
};

/* Enabled where standard error is a terminal that can take it. */
void status_init(struct status_line *line, bool wanted);

void status_show(struct status_line *line, const struct supervisor *supervisor);

/* Takes the line away, for another one to be printed. */
void status_hide(struct status_line *line);

#endif
