/*
 * What FFmpeg's libraries say. They log through one callback of the process, with
 * no user argument: so this is the one place of the decoder's process with state
 * of its own. Any of libavcodec's threads may speak.
 */
#ifndef WORKERS_DECODER_LOG_H
#define WORKERS_DECODER_LOG_H

#include <stddef.h>

/* From here on nothing is printed; the last error or warning is kept, and where
 * `forward` is not NULL each such line is given to it, one at a time. */
void decoder_log_begin(void (*forward)(void *user, const char *line), void *user);

/* The last line, without what follows it; "" when there was none. */
void decoder_log_last(char *line, size_t size);

#endif
