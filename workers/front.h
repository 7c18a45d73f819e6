/*
 * The front: workers as their program sees them, on this side of the fork.
 *
 * Life story. A worker is spawned once and kept. It is activated on a camera's
 * ring, any number of cameras beside each other, and answers with its place among
 * the ring's readers; it sends events; when a ring's stream has ended, or it is
 * deactivated, it says what it has received and skipped, and is free for the next. It
 * talks with its program in messages of its class's own, and comes back when it is
 * pinged. It is stopped at the end, joined and destroyed. A worker whose front
 * dies is killed by the kernel.
 *
 * Primitives first, then fork, then threads: the control socket is made before the
 * fork, and spawning is refused in a process that has threads (-EDEADLK), since a
 * fork copies their locks and not them. Such a process spawns programs
 * (worker_config.command), or has a fork server that was started before them (server.h).
 *
 * Who listens to several workers does so by group.h.
 *
 * Threads: a worker belongs to one thread at a time.
 */
#ifndef WORKERS_FRONT_H
#define WORKERS_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "workers/class.h"
#include "workers/config.h"
#include "workers/message.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker;

/* -- life ------------------------------------------------------------------------------------ */

/* Forks a worker, has its server fork it, or starts its program. `config` is copied.
 * -EDEADLK as above, -EINVAL for its limits, of a server -ENOENT when it has no such class and
 * -EPIPE when it is dead, or as fork(2), execve(2) and socketpair(2). */
int worker_spawn(struct worker **out, const struct worker_config *config);

/*
 * Makes a worker that runs in this process, for tests and debuggers: the same hooks, the same
 * messages, no fork. It does something only in worker_run_inline. Where it has more
 * to say than its socket holds, it calls wait(user) for its front to listen. It has no
 * pid of its own, no limits, and worker_ping finds nobody. As worker_spawn.
 */
int worker_spawn_inline(struct worker **out, const struct worker_config *config,
                        void (*wait)(void *user), void *user);

/* Lets it do a bounded amount of what there is to do. 0: there may be more; -EAGAIN:
 * there was nothing; -ESHUTDOWN: it has been stopped, and its cameras are closed;
 * -EDEADLK from within itself. */
int worker_run_inline(struct worker *worker);

/* Asks the worker to exit. */
int worker_stop(struct worker *worker);

/* Waits until it has exited, at most `timeout_ns` nanoseconds (negative: without
 * limit), and throws away what it still says. `status` (may be NULL) as waitpid(2) has
 * it. -ETIMEDOUT. */
int worker_join(struct worker *worker, int64_t timeout_ns, int *status);

/* Kills the worker where it still runs, waits for its end and frees the handle.
 * `status` (may be NULL) as waitpid(2) has it. NULL-safe. */
void worker_destroy(struct worker **worker, int *status);

/* -- cameras --------------------------------------------------------------------------------- */

/* Asks the worker to attach to a ring as reader for camera number `camera`. It
 * answers WORKER_ACTIVATED. */
int worker_activate(struct worker *worker, unsigned camera, const char *camera_name,
                    const char *ring);

/* Asks it to leave the camera's ring, or with WORKER_NO_CAMERA all. It answers
 * WORKER_DEACTIVATED for each it leaves. */
int worker_deactivate(struct worker *worker, unsigned camera);

/* -- messages -------------------------------------------------------------------------------- */

/* The control socket, readable when worker_recv has something; and a descriptor that
 * is readable when the worker has ended. Both are the worker's own. */
int worker_fd(const struct worker *worker);
int worker_pidfd(const struct worker *worker);
pid_t worker_pid(const struct worker *worker);

/*
 * Sends it a message of its class's own, about a camera it is active on or
 * WORKER_NO_CAMERA: `type` is WORKER_USER or above, `size` at most WORKER_TEXT_MAX,
 * `descriptor` -1 or one it gets a copy of. Never blocks: -EAGAIN while the worker
 * does not take what was sent before. -EINVAL, else as worker_message_send.
 */
int worker_send(struct worker *worker, unsigned type, unsigned camera, const void *payload,
                size_t size, int descriptor);

/*
 * Takes its next message, without blocking. As worker_message_receive; `descriptor`
 * may be NULL: one that comes is closed. Of what it sent before it ended, nothing is
 * lost; then comes -EPIPE.
 */
int worker_recv(struct worker *worker, struct worker_message *message, int *descriptor);

/* Answers a message that was not understood: as worker_message_refuse, but that
 * a worker that takes no answers now gets none. */
int worker_refuse(struct worker *worker, const struct worker_message *message, int error);

/*
 * Sends a ping and waits until it has come back, at most `timeout_ns` nanoseconds;
 * `round_trip_ns` (may be NULL) gets how long that took. A worker that is busy with a
 * frame comes back after it. Other messages that come meanwhile are kept for
 * worker_recv: ask it until -EAGAIN before you sleep on the descriptor, which does not
 * tell of them (a group's does). -ETIMEDOUT, -EPIPE, -ENOMEM, or as worker_send.
 */
int worker_ping(struct worker *worker, int64_t timeout_ns, int64_t *round_trip_ns);

/* Sends a ping and does not wait: WORKER_PONG comes by worker_recv, with its `ping`. */
int worker_ping_send(struct worker *worker);

#ifdef __cplusplus
}
#endif

#endif
