#include "libring/src/system.h"

#include <errno.h>
#include <sys/epoll.h>

int ring_system_error(int number)
{
    switch (number) {
    case EPERM:
    case EACCES:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
        return -number;
    case EROFS:
        return -EACCES;
    case EDQUOT:
        return -ENOSPC;
    case ETOOMANYREFS: /* descriptors on their way count as open ones */
        return -EMFILE;
    case EAGAIN: /* too much memory locked */
    case ENOBUFS:
    case ENOLCK:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

int ring_system_watch(int epoll, int operation, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    if (epoll_ctl(epoll, operation, fd, &event) == 0)
        return 0;
    /* It has nothing to do with /dev/shm: max_user_watches in epoll(7). */
    return errno == ENOSPC ? -ENOMEM : ring_system_error(errno);
}
