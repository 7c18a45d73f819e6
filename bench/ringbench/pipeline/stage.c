#include "bench/ringbench/pipeline/stage.h"

#include <errno.h>
#include <sys/mman.h>

#include "bench/ringbench/clock.h"

static unsigned notes_of_camera(const struct job *job)
{
    return job->readers ? job->readers : 1;
}

int stage_create(struct stage **out, const struct job *job)
{
    const size_t size = sizeof(struct stage) +
                        (size_t)job->cameras * notes_of_camera(job) * sizeof(struct stage_note);
    struct stage *stage =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED)
        return -errno;
    stage->job = *job;
    stage->size = size;
    for (unsigned i = 0; i < job->cameras; i++) {
        sem_init(&stage->cameras[i].open, 1, 0);
        sem_init(&stage->cameras[i].through, 1, 0);
        sem_init(&stage->cameras[i].leave, 1, 0);
    }
    *out = stage;
    return 0;
}

void stage_destroy(struct stage *stage)
{
    munmap(stage, stage->size);
}

struct stage_note *stage_note(struct stage *stage, unsigned camera, unsigned reader)
{
    return &stage->notes[camera * notes_of_camera(&stage->job) + reader];
}

void stage_see(struct stage_note *note, const struct digest_picture *picture, uint64_t published_ns)
{
    if (published_ns && note->latency_count < STAGE_LATENCIES_MAX) {
        const uint64_t took = bench_now_ns() - published_ns;
        note->latencies_ns[note->latency_count++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    }
    note->frames++;
    digest_add(&note->digest, picture);
}

int stage_check(const struct stage *stage)
{
    const struct job *job = &stage->job;
    for (unsigned i = 0; i < job->cameras * notes_of_camera(job); i++) {
        const struct stage_note *note = &stage->notes[i];
        if (note->frames != job->clip->frames)
            return -EBADMSG;
        if (note->digest != job->clip->digest && (note->digest || job->readers))
            return -EBADMSG;
    }
    return 0;
}
