/* What a process costs in memory. */
#ifndef WORKERS_MEMORY_H
#define WORKERS_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Its proportional set size in bytes, rings left out; negative errno. Reads /proc/PID/smaps,
 * which is open to the process's user. */
int64_t worker_memory(pid_t pid);

#ifdef __cplusplus
}
#endif

#endif
