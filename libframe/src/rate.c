#include "libframe/rate.h"

#include <math.h>

void frame_rate_begin(struct frame_rate *rate, double fps)
{
    *rate = (struct frame_rate){.step = fps > 0 ? 1 / fps : 0};
}

bool frame_rate_is_due(struct frame_rate *rate, double pts)
{
    const double step = rate->step;
    const double rounding = step / 1000;
    if (!(step > 0) || !isfinite(pts))
        return true;
    const double late = rate->begun ? pts - rate->due : step;
    if (late < -rounding && late >= -step - rounding)
        return false;
    rate->due = late >= -rounding && late < step ? rate->due + step : pts + step;
    rate->begun = true;
    return true;
}
