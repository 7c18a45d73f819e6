/* SIGHUP: the run follows its file, and what did not change there notices nothing. */
#ifndef TOOLS_RINGSIDE_RELOAD_H
#define TOOLS_RINGSIDE_RELOAD_H

#include "tools/ringside/options.h"

/*
 * Reads the options anew, from the same arguments. Cameras that are gone from the file end in
 * order, those that are new begin, those whose input or options changed do both; `options` has
 * them then. What else changed waits for the next start, and the log says so. A mistake in the
 * file is a warning, and nothing changes.
 */
void reload(struct supervisor *supervisor, struct run_options *options, int argc, char **argv);

#endif
