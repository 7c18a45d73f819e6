/* Events of runs, as they are told to others. */
#ifndef TOOLS_RINGSIDE_SERVE_NEWS_H
#define TOOLS_RINGSIDE_SERVE_NEWS_H

#include "tools/ringside/sample.h"
#include "tools/ringside/serve/journal.h"

/* Writes the event, with the time (`at`) and its camera's `ring`, and without what is nobody's
 * business (discreet.h). What is no event is passed over, and so is one of a camera that is not in
 * the sample, which need not have all. */
void news_write(struct journal *journal, const struct sample *sample, pid_t run, const char *line);

#endif
