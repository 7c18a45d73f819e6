/*
 * A process of ours that has a control socket to us.
 *
 * Life story. It is made, by a fork that runs a function of ours or by the exec of
 * a program; it has standard error, its end of the control socket as descriptor 3
 * and nothing else of ours; terminal signals do not reach it; it dies with us. It is
 * ended, or ends itself, and is joined: nothing is left of it.
 */
#ifndef WORKERS_SRC_PROCESS_H
#define WORKERS_SRC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "workers/src/limits.h"

#define PROCESS_CONTROL 3 /* the descriptor, over there */

struct worker_process {
    pid_t pid;
    int pidfd;     /* readable when it has ended */
    int control;   /* our end */
    bool is_group; /* it leads a process group of its own */
    bool joined;
    int status; /* as waitpid(2) has it, when joined */

    /* Where it is not our child: takes it, when it has ended, off the hands of whose it is, and
     * returns its status. NULL: it is ours. */
    int (*reap)(void *reaper, pid_t pid);
    void *reaper;
};

/* Runs `main__(argument, control)` in a child, which exits with what it returns.
 * -EDEADLK in a process that has threads, since a fork copies their locks and not
 * them; else as fork(2) and socketpair(2). */
int worker_process_spawn(struct worker_process *process,
                         int (*main__)(const void *argument, int control), const void *argument);

/* The same, with this descriptor of ours as its standard error. */
int worker_process_spawn_to(struct worker_process *process, int err,
                            int (*main__)(const void *argument, int control), const void *argument);

/* Runs a program, looked up in PATH, with this environment and, where not NULL, these limits.
 * What it prints goes to `err`, a descriptor of ours, which is its standard error. It leads a
 * process group of its own. Threads are fine; the one that calls must not end before the program.
 * -ENOENT, -EACCES and the like as execve(2). */
int worker_process_exec(struct worker_process *process, int err, const char *const *argv,
                        char *const *environment, const struct limits *limits);

/* A process that is none: only the socket pair, of which *theirs is the other end. It
 * counts as joined, with status 0. */
int worker_process_pretend(struct worker_process *process, int *theirs);

/* Waits for its end, at most `timeout_ns` nanoseconds (negative: without limit); what
 * it still sends is thrown away. `status` (may be NULL) as waitpid(2) has it.
 * -ETIMEDOUT. */
int worker_process_join(struct worker_process *process, int64_t timeout_ns, int *status);

/* Sends it a signal, as long as it is not joined; and to its group, where it has one. */
void worker_process_signal(const struct worker_process *process, int signal);

/* Kills it where it still runs, waits for its end, closes what is ours. `status`
 * (may be NULL) as waitpid(2) has it. */
void worker_process_end(struct worker_process *process, int *status);

#endif
