#include "bench/ringbench/pipeline/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "libring/inspect.h"

#define DESCENDANTS_MAX 1024

struct family {
    pid_t pids[DESCENDANTS_MAX];
    unsigned count;
};

static void add_children(struct family *family, pid_t parent)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    while (file && family->count < DESCENDANTS_MAX && fscanf(file, "%d", &pid) == 1)
        family->pids[family->count++] = pid;
    if (file)
        fclose(file);
}

static uint64_t pss_of(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "Pss:", 4) == 0)
            kib = strtoull(line + 4, NULL, 10);
    if (file)
        fclose(file);
    return kib << 10;
}

struct rings {
    const struct family *family;
    uint64_t bytes;
};

static int add_ring(void *user, const char *name)
{
    struct rings *rings = user;
    static struct ring_info info;
    if (ring_inspect_name(name, &info) != 0)
        return 0;
    for (unsigned i = 0; i < rings->family->count; i++)
        if (rings->family->pids[i] == info.owner)
            rings->bytes += info.bytes;
    return 0;
}

void memory_look(struct memory *memory)
{
    static struct family family;
    struct rings rings = {.family = &family};
    *memory = (struct memory){0};
    family.count = 0;
    add_children(&family, getpid());
    for (unsigned i = 0; i < family.count; i++) /* it grows meanwhile */
        add_children(&family, family.pids[i]);
    for (unsigned i = 0; i < family.count; i++)
        memory->pss += pss_of(family.pids[i]);
    ring_list(add_ring, &rings);
    memory->ring = rings.bytes;
}
