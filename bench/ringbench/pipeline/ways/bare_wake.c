/* The limit of a worker that sees few frames: processes that are woken as often, by an eventfd
 * in poll, and do nothing. Of one camera. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/pipeline/stage.h"

#define INTERVAL_NS (UINT64_C(1000000000) / PACED_FPS)

/* It ends when it has been woken as often as the clip has frames. */
static int sleep_and_wake(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    struct stage_note *note = stage_note(stage, part->camera, part->reader);
    struct pollfd bell = {.fd = part->fds[part->reader], .events = POLLIN};
    while (note->frames < stage->job.clip->frames) {
        uint64_t rung;
        poll(&bell, 1, -1);
        const uint64_t now = bench_now_ns();
        if (read(bell.fd, &rung, sizeof rung) != sizeof rung)
            return -EIO;
        if (note->latency_count < STAGE_LATENCIES_MAX)
            note->latencies_ns[note->latency_count++] =
                (uint32_t)(now - stage->cameras[0].published_ns[0]);
        note->last_cpu_ns = bench_cpu_ns();
        if (note->frames++ == 0)
            note->first_cpu_ns = note->last_cpu_ns;
    }
    note->digest = stage->job.clip->digest; /* there are no frames to see */
    return 0;
}

static int wake_all(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    const uint64_t one = 1;
    uint64_t at = bench_now_ns();
    for (unsigned i = 0; i < stage->job.clip->frames; i++) {
        at += INTERVAL_NS;
        bench_sleep_until(at);
        stage->cameras[0].published_ns[0] = bench_now_ns();
        for (unsigned reader = 0; reader < stage->job.readers; reader++)
            if (write(part->fds[reader], &one, sizeof one) != sizeof one)
                return -EIO;
    }
    return 0;
}

static int start(struct stage *stage, struct cast *cast)
{
    int bells[PIPELINE_READERS_MAX], error = 0;
    const unsigned readers = stage->job.readers;
    for (unsigned i = 0; i < readers; i++)
        bells[i] = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < readers && !error; i++)
        error = cast_start(cast, sleep_and_wake,
                           &(struct cast_part){.stage = stage, .reader = i, .fds = bells});
    if (!error)
        error = cast_start(cast, wake_all, &(struct cast_part){.stage = stage, .fds = bells});
    for (unsigned i = 0; i < readers; i++)
        close(bells[i]);
    return error;
}

extern const struct way way_bare_wake;
const struct way way_bare_wake = {
    .name = "bare-wake",
    .summary = "processes that an eventfd wakes, and nothing else",
    .kind = BENCH_LIMIT,
    .readers = true,
    .paced = true,
    .start = start,
};
