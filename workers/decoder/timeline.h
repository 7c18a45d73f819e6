/*
 * A timeline: the times of a stream's frames, made one that only grows, from whatever
 * the stream says.
 *
 * The first frame keeps its time. From then on each frame stands behind the one before:
 * at its own time, moved by what all frames since the last jump are moved by. A jump is
 * the beginning of the next part (another play, the next file, a connection made anew);
 * a time more than a second before the last one; or one an hour ahead, as where a
 * counter wrapped or a camera set its clock. Behind a jump the frame stands where the one
 * before ended. So pauses stay, and what is between two frames is what the stream said
 * wherever that can be true; a frame that would not be later than the last stands one unit
 * behind it.
 *
 * Threads: one.
 */
#ifndef WORKERS_DECODER_TIMELINE_H
#define WORKERS_DECODER_TIMELINE_H

#include <libavutil/rational.h>
#include <stdbool.h>
#include <stdint.h>

struct timeline {
    bool begun, fresh;   /* any frame seen; none seen of this part */
    int64_t first_ns;    /* the first frame's time */
    int64_t last, next;  /* the last frame's time as placed, and where it ends, in `unit` */
    int64_t offset;      /* what is added now, in `unit` */
    AVRational unit;     /* of this part */
    int64_t position_ns; /* the last frame's, from the first one's */
    uint64_t jumps;      /* within parts */
};

/* A part begins: with the next frame. */
void timeline_part(struct timeline *timeline);

/*
 * Places a frame and returns its time. `pts`: its own, AV_NOPTS_VALUE where it has none;
 * `duration`: 0 where it is not known; both in `unit` seconds, which is that of all frames of
 * a part.
 */
int64_t timeline_place(struct timeline *timeline, int64_t pts, int64_t duration, AVRational unit);

#endif
