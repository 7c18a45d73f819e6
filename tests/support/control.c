#include "tests/support/control.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/require.h"
#include "tests/support/sleep.h"

struct ring_control *support_control_map(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "/dev/shm/ring.%s.control", name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    support_require(fd >= 0);
    void *memory =
        mmap(NULL, sizeof(struct ring_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    support_require(memory != MAP_FAILED);
    close(fd);
    return memory;
}

void support_await_sleep(pid_t process)
{
    while (!support_is_asleep(process, NULL))
        sched_yield();
}
