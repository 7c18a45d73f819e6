/*
 * A file for libavformat to read: a descriptor that is open already. What it refers to
 * is all that can be read through it, whatever the file's contents ask for.
 *
 * One whose place can be set is read from its beginning, each time anew. Of a pipe
 * what is there is taken, and where nothing is, the caller's `await` waits.
 *
 * Threads: one.
 */
#ifndef WORKERS_DECODER_FILE_H
#define WORKERS_DECODER_FILE_H

#include <libavformat/avio.h>

struct file {
    int fd; /* the caller's */
    AVIOContext *avio;
    /* Sleeps until there is something to read; a negative AVERROR ends the reading. */
    int (*await)(void *user, int fd);
    void *user;
};

/* An AVERROR or 0. Neither copied nor moved until it is closed. */
int file_open(struct file *file, int fd, int (*await)(void *user, int fd), void *user);

/* Accepts a zeroed one. */
void file_close(struct file *file);

#endif
