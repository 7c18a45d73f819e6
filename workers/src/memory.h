/* What a process costs in memory. */
#ifndef WORKERS_SRC_MEMORY_H
#define WORKERS_SRC_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* Its proportional set size in bytes, rings left out; negative errno. */
int64_t memory_beside_rings(pid_t pid);

#endif
