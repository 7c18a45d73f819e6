/* The log: lines for people on standard error, or with --json objects. */
#ifndef TOOLS_RINGSIDE_LOG_H
#define TOOLS_RINGSIDE_LOG_H

#include <stdbool.h>

#include "workers/message.h"

struct log {
    enum worker_log_level level; /* lines of this level and worse are printed */
    bool json;
};

/* `camera` NULL: the line is about none in particular. */
void log_line(const struct log *log, enum worker_log_level level, const char *camera,
              const char *text);

#endif
