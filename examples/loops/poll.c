/* Front and back in loops around poll(2). */
#include <errno.h>
#include <poll.h>

#include "examples/loops/duet.h"

void loop_back__(struct worker_back *back)
{
    struct pollfd work = {.fd = worker_back_fd__(back), .events = POLLIN};
    while (work.fd >= 0 && worker_back_dispatch__(back) != -ESHUTDOWN)
        poll(&work, 1, -1);
}

void loop_front(struct worker_group *group)
{
    struct pollfd news = {.fd = worker_group_fd(group), .events = POLLIN};
    while (duet_hear(group))
        poll(&news, 1, -1);
}
