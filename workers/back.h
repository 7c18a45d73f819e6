/*
 * The back: what runs in a worker's process, on the other side of the fork. Here
 * stands what the hooks of a worker class may call, and the loop that calls them.
 *
 * The loop sleeps in one epoll on two descriptors: the control socket to the
 * front, and the worker's one eventfd, which says that some ring has something.
 * It takes messages and frames in turn, and frames from the cameras in turn, so
 * that neither starves the other.
 *
 * Threads: hooks run in the thread of the loop, and so must what they call.
 */
#ifndef WORKERS_BACK_H
#define WORKERS_BACK_H

#include "workers/class.h"
#include "workers/config.h"
#include "workers/message.h"

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson.h */

/* -- for hooks ------------------------------------------------------------------------------- */

/* The camera's name, as the user gave it; empty for the worker itself. */
const char *worker_camera_name__(const struct worker_camera *camera);

/*
 * Sends one event. The line that the user sees is a JSON object: version, type,
 * camera, worker and index, then sequence number and pts of the frame at hand (in
 * close__: of the last one), then the fields given here in the notation of
 * jansson's json_pack, e.g. "{s:s, s:i}", "md5", hex, "count", 3.
 * Blocks while the front does not read. -EINVAL for a wrong format, -EMSGSIZE for
 * an event that is too long for a message (64 KiB), else as send(2).
 */
int worker_event__(struct worker_camera *camera, const char *type, const char *fields, ...);

/* A time or a duration as events have it, for "{s:o}": to the microsecond; null for what is no
 * number, as the time of a frame without one. */
struct json_t *worker_seconds__(double seconds);

/* Sends a line for the log. */
void worker_log__(struct worker_camera *camera, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Sends the front a message of the class's own, about this camera: `type` is
 * WORKER_USER or above, `size` at most WORKER_TEXT_MAX, `descriptor` -1 or one that
 * the front gets a copy of. Blocks while the front does not read. As
 * worker_message_send.
 */
int worker_send__(struct worker_camera *camera, unsigned type, const void *payload, size_t size,
                  int descriptor);

/* -- the loop -------------------------------------------------------------------------------- */

/* The descriptor to sleep on, for any event loop: readable when worker_back_dispatch__ has
 * something to do; the back's own. -EMFILE and the like when there is none to be had. */
int worker_back_fd__(struct worker_back *back);

/*
 * Does a bounded amount of what there is to do, without waiting for more. 0: there may
 * be more; -EAGAIN: there was nothing, sleep on the descriptor; -ESHUTDOWN: it was
 * told to stop, or the front is gone.
 */
int worker_back_dispatch__(struct worker_back *back);

/*
 * A back without a process, for a worker that runs in its front's. `config` is the
 * caller's and must outlive it. Where a message does not fit into the socket, it calls
 * wait(user), which has the front listen, instead of sleeping. Destroying it closes
 * every camera; `control` stays the caller's.
 */
int worker_back_create__(struct worker_back **out, const struct worker_config *config, int control,
                         void (*wait)(void *user), void *user);
void worker_back_destroy__(struct worker_back **back);

/* A worker's life after the fork, with its end of the control socket. Returns the
 * process's exit status. */
int worker_main__(const struct worker_config *config, int control);

#ifdef __cplusplus
}
#endif

#endif
