/* What of JSON may be told to others: no paths, no URLs, nobody's last words. */
#ifndef TOOLS_RINGSIDE_SERVE_DISCREET_H
#define TOOLS_RINGSIDE_SERVE_DISCREET_H

#include <jansson.h>

#include "tools/ringside/process.h"

/* Changes the value: of each text with a slash only what is behind the last one stays, and what is
 * called `log` goes. */
void discreet_json(json_t *value);

/* What a process that serves a ring is called: without arguments, where these are in its title. */
void discreet_title(const struct process_use *process, char *title, size_t size);

#endif
