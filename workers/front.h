/*
 * The front: worker processes as the supervisor sees them, on this side of the
 * fork.
 *
 * Life story. A worker is spawned once and kept. It is activated on a camera's
 * ring, any number of cameras beside each other, and answers with its place among
 * the ring's readers; it sends events; when a ring's stream has ended it says
 * what it has received and skipped, and is free for the next. It is stopped at
 * the end and joined. A worker whose front dies is killed by the kernel.
 *
 * Primitives first, then fork, then threads: the control socket is made before the
 * fork, and spawning is refused in a process that has
 * threads (-EDEADLK), since a fork copies their locks and not them.
 *
 * Threads: one thread, by the above.
 */
#ifndef WORKERS_FRONT_H
#define WORKERS_FRONT_H

#include <stdbool.h>
#include <sys/types.h>

#include "libring/reader.h"
#include "workers/class.h"
#include "workers/message.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_config {
    const struct worker_class *class_; /* static */
    unsigned index;                    /* which of the run's workers, from 0 */
    enum ring_policy policy;
    const void *options; /* state_size bytes: a state's initial value, see worker_options_parse */
};

struct worker;

/*
 * Checks "KEY=VALUE,KEY=VALUE" (NULL: none) against the class's options and the
 * key `policy`, which every worker has, and fills `policy` and `state`
 * (class->state_size bytes) with values and defaults. On -EINVAL `problem` says in
 * a line what is wrong.
 */
int worker_options_parse(const struct worker_class *class_, const char *text,
                         enum ring_policy *policy, void *state, char *problem, size_t problem_size);

/* Forks a worker. `config` is copied, options too. -EDEADLK as above, or as fork(2)
 * and socketpair(2). */
int worker_spawn(struct worker **out, const struct worker_config *config);

/* The control socket: readable when worker_receive has something. */
int worker_fd(const struct worker *worker);
pid_t worker_pid(const struct worker *worker);

/* Asks the worker to attach to a ring as reader for camera number `camera`. It
 * answers WORKER_ACTIVATED. */
int worker_activate(struct worker *worker, unsigned camera, const char *camera_name,
                    const char *ring);

/* As worker_message_receive; workers send no descriptors. */
int worker_receive(struct worker *worker, struct worker_message *message);

/* Asks the worker to exit. */
int worker_stop(struct worker *worker);

/* Kills the worker where it still runs, waits for its end and frees the handle.
 * `status`, where not NULL: as waitpid(2) has it. NULL-safe. */
void worker_destroy(struct worker **worker, int *status);

#ifdef __cplusplus
}
#endif

#endif
