#include "workers/src/restart.h"

#define SECOND_NS INT64_C(1000000000)
#define FIRST_NS (SECOND_NS / 10)
#define LONGEST_NS (10 * SECOND_NS)
#define FORGET_NS (60 * SECOND_NS)

int64_t restart_after(struct restart *restart, int allowed, int64_t now_ns)
{
    if (restart->deaths > 0 && now_ns - restart->last_ns > FORGET_NS)
        restart->deaths = 0;
    restart->last_ns = now_ns;
    if (restart->deaths++ >= allowed)
        return RESTART_NEVER;
    int64_t delay = FIRST_NS;
    for (int i = 1; i < restart->deaths && delay < LONGEST_NS; i++)
        delay *= 2;
    return delay < LONGEST_NS ? delay : LONGEST_NS;
}
