/*
 * A pool: workers of one configuration that are started once and lent.
 *
 * Life story. A pool is created and starts its workers, before anybody needs one. One
 * that is taken is the taker's: to activate on rings, to talk to, to put into a group.
 * Given back, it leaves whatever it was active on, and what it still has to say is thrown
 * away; only then it is lent again. When all are lent another is started, up to a limit.
 * One that has died is replaced, and so is one that does not come to rest.
 *
 *   IDLE --take--> LENT --give--> RETURNING --has left all cameras--> IDLE
 *   any --dies--> replaced
 *
 * A taker who wants to know what its worker has received deactivates it, and waits for
 * the answer, before giving it back.
 *
 * Threads: a pool, and the workers it has not lent, belong to one thread at a time.
 */
#ifndef WORKERS_POOL_H
#define WORKERS_POOL_H

#include <stdint.h>

#include "workers/front.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_pool_config {
    /* What all of them are; the n-th has its index plus n. `hang_timeout` is also how long
     * one may take to come to rest. Copied, except for the texts of a program. */
    const struct worker_config *worker;
    unsigned ready; /* so many run from the beginning */
    unsigned most;  /* and never more than so many, at least 1 */
};

/* How it stands with a pool's workers. */
struct worker_pool_counts {
    unsigned idle, lent, returning;
    uint64_t started, died; /* ever */
};

struct worker_pool;

/* Starts the workers that are to be ready. -EINVAL for its numbers; else as worker_spawn and
 * worker_group_create. On failure nothing is left behind. */
int worker_pool_create(struct worker_pool **out, const struct worker_pool_config *config);

/* Kills all workers, lent ones too, whose handles end with it. NULL-safe. */
void worker_pool_destroy(struct worker_pool **pool);

/*
 * Takes an idle worker, or starts one where there is none and the limit allows it. Else
 * waits at most `timeout_ns` nanoseconds (0: not at all, negative: without limit) for one
 * that is on its way back; it is killed and replaced when it takes longer than its
 * hang_timeout. *worker is the taker's until it is given back. -EAGAIN: as many as there
 * may be are lent; -ETIMEDOUT; or as worker_spawn.
 */
int worker_pool_take(struct worker_pool *pool, int64_t timeout_ns, struct worker **worker);

/* Gives a worker back, dead or alive, active or not, and sets it to NULL; it leaves the
 * group that it is in. Does not wait. NULL-safe. -ENOENT when it is not lent by this pool. */
int worker_pool_give(struct worker_pool *pool, struct worker **worker);

/* Readable when worker_pool_dispatch has something to do: a worker has come to rest, or has
 * died. The pool's own. */
int worker_pool_fd(const struct worker_pool *pool);

/*
 * Does it, without waiting; take does so, too. One that died while nobody had it is
 * replaced here, where fewer than `ready` run, so that the next taker finds one, but not
 * more often than its `restarts` allow, each within a minute of the last. What cannot be replaced
 * is by the next take, which then says why not.
 */
void worker_pool_dispatch(struct worker_pool *pool);

void worker_pool_counts(const struct worker_pool *pool, struct worker_pool_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
