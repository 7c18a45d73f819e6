/* Forking a process that has a control socket to us. */
#ifndef WORKERS_SRC_PROCESS_H
#define WORKERS_SRC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct worker_process {
    pid_t pid;
    int pidfd;   /* readable when it has ended */
    int control; /* our end */
    bool joined;
    int status; /* as waitpid(2) has it, when joined */
};

/* Runs `main__(argument, control)` in a child, which exits with what it returns. The
 * child has standard error, its end of the control socket and nothing else of ours;
 * terminal signals do not reach it; it dies with us. -EDEADLK in a process that has
 * threads. */
int worker_process_spawn(struct worker_process *process,
                         int (*main__)(const void *argument, int control), const void *argument);

/* Waits for its end, at most `timeout_ns` nanoseconds (negative: without limit); what
 * it still sends is thrown away. `status` (may be NULL) as waitpid(2) has it.
 * -ETIMEDOUT. */
int worker_process_join(struct worker_process *process, int64_t timeout_ns, int *status);

/* Kills it where it still runs, waits for its end, closes what is ours. `status`
 * (may be NULL) as waitpid(2) has it. */
void worker_process_end(struct worker_process *process, int *status);

#endif
