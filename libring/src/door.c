#include "libring/src/door.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libring/src/object.h"
#include "libring/src/system.h"

static int listen_at(const char *path, gid_t group)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path); /* fits: asserted in name.h */
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ring_system_error(errno);
    /* Before the bind, so that it is never open to more than these: unix(7). */
    int failed = fchmod(fd, group == RING_NO_GROUP ? 0600 : 0660) < 0 ||
                 bind(fd, (const struct sockaddr *)&address, sizeof address) < 0;
    if (!failed && group != RING_NO_GROUP)
        failed = chown(path, (uid_t)-1, group) < 0 || chmod(path, 0660) < 0;
    if (!failed)
        failed = listen(fd, SOMAXCONN) < 0;
    if (!failed)
        return fd;
    int error = ring_system_error(errno);
    close(fd);
    return error;
}

int ring_door_open(struct ring_door *door, const char *path, gid_t group)
{
    *door = (struct ring_door){.user = geteuid(), .group = group};
    door->listener = listen_at(path, group);
    return door->listener < 0 ? door->listener : 0;
}

void ring_door_close(struct ring_door *door)
{
    if (door->listener >= 0)
        close(door->listener);
    door->listener = -1;
}

static bool is_in_group(int socket, const struct ucred *peer, gid_t group)
{
    gid_t groups[256];
    socklen_t size = sizeof groups;
    if (group == RING_NO_GROUP)
        return false;
    if (peer->gid == group)
        return true;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof *groups; i++)
        if (groups[i] == group)
            return true;
    return false;
}

static bool is_welcome(const struct ring_door *door, int socket)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return false;
    return peer.uid == door->user || peer.uid == 0 || is_in_group(socket, &peer, door->group);
}

int ring_door_accept(const struct ring_door *door)
{
    int fd = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 && is_welcome(door, fd))
        return fd;
    if (fd >= 0)
        close(fd);
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        return ring_system_error(errno);
    return -EAGAIN;
}
