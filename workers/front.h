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

#include "workers/class.h"
#include "workers/config.h"
#include "workers/message.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker;

/* Forks a worker. `config` is copied, options too. -EDEADLK as above, or as fork(2)
 * and socketpair(2). */
int worker_spawn(struct worker **out, const struct worker_config *config);

/* The control socket: readable when worker_recv has something. */
int worker_fd(const struct worker *worker);
pid_t worker_pid(const struct worker *worker);

/* Asks the worker to attach to a ring as reader for camera number `camera`. It
 * answers WORKER_ACTIVATED. */
int worker_activate(struct worker *worker, unsigned camera, const char *camera_name,
                    const char *ring);

/* Asks it to leave the camera's ring. It answers WORKER_DEACTIVATED. */
int worker_deactivate(struct worker *worker, unsigned camera);

/*
 * Sends it a message of its class's own, about a camera it is active on or
 * WORKER_NO_CAMERA: `type` is WORKER_USER or above, `size` at most WORKER_TEXT_MAX,
 * `descriptor` -1 or one it gets a copy of. Never blocks: -EAGAIN while the worker
 * does not take what was sent before. -EINVAL, else as worker_message_send.
 */
int worker_send(struct worker *worker, unsigned type, unsigned camera, const void *payload,
                size_t size, int descriptor);

/* As worker_message_receive; `descriptor` may be NULL: one that comes is closed. */
int worker_recv(struct worker *worker, struct worker_message *message, int *descriptor);

/* Answers a message that was not understood: as worker_message_refuse, but that
 * a worker that takes no answers now gets none. */
int worker_refuse(struct worker *worker, const struct worker_message *message, int error);

/* Asks the worker to exit. */
int worker_stop(struct worker *worker);

/* Waits until it has exited, at most `timeout_ns` nanoseconds (negative: without
 * limit), and throws away what it still says. `status` (may be NULL) as waitpid(2) has
 * it. -ETIMEDOUT. */
int worker_join(struct worker *worker, int64_t timeout_ns, int *status);

/* Kills the worker where it still runs, waits for its end and frees the handle.
 * `status`, where not NULL: as waitpid(2) has it. NULL-safe. */
void worker_destroy(struct worker **worker, int *status);

#ifdef __cplusplus
}
#endif

#endif
