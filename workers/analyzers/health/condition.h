/*
 * A condition: something that may be wrong with a camera's picture, and for how long.
 *
 *     well --wrong for `seconds`--> STARTED, then ill --right for `seconds`--> STOPPED, then well
 *
 * So neither a moment of darkness nor a moment of light in it is told.
 */
#ifndef WORKERS_ANALYZERS_HEALTH_CONDITION_H
#define WORKERS_ANALYZERS_HEALTH_CONDITION_H

#include <stdbool.h>

struct health_condition { /* zeroed: well */
    bool ill;
    bool turning; /* it is otherwise than `ill` says, but not yet for long */
    double since; /* seconds, when it began to be so */
    double began; /* seconds, when it began to be wrong; while it is ill */
};

enum health_news { HEALTH_NO_NEWS, HEALTH_STARTED, HEALTH_STOPPED };

/* What is to be told of it now, at a time that grows. */
static inline enum health_news health_condition_see(struct health_condition *condition, bool wrong,
                                                    double now, double seconds)
{
    if (wrong == condition->ill) {
        condition->turning = false;
        return HEALTH_NO_NEWS;
    }
    if (!condition->turning)
        condition->since = now;
    condition->turning = true;
    if (now - condition->since < seconds)
        return HEALTH_NO_NEWS;
    condition->turning = false;
    condition->ill = wrong;
    if (wrong)
        condition->began = condition->since;
    return wrong ? HEALTH_STARTED : HEALTH_STOPPED;
}

#endif
