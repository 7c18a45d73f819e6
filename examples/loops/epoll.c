/* Front and back in loops around epoll(7). Both descriptors are level-triggered. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "examples/loops/duet.h"

static int loop_around(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    int loop = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
    return loop;
}

void loop_back__(struct worker_back *back)
{
    struct epoll_event event;
    int loop = loop_around(worker_back_fd__(back));
    while (epoll_wait(loop, &event, 1, -1) >= 0)
        if (event.data.fd == worker_back_fd__(back) && worker_back_dispatch__(back) == -ESHUTDOWN)
            break;
    close(loop);
}

void loop_front(struct worker_group *group)
{
    struct epoll_event event;
    int loop = loop_around(worker_group_fd(group));
    while (epoll_wait(loop, &event, 1, -1) >= 0)
        if (event.data.fd == worker_group_fd(group) && !duet_hear(group))
            break;
    close(loop);
}
