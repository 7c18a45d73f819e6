#include "workers/decoder/pace.h"

#include <libavutil/common.h>

void pace_begin(struct pace *pace, int64_t position_ns, int64_t now_ns)
{
    pace->begun = true;
    pace->origin_ns = av_sat_sub64(now_ns, position_ns);
    pace->shown_ns = position_ns;
}

int64_t pace_due(const struct pace *pace, int64_t position_ns)
{
    return av_sat_add64(pace->origin_ns, position_ns);
}

void pace_pause(struct pace *pace, int64_t length_ns)
{
    pace->origin_ns = av_sat_add64(pace->origin_ns, length_ns);
}

void pace_shown(struct pace *pace, int64_t position_ns, int64_t now_ns)
{
    const int64_t behind = av_sat_sub64(now_ns, pace_due(pace, position_ns));
    const int64_t apart = av_sat_sub64(position_ns, pace->shown_ns);
    pace->late += apart > 0 && behind > apart;
    pace->shown_ns = position_ns;
    if (behind > pace->worst_ns)
        pace->worst_ns = behind;
}
