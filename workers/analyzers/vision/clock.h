/*
 * The time of a video, as its frames tell it: growing whatever they say.
 *
 * Frames without a time, or whose time goes back, are taken to be NOMINAL seconds apart;
 * more than GAP seconds between two are taken for that.
 */
#ifndef WORKERS_ANALYZERS_VISION_CLOCK_H
#define WORKERS_ANALYZERS_VISION_CLOCK_H

#include <stdbool.h>

#define VISION_CLOCK_NOMINAL 0.04
#define VISION_CLOCK_GAP 10.0
#define VISION_CLOCK_ROUNDING 1e-4 /* of times that are sums, for whoever compares two */

struct vision_clock { /* zeroed at the start */
    bool begun;
    double last; /* seconds, the last frame's own; may be NAN */
    double now;  /* seconds since the first frame */
};

/* Takes the time of a frame, NAN if it has none; returns the seconds since the last one, 0 for the
 * first. */
static inline double vision_clock_advance(struct vision_clock *clock, double seconds)
{
    double passed = clock->begun ? seconds - clock->last : 0;
    if (clock->begun && !(passed > 0 && passed < VISION_CLOCK_GAP))
        passed = passed >= VISION_CLOCK_GAP ? VISION_CLOCK_GAP : VISION_CLOCK_NOMINAL;
    clock->begun = true;
    clock->last = seconds;
    clock->now += passed;
    return passed;
}

#endif
