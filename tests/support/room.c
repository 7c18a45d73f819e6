#include "tests/support/room.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

/* Each user's: nobody else could lock it. */
#define LOCK "/tmp/ringside-tests-%u.lock"

static bool mount_own(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
}

int support_room_take(void)
{
    char path[64];
    if (mount_own())
        return 0;
    snprintf(path, sizeof path, LOCK, (unsigned)geteuid());
    /* Open until the end, and closed by exec: what is started does not keep the lock alone. */
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}
