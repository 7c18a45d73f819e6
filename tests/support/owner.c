#include "tests/support/owner.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/require.h"

enum { RINGS_MAX = 8 };

int support_serve(struct ring *const rings[], unsigned count, pid_t child)
{
    struct pollfd fds[RINGS_MAX + 1];
    support_require(count <= RINGS_MAX);
    for (unsigned i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = ring_fd(rings[i]), .events = POLLIN};
    int pidfd = pidfd_open(child, 0);
    support_require(pidfd >= 0);
    fds[count] = (struct pollfd){.fd = pidfd, .events = POLLIN};
    do {
        support_require(poll(fds, count + 1, -1) > 0 || errno == EINTR);
        for (unsigned i = 0; i < count; i++)
            ring_dispatch(rings[i]);
    } while (!fds[count].revents);
    close(pidfd);
    return support_join(child);
}
