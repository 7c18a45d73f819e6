/* Which frames are left out so that so many a second remain. */
#include <criterion/criterion.h>
#include <math.h>

#include "libframe/rate.h"

/* How many of `count` frames, `fps` a second from `start` on, are due. */
static int due(struct frame_rate *rate, double start, double fps, int count)
{
    int is_due = 0;
    for (int i = 0; i < count; i++)
        is_due += frame_rate_is_due(rate, start + i / fps);
    return is_due;
}

Test(rate, as_many_as_asked_for)
{
    static const double wanted[] = {1, 5, 10, 12.5, 24, 25};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        struct frame_rate rate;
        frame_rate_begin(&rate, wanted[i]);
        cr_expect_eq(due(&rate, 3, 25, 2500), (int)(100 * wanted[i]), "%g a second", wanted[i]);
    }
}

Test(rate, all_when_there_are_fewer_or_no_limit)
{
    struct frame_rate rate;
    frame_rate_begin(&rate, 30);
    cr_expect_eq(due(&rate, 0, 25, 100), 100);
    frame_rate_begin(&rate, 0);
    cr_expect_eq(due(&rate, 0, 25, 100), 100);
}

Test(rate, begins_anew_after_a_gap_and_a_jump_back)
{
    struct frame_rate rate;
    frame_rate_begin(&rate, 5);
    cr_expect_eq(due(&rate, 0, 25, 25), 5);
    cr_expect_eq(due(&rate, 100.07, 25, 25), 5, "after a gap");
    cr_expect_eq(due(&rate, 1.03, 25, 25), 5, "after a jump back");
}

Test(rate, frame_without_a_time_is_always_due)
{
    struct frame_rate rate;
    frame_rate_begin(&rate, 1);
    for (int i = 0; i < 3; i++)
        cr_expect(frame_rate_is_due(&rate, NAN));
}
