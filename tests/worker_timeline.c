/* The times of a stream's frames only grow, whatever the stream says. */
#include <criterion/criterion.h>
#include <libavutil/avutil.h>
#include <stdint.h>

#include "workers/decoder/timeline.h"

enum { FRAME = 40 };

static const AVRational millisecond = {1, 1000};

/* The first frames of a stream, which has begun at `first` and goes on for so many frames. */
static struct timeline begun_at(int64_t first, int frames)
{
    struct timeline timeline = {0};
    timeline_part(&timeline);
    for (int i = 0; i < frames; i++)
        cr_assert_eq(timeline_place(&timeline, first + i * FRAME, FRAME, millisecond),
                     first + i * FRAME);
    return timeline;
}

static int64_t place(struct timeline *timeline, int64_t pts)
{
    return timeline_place(timeline, pts, FRAME, millisecond);
}

Test(timeline, leaves_what_grows_as_it_is)
{
    struct timeline timeline = begun_at(1400, 3);
    cr_expect_eq(timeline.position_ns, 2 * FRAME * INT64_C(1000000));
    cr_expect_eq(place(&timeline, 60000), 60000); /* a pause stays */
    cr_expect_eq(timeline.jumps, 0);
}

Test(timeline, goes_on_in_the_next_part)
{
    struct timeline timeline = begun_at(1400, 3);
    timeline_part(&timeline);
    cr_expect_eq(place(&timeline, 0), 1400 + 3 * FRAME);
    cr_expect_eq(place(&timeline, 100), 1500 + 3 * FRAME);
    cr_expect_eq(timeline.jumps, 0);
}

Test(timeline, goes_on_in_another_unit)
{
    const AVRational tick = {1, 90000};
    struct timeline timeline = begun_at(1000, 2);
    timeline_part(&timeline);
    cr_expect_eq(timeline_place(&timeline, 5, 3600, tick), 90 * (1000 + 2 * FRAME));
    cr_expect_eq(timeline_place(&timeline, 3605, 3600, tick), 90 * (1000 + 3 * FRAME));
    cr_expect_eq(timeline.position_ns, 3 * FRAME * INT64_C(1000000));
}

Test(timeline, has_a_time_for_frames_that_have_none)
{
    struct timeline timeline = {0};
    timeline_part(&timeline);
    cr_expect_eq(place(&timeline, AV_NOPTS_VALUE), 0);
    cr_expect_eq(place(&timeline, AV_NOPTS_VALUE), FRAME);
    timeline_part(&timeline);
    cr_expect_eq(place(&timeline, AV_NOPTS_VALUE), 2 * FRAME);
    cr_expect_eq(place(&timeline, 5000), 3 * FRAME);
    cr_expect_eq(place(&timeline, 5000 + FRAME), 4 * FRAME);
}

/* Two of one time, or one a little early: the others keep theirs. */
Test(timeline, does_not_move_for_a_slip)
{
    struct timeline timeline = begun_at(0, 10);
    const int64_t last = 9 * FRAME;
    cr_expect_eq(place(&timeline, last), last + 1);
    cr_expect_eq(place(&timeline, last - FRAME), last + 2);
    cr_expect_eq(place(&timeline, last + FRAME), last + FRAME);
    cr_expect_eq(timeline.jumps, 0);
}

Test(timeline, moves_where_the_clock_was_set)
{
    struct timeline timeline = begun_at(100000, 2);
    cr_expect_eq(place(&timeline, 10), 100000 + 2 * FRAME);
    cr_expect_eq(place(&timeline, 10 + FRAME), 100000 + 3 * FRAME);
    cr_expect_eq(place(&timeline, INT64_C(1700000000000)), 100000 + 4 * FRAME);
    cr_expect_eq(place(&timeline, INT64_C(1700000000000) + FRAME), 100000 + 5 * FRAME);
    cr_expect_eq(timeline.jumps, 2);
}

/* Times, units and durations as a damaged file may have them. */
Test(timeline, grows_whatever_comes)
{
    static const int64_t wild[] = {0,
                                   1,
                                   -1,
                                   40,
                                   INT64_MAX,
                                   INT64_MIN,
                                   INT64_MAX - 1,
                                   90000,
                                   -90000,
                                   AV_NOPTS_VALUE,
                                   1 << 30,
                                   INT64_MIN + 1,
                                   100000000,
                                   86400000,
                                   3600001};
    enum { COUNT = sizeof wild / sizeof *wild };
    uint32_t state = 1;
    for (int run = 0; run < 2000; run++) {
        struct timeline timeline = {0};
        int64_t last = INT64_MIN;
        timeline_part(&timeline);
        for (int i = 0; i < 30; i++) {
            state = state * 1664525 + 1013904223;
            const int64_t pts = wild[(state >> 8) % COUNT];
            const int64_t duration = wild[(state >> 16) % COUNT];
            if (state >> 29 == 0)
                timeline_part(&timeline);
            const int64_t placed = timeline_place(&timeline, pts, duration, millisecond);
            if (last < INT64_MAX - 1000)
                cr_assert_gt(placed, last, "run %d, frame %d", run, i);
            last = placed;
        }
    }
}
