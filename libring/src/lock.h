/*
 * Who is alive: one lock for each role, held by the kernel.
 *
 * A role is a byte of the control object under an open-file-description lock
 * (fcntl(2), F_OFD_SETLK). Such a lock belongs to the description, not to a pid:
 * it falls when the last descriptor of the description is closed, which the
 * kernel does for a process that dies in whatever way; it works across pid
 * namespaces, and two handles of one process exclude each other like two
 * processes. A child of fork() shares the description and so keeps the lock:
 * that is why ring.h asks children to close what they inherited. A mapping counts
 * as a descriptor of that through which it was made, and a child can't tell which it
 * has: so the control object is mapped through another description (map.c).
 */
#ifndef LIBRING_SRC_LOCK_H
#define LIBRING_SRC_LOCK_H

#include <stdbool.h>

enum {
    RING_LOCK_OWNER = 0,
    RING_LOCK_WRITER = 1,
    RING_LOCK_PLACE = 2, /* + place */
};

/* 0: ours now; -EBUSY: somebody living has it; other negative errno. */
int ring_lock(int control_fd, int role);

void ring_unlock(int control_fd, int role);

/* Whether somebody living, other than through this descriptor, has it. True also where the
 * kernel has no memory to tell: nobody is taken for dead who may be alive. */
bool ring_lock_is_held(int control_fd, int role);

#endif
