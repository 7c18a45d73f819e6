/*
 * The processes of one run that this one starts.
 *
 * Life story. The cast is empty; each process is started with a role, which is all that
 * it does: its result, 0 or a negative errno, ends it. cast_wait returns when all have
 * ended, or one of them has failed; cast_end kills whoever is left, and all are reaped.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_CAST_H
#define BENCH_RINGBENCH_PIPELINE_CAST_H

#include <stdint.h>
#include <sys/types.h>

#define CAST_MAX 512

struct cast {
    struct cast_member {
        pid_t pid;
        int pidfd; /* -1: it has ended */
    } members[CAST_MAX];
    unsigned count;
};

/* What a role is about: which of the run's cameras and readers. */
struct cast_part {
    void *stage;
    unsigned camera, reader;
    const int *fds; /* what it has inherited */
};

/* -EMFILE when the cast is full; or as fork(2). */
int cast_start(struct cast *cast, int role(const struct cast_part *part),
               const struct cast_part *part);

/* Calls look(user), once, at that time, if it comes. -ETIMEDOUT, -ECANCELED when one was killed,
 * or as the first that failed. */
int cast_wait(struct cast *cast, uint64_t look_ns, void look(void *user), void *user,
              uint64_t until_ns);

void cast_end(struct cast *cast);

#endif
