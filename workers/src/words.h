/*
 * What a process says for people: the lines of its log, and what it prints to its
 * standard error. The last of them are kept, to be told with its death.
 *
 * Life story. It is opened, which makes a pipe, before the process is started with
 * `theirs` as its standard error; begun when that is done; read whenever its
 * descriptor is readable, and to its end when the process has ended; closed. All zero
 * is a closed one; so is one without a pipe, which still keeps lines.
 */
#ifndef WORKERS_SRC_WORDS_H
#define WORKERS_SRC_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define WORDS_LINES 16
#define WORDS_LINE_MAX 256 /* bytes, with the NUL; a longer line comes in pieces */

struct words {
    bool open;
    int fd;     /* our end of the pipe */
    int theirs; /* -1: begun */
    char line[WORDS_LINE_MAX];
    size_t length;                          /* of the line so far */
    char last[WORDS_LINES][WORDS_LINE_MAX]; /* the newest overwrites the oldest */
    unsigned count;                         /* ever */
};

/* -EMFILE and the like. */
int words_open(struct words *words);

/* Closes their end, which the process has now, or which has failed to start. */
void words_begin(struct words *words);

/*
 * Reads what there is, a bounded amount, calls each(user, line) for every line and keeps it.
 * 0: there may be more; -EAGAIN: not now; -EPIPE: never, it is closed now, and what there was
 * of a last line has been told.
 */
int words_read(struct words *words, void (*each)(void *user, const char *line), void *user);

/* Reads the rest of a process that has ended, up to some limit, if others of its kind go on,
 * and closes. */
void words_finish(struct words *words, void (*each)(void *user, const char *line), void *user);

/* Keeps a line that came otherwise; cut if it is long. */
void words_keep(struct words *words, const char *line);

/* The newest line; NULL when there was none. */
const char *words_last(const struct words *words);

/* All that were kept, the oldest first; a new reference. */
json_t *words_to_json(const struct words *words);

/* Forgets all, and closes the pipe. */
void words_close(struct words *words);

#endif
