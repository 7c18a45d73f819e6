/*
 * What the processes of one performance share: what each reader has seen, and where they
 * wait for each other. In anonymous shared memory, made before the first fork.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_STAGE_H
#define BENCH_RINGBENCH_PIPELINE_STAGE_H

#include <semaphore.h>
#include <stdint.h>

#include "bench/ringbench/pipeline/digest.h"
#include "bench/ringbench/pipeline/way.h"

#define STAGE_LATENCIES_MAX 16384 /* of each reader; the first so many */
#define STAGE_UNDER_WAY_MAX 1024  /* frames of a camera between its decoder and a reader */

/* One reader's of one camera. */
struct stage_note {
    _Atomic uint64_t frames;
    uint64_t digest;
    uint64_t first_cpu_ns, last_cpu_ns; /* its process's, at its first and its last frame */
    uint64_t work_ns;                   /* of that, in looking at frames; 0: not known */
    uint32_t latency_count;
    uint32_t latencies_ns[STAGE_LATENCIES_MAX];
};

struct stage_camera {
    sem_t open;    /* posted when a reader may connect, once for each */
    sem_t through; /* by each reader that has had everything */
    sem_t leave;   /* when all have, once for each */
    /* When frame n was published, at n modulo. For ways whose frames don't carry it. */
    uint64_t published_ns[STAGE_UNDER_WAY_MAX];
};

struct stage {
    struct job job;
    size_t size;
    struct stage_camera cameras[CAMERAS_MAX];
    struct stage_note notes[];
};

/* -ENOMEM and the like. */
int stage_create(struct stage **out, const struct job *job);
void stage_destroy(struct stage *stage);

/* Those who only decode are reader 0. */
struct stage_note *stage_note(struct stage *stage, unsigned camera, unsigned reader);

/* A reader has the picture now; it was published then (0: not known). */
void stage_see(struct stage_note *note, const struct digest_picture *picture,
               uint64_t published_ns);

/* -EBADMSG when somebody did not see all of the clip, and it as it is. A way that only counts
 * frames has digest 0. */
int stage_check(const struct stage *stage);

#endif
