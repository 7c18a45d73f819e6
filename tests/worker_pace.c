/* A pace has no drift: whatever frames were late by, the schedule is the stream's own. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "workers/decoder/pace.h"
#include "workers/decoder/timeline.h"

#define SECOND INT64_C(1000000000)

static const AVRational ntsc = {1001, 30000}; /* seconds a frame */

/* From one frame to the next, in ticks of 1/90000 s, as MPEG has it. */
enum { TICKS = 3003, FRAMES_A_DAY = 2589410 };

/* Where frame n of that stream ought to be; exact, for 1001 * n is far from the limit. */
static int64_t exact_ns(int64_t n)
{
    return n * ntsc.num * SECOND / ntsc.den;
}

/* A day of frames, each of which is shown a little late, some very late; in plays of 100. */
Test(pace, does_not_drift_in_a_day)
{
    const AVRational tick = {1, 90000};
    const int64_t begin = 123456789;
    struct timeline timeline = {0};
    struct pace pace = {0};
    uint32_t random = 1;
    int64_t now = begin;
    for (int64_t n = 0; n < FRAMES_A_DAY; n++) {
        if (n % 100 == 0)
            timeline_part(&timeline);
        timeline_place(&timeline, n % 100 * TICKS, TICKS, tick);
        if (!pace.begun)
            pace_begin(&pace, timeline.position_ns, now);
        const int64_t due = pace_due(&pace, timeline.position_ns);
        cr_assert_leq(due - begin - exact_ns(n), 1, "frame %lld", (long long)n);
        cr_assert_geq(due - begin - exact_ns(n), -1, "frame %lld", (long long)n);
        random = random * 1664525 + 1013904223;
        now = (due > now ? due : now) + (n % 1000 == 999 ? SECOND : random >> 13);
        pace_shown(&pace, timeline.position_ns, now);
    }
    cr_expect_geq(pace.worst_ns, SECOND);
}

/* Frames 40 ms apart, of which each is shown so much after it was due. */
Test(pace, counts_what_is_late_by_more_than_a_frame)
{
    static const int64_t late_ms[] = {500, 0, 39, 40, 41, 0, 200};
    struct pace pace = {0};
    pace_begin(&pace, 0, 7);
    for (int64_t i = 0; i < (int64_t)(sizeof late_ms / sizeof *late_ms); i++) {
        const int64_t position = i * SECOND / 25;
        pace_shown(&pace, position, pace_due(&pace, position) + late_ms[i] * SECOND / 1000);
    }
    cr_expect_eq(pace.late, 2); /* behind the first frame there is no interval yet */
    cr_expect_eq(pace.worst_ns, SECOND / 2);
}

Test(pace, moves_by_a_pause)
{
    struct pace pace = {0};
    pace_begin(&pace, 5 * SECOND, 7 * SECOND);
    cr_expect_eq(pace_due(&pace, 5 * SECOND), 7 * SECOND);
    cr_expect_eq(pace_due(&pace, 6 * SECOND), 8 * SECOND);
    pace_pause(&pace, 10 * SECOND);
    cr_expect_eq(pace_due(&pace, 6 * SECOND), 18 * SECOND);
}

Test(pace, of_any_times_is_some)
{
    struct pace pace = {0};
    pace_begin(&pace, INT64_MIN, INT64_MAX);
    cr_expect_eq(pace_due(&pace, INT64_MAX), INT64_MAX);
    pace_shown(&pace, INT64_MAX, INT64_MIN);
    pace_pause(&pace, INT64_MAX);
    cr_expect_eq(pace.late, 0);
}
