/* null: takes each frame and does nothing with it, for as long as it is told. It
 * shows what the framework itself costs, and how a slow analyzer changes a run. */
#include <errno.h>
#include <time.h>

#include "workers/class.h"

struct null {
    int sleep_ms;
};

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    const struct null *null = state;
    (void)camera;
    (void)frame;
    struct timespec rest = {
        .tv_sec = null->sleep_ms / 1000,
        .tv_nsec = null->sleep_ms % 1000 * 1000000L,
    };
    while (null->sleep_ms && clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
        ;
    return 0;
}

static const struct worker_option options[] = {
    {.key = "sleep_ms",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct null, sleep_ms),
     .maximum = 3600000,
     .help = "milliseconds to hold each frame, as a slow analyzer would"},
    {.key = NULL},
};

extern const struct worker_class worker_null;
const struct worker_class worker_null = {
    .name = "null",
    .summary = "takes each frame and does nothing with it",
    .state_size = sizeof(struct null),
    .options = options,
    .frame__ = frame__,
};
