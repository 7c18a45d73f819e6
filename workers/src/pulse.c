#include "workers/src/pulse.h"

#include <poll.h>

#include "workers/src/worker.h"

#define SECOND_NS INT64_C(1000000000)
#define CHECKS 4                 /* in a timeout */
#define ABORT_NS (2 * SECOND_NS) /* for SIGABRT to do its work, if the timeout is not less */

static void schedule(struct pulse *pulse)
{
    pulse->check_ns = pulse->timeout_ns > 0 ? worker_now_ns() + pulse->timeout_ns / CHECKS + 1 : 0;
}

void pulse_begin(struct pulse *pulse, double timeout_seconds)
{
    *pulse = (struct pulse){.timeout_ns = (int64_t)(timeout_seconds * (double)SECOND_NS)};
    schedule(pulse);
}

void pulse_end(struct pulse *pulse)
{
    pulse->check_ns = 0;
}

void pulse_heard(struct pulse *pulse)
{
    pulse->heard = true;
}

void pulse_condemn(struct pulse *pulse, int64_t within_ns)
{
    if (pulse->condemned)
        return;
    pulse->condemned = true;
    pulse->check_ns = worker_now_ns() + within_ns;
}

int64_t pulse_due(const struct pulse *pulse)
{
    return pulse->check_ns ? pulse->check_ns : INT64_MAX;
}

enum pulse_verdict pulse_check(struct pulse *pulse, int fd)
{
    struct pollfd said = {.fd = fd, .events = POLLIN};
    schedule(pulse);
    if (pulse->condemned)
        return PULSE_KILL;
    pulse->silent = pulse->heard || poll(&said, 1, 0) > 0 ? 0 : pulse->silent + 1;
    pulse->heard = false;
    if (pulse->silent < CHECKS)
        return PULSE_ASK;
    pulse_condemn(pulse, pulse->timeout_ns < ABORT_NS ? pulse->timeout_ns : ABORT_NS);
    return PULSE_ABORT;
}
