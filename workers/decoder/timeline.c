#include "workers/decoder/timeline.h"

#include <libavutil/avutil.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>

/* Seconds. What a live camera may be silent for, or a file leave out; and what a
 * frame may be too early. */
#define PAUSE_MAX 3600
#define SLIP_MAX 1

static const AVRational nanosecond = {1, 1000000000};

void timeline_part(struct timeline *timeline)
{
    timeline->fresh = true;
}

/* Of streams that tell no durations, too, the next frame is to be later. */
static int64_t behind(const struct timeline *timeline)
{
    return timeline->next > timeline->last ? timeline->next : av_sat_add64(timeline->last, 1);
}

/* The parts' time bases differ. */
static void change_unit(struct timeline *timeline, AVRational unit)
{
    if (!timeline->begun || av_cmp_q(timeline->unit, unit) == 0)
        return;
    timeline->last = av_rescale_q(timeline->last, timeline->unit, unit);
    timeline->next = av_rescale_q_rnd(timeline->next, timeline->unit, unit, AV_ROUND_UP);
}

static bool is_over(const struct timeline *timeline, int64_t span, int seconds)
{
    return av_compare_ts(span, timeline->unit, seconds, (AVRational){1, 1}) > 0;
}

/* Two frames of one time, and such small slips, are none. */
static bool is_jump(const struct timeline *timeline, int64_t pts)
{
    return is_over(timeline, av_sat_sub64(timeline->last, pts), SLIP_MAX) ||
           is_over(timeline, av_sat_sub64(pts, timeline->next), PAUSE_MAX);
}

static int64_t place(struct timeline *timeline, int64_t pts)
{
    if (pts == AV_NOPTS_VALUE)
        return timeline->begun ? behind(timeline) : 0;
    if (!timeline->begun)
        return pts;
    const int64_t moved = av_sat_add64(pts, timeline->offset); /* damaged files have any time */
    if (!timeline->fresh && !is_jump(timeline, moved))
        return moved > timeline->last ? moved : av_sat_add64(timeline->last, 1);
    timeline->jumps += !timeline->fresh;
    timeline->fresh = false;
    timeline->offset = av_sat_sub64(behind(timeline), pts);
    return behind(timeline);
}

int64_t timeline_place(struct timeline *timeline, int64_t pts, int64_t duration, AVRational unit)
{
    change_unit(timeline, unit);
    timeline->unit = unit;
    const int64_t placed = place(timeline, pts);
    const int64_t placed_ns = av_rescale_q(placed, unit, nanosecond);
    if (!timeline->begun) {
        timeline->begun = true;
        timeline->fresh = false;
        timeline->first_ns = placed_ns;
    }
    timeline->last = placed;
    timeline->next = av_sat_add64(placed, duration > 0 ? duration : 0);
    timeline->position_ns = av_sat_sub64(placed_ns, timeline->first_ns);
    return placed;
}
