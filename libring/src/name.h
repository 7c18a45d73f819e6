/* Names of rings and the paths of what belongs to them. */
#ifndef LIBRING_SRC_NAME_H
#define LIBRING_SRC_NAME_H

#include <assert.h>
#include <sys/un.h>

#include "libring/ring.h"

/* Where glibc and the kernel keep POSIX shared memory: shm_overview(7). */
#define RING_DIRECTORY "/dev/shm"

struct ring_paths {
    char control[sizeof RING_DIRECTORY + RING_NAME_MAX + 16];
    char frames[sizeof RING_DIRECTORY + RING_NAME_MAX + 16];
    char hub[sizeof RING_DIRECTORY + RING_NAME_MAX + 16];
};

static_assert(sizeof(((struct ring_paths *)0)->hub) <= sizeof(((struct sockaddr_un *)0)->sun_path),
              "a hub's path is a socket's address");

/* -EINVAL where ring_name_check says so. */
int ring_paths(struct ring_paths *paths, const char *name);

/* The name of the ring whose control object is called that; -EINVAL: it is none. */
int ring_name_of_control(const char *file, char name[RING_NAME_MAX + 1]);

#endif
