/*
 * A stream of frames for other programs: written to a descriptor as Y4M, raw pictures or
 * MJPEG, by libavformat.
 *
 * Life story. A movie is opened on a descriptor. The first frame decides what all have:
 * size, format, colours and rate. Frames of another geometry are scaled to that; formats
 * that the stream can't carry are converted to the nearest one that it can. Closed, it ends
 * what it wrote; the descriptor stays the caller's.
 *
 * Errors: negative errno; -EPIPE when nobody reads the descriptor any more.
 */
#ifndef TOOLS_RINGSIDE_MOVIE_H
#define TOOLS_RINGSIDE_MOVIE_H

#include "libframe/frame.h"

struct movie;

/* `format`: "y4m", "rawvideo" or "mjpeg"; -EINVAL for another one. `fps`: what the stream says of
 * its rate; 0: what the first frame does. */
int movie_open(struct movie **out, const char *format, double fps, int fd);

/* Writes the frame, and waits until the descriptor has taken it. Only looks at it. */
int movie_add(struct movie *movie, const struct frame *frame);

/* NULL-safe. What it says of the end is 0, or as movie_add. */
int movie_close(struct movie **movie);

#endif
