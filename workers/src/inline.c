/* All of a run in one process and one thread. */
#include "workers/src/supervisor.h"

void supervisor_turn(void *user)
{
    struct supervisor *supervisor = user;
    if (supervisor->turn)
        supervisor->turn(supervisor->config.user);
}

void inline_run_backs(struct supervisor *supervisor)
{
    if (supervisor->running_backs)
        return;
    supervisor->running_backs = true;
    supervisor->busy = false;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++)
        if (supervisor->members[i].worker && worker_run_inline(supervisor->members[i].worker) == 0)
            supervisor->busy = true;
    supervisor->running_backs = false;
}

void supervisor_run_inline(struct supervisor *supervisor, void (*turn)(void *user))
{
    supervisor->turn = turn;
    for (unsigned i = 0; i < supervisor->camera_count; i++)
        if (supervisor->cameras[i]->decoder)
            decoder_run_inline(supervisor->cameras[i]->decoder);
}

bool supervisor_busy(const struct supervisor *supervisor)
{
    return supervisor->busy;
}
