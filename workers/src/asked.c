#include "workers/src/asked.h"

#include <stdbool.h>

/* Frames a second; 0: all. */
static double asked_by(const struct worker_config *worker)
{
    return worker->command || worker->class_->idle_ms ? 0 : worker_config_rate(worker);
}

static bool is_among(double rate, const double *rates, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (rates[i] == rate)
            return true;
    return false;
}

unsigned asked_rates(const struct worker_config *workers, unsigned count,
                     double rates[RING_READERS_MAX])
{
    unsigned asked = 0;
    for (unsigned i = 0; i < count && i < RING_READERS_MAX; i++) {
        const double rate = asked_by(&workers[i]);
        if (!(rate > 0))
            return 0;
        if (!is_among(rate, rates, asked))
            rates[asked++] = rate;
    }
    return asked;
}
