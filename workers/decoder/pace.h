/*
 * A pace: when each frame is to be shown so that a stream takes the time that it says.
 *
 * Life story. It begins with the first frame, which is due at once. Each later one is due at
 * that moment and its position in the stream: nothing is reckoned from the frame before, or
 * from when one was shown. So what one frame is late by is not handed on to the next, and
 * after any number of frames the schedule is as exact as the stream's own times. Who is
 * behind shows what is due at once, and so catches up. A pause moves all that follows.
 *
 * Late is what is shown when the next frame would be due already: by more than what was
 * between this one and the one before.
 *
 * Times are monotonic, in nanoseconds. Threads: one.
 */
#ifndef WORKERS_DECODER_PACE_H
#define WORKERS_DECODER_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    bool begun;
    int64_t origin_ns; /* when position 0 is due, or was */
    int64_t shown_ns;  /* the position of what was shown last */
    uint64_t late;     /* frames */
    int64_t worst_ns;  /* what any frame was late by at most */
};

/* The frame at this position is due now, as the first one, and those behind it by that. What was
 * counted stays. */
void pace_begin(struct pace *pace, int64_t position_ns, int64_t now_ns);

int64_t pace_due(const struct pace *pace, int64_t position_ns);

/* Nothing was to be shown for so long. */
void pace_pause(struct pace *pace, int64_t length_ns);

/* The frame was shown: counts what it was late by. */
void pace_shown(struct pace *pace, int64_t position_ns, int64_t now_ns);

#endif
