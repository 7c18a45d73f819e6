/*
 * Standard output: lines that a slow reader must not make us block on.
 *
 * Life story. Lines are put into a buffer; when the descriptor takes more, it is
 * flushed as far as that goes. While it is full the caller takes no more events
 * from the workers, who then wait, and with them the decoders: nothing is lost
 * and memory stays bounded.
 */
#ifndef TOOLS_RINGSIDE_OUTPUT_H
#define TOOLS_RINGSIDE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
    int fd;
    char *buffer;
    size_t begin, end, capacity; /* bytes; begin..end wait */
    int error;                   /* errno that ended it, 0: it works */
};

/* Adds a line and its end. After an error it is dropped. */
void output_line(struct output *output, const char *line);

/* Writes what the descriptor takes without blocking. */
void output_flush(struct output *output);

bool output_pending(const struct output *output);
/* More than a reasonable amount waits. */
bool output_full(const struct output *output);

void output_free(struct output *output);

#endif
