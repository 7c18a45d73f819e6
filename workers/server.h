/*
 * A fork server: a process that forks workers for a front that has threads.
 *
 * Life story. It is started before the front's first thread. From then on, whoever has it
 * in worker_config.server gets workers by worker_spawn, or by a pool, from every thread;
 * they are as those that the front forks itself. It ends when it is destroyed, and before
 * that with the front, or with the thread that started it; its workers end with it.
 *
 * A worker is a copy of what the front was when the server was started: classes are
 * named then, and what the front has loaded or set since is not there.
 *
 * Programs (worker_config.command) don't come from it, also where `server` is set: the process
 * starts them itself, by vfork and exec, which copies nothing and which threads don't forbid.
 * They are its own children, and end with the thread that started them.
 *
 * Threads: a server is for all threads at once; its start and its end are for one, without
 * others beside it.
 */
#ifndef WORKERS_SERVER_H
#define WORKERS_SERVER_H

#include "workers/class.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker_server;

/* Forks a server for workers of these classes, NULL at the end (NULL: worker_classes).
 * -EDEADLK in a process that has threads; else as fork(2) and socketpair(2). */
int worker_server_start(struct worker_server **out, const struct worker_class *const *classes);

/* Ends it. Its workers are to be destroyed before. NULL-safe. */
void worker_server_destroy(struct worker_server **server);

#ifdef __cplusplus
}
#endif

#endif
