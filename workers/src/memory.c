#include "workers/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int64_t worker_memory(pid_t pid)
{
    char line[4608];
    bool is_ring = false;
    int64_t bytes = 0;
    unsigned long long begin, end, kib;
    snprintf(line, sizeof line, "/proc/%d/smaps", (int)pid);
    FILE *maps = fopen(line, "re");
    if (!maps)
        return -errno;
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%llx-%llx ", &begin, &end) == 2)
            is_ring = strstr(line, "/dev/shm/ring.") != NULL;
        else if (!is_ring && sscanf(line, "Pss: %llu kB", &kib) == 1)
            bytes += (int64_t)kib * 1024;
    }
    fclose(maps);
    return bytes;
}
