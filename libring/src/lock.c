#include "libring/src/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libring/src/system.h"

static struct flock lock_of(int role, short type)
{
    return (struct flock){
        .l_type = type,
        .l_whence = SEEK_SET,
        .l_start = role,
        .l_len = 1,
    };
}

static int set_lock(int fd, int role, short type)
{
    struct flock lock = lock_of(role, type);
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EBUSY : ring_system_error(errno);
}

int ring_lock(int control_fd, int role)
{
    return set_lock(control_fd, role, F_WRLCK);
}

void ring_unlock(int control_fd, int role)
{
    set_lock(control_fd, role, F_UNLCK);
}

bool ring_lock_is_held(int control_fd, int role)
{
    struct flock lock = lock_of(role, F_WRLCK);
    return fcntl(control_fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}
