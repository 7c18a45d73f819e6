/*
 * A lower frame rate, made by leaving frames out.
 *
 * Life story. It is begun with the rate wanted and asked of every frame, in order, whether
 * that one is due. Due times lie on a grid that is kept as long as frames come near it, so
 * that 10 of 25 frames a second are 10 and not 8; after a gap, or a jump of the
 * timestamps in either direction, the grid begins anew. It is a plain value and needs no
 * end.
 *
 * Threads. A rate belongs to one thread at a time.
 */
#ifndef LIBFRAME_RATE_H
#define LIBFRAME_RATE_H

#include <stdbool.h>

#include "libframe/api.h"

FRAME_BEGIN

struct frame_rate {
    double step; /* seconds from one frame to the next, 0: all are due */
    bool begun;
    double due; /* seconds, of the next one, when begun */
};

/* `fps` frames a second at most; 0 or less: all. */
FRAME_API void frame_rate_begin(struct frame_rate *rate, double fps);

/* Whether the frame of that time, in seconds, is due; asked once for each. One without a
 * time (NAN) always is. */
FRAME_API bool frame_rate_is_due(struct frame_rate *rate, double pts);

FRAME_END

#endif
