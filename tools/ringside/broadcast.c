#include "tools/ringside/broadcast.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct listener {
    int fd;        /* -1: none */
    unsigned lost; /* events, since the last that it got */
};

struct broadcast {
    int socket, epoll;
    struct listener listeners[BROADCAST_LISTENERS_MAX];
};

static socklen_t address_of(pid_t run, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    const int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1,
                                "ringside-%d.events", (int)run);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* The user at the other end, of whom nobody can lie; -1: not known. */
static uid_t peer_of(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.uid : (uid_t)-1;
}

static bool may_listen(uid_t user)
{
    return user == geteuid() || user == 0;
}

/* The superuser sees the rings of all, and hears all. */
static bool may_tell(uid_t user)
{
    return user == geteuid() || geteuid() == 0;
}

static int watch(const struct broadcast *broadcast, int fd, unsigned place)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u32 = place};
    return epoll_ctl(broadcast->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int open_socket(struct broadcast *broadcast)
{
    struct sockaddr_un address;
    const socklen_t length = address_of(getpid(), &address);
    broadcast->epoll = epoll_create1(EPOLL_CLOEXEC);
    broadcast->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (broadcast->epoll < 0 || broadcast->socket < 0 ||
        bind(broadcast->socket, (const struct sockaddr *)&address, length) < 0 ||
        listen(broadcast->socket, BROADCAST_LISTENERS_MAX) < 0)
        return -errno;
    return watch(broadcast, broadcast->socket, BROADCAST_LISTENERS_MAX);
}

int broadcast_open(struct broadcast **out)
{
    struct broadcast *broadcast = calloc(1, sizeof *broadcast);
    *out = broadcast;
    if (!broadcast)
        return -ENOMEM;
    broadcast->socket = broadcast->epoll = -1;
    for (unsigned i = 0; i < BROADCAST_LISTENERS_MAX; i++)
        broadcast->listeners[i].fd = -1;
    int error = open_socket(broadcast);
    if (error)
        broadcast_close(out);
    return error;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void broadcast_close(struct broadcast **broadcast)
{
    if (!*broadcast)
        return;
    for (unsigned i = 0; i < BROADCAST_LISTENERS_MAX; i++)
        close_if_open((*broadcast)->listeners[i].fd);
    close_if_open((*broadcast)->socket);
    close_if_open((*broadcast)->epoll);
    free(*broadcast);
    *broadcast = NULL;
}

/* -- who comes and goes -------------------------------------------------------------------------
 */

int broadcast_fd(const struct broadcast *broadcast)
{
    return broadcast ? broadcast->epoll : -1;
}

static void welcome(struct broadcast *broadcast)
{
    int fd = accept4(broadcast->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    unsigned place = 0;
    if (fd < 0)
        return;
    while (place < BROADCAST_LISTENERS_MAX && broadcast->listeners[place].fd >= 0)
        place++;
    if (place < BROADCAST_LISTENERS_MAX && may_listen(peer_of(fd)) &&
        watch(broadcast, fd, place) == 0)
        broadcast->listeners[place] = (struct listener){.fd = fd};
    else
        close(fd);
}

static void dismiss(struct listener *listener)
{
    close_if_open(listener->fd);
    listener->fd = -1;
}

/* A listener that writes has misunderstood, and goes, too. */
void broadcast_dispatch(struct broadcast *broadcast)
{
    struct epoll_event events[BROADCAST_LISTENERS_MAX + 1];
    int count =
        broadcast ? epoll_wait(broadcast->epoll, events, BROADCAST_LISTENERS_MAX + 1, 0) : 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == BROADCAST_LISTENERS_MAX)
            welcome(broadcast);
        else
            dismiss(&broadcast->listeners[events[i].data.u32]);
    }
}

/* -- events -------------------------------------------------------------------------------------
 */

static bool send_packet(const struct listener *listener, const char *text)
{
    return send(listener->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static bool tell_lost(const struct listener *listener)
{
    char text[64];
    snprintf(text, sizeof text, "{\"v\":1,\"type\":\"lost\",\"events\":%u}", listener->lost);
    return send_packet(listener, text);
}

void broadcast_line(struct broadcast *broadcast, const char *line)
{
    for (unsigned i = 0; broadcast && i < BROADCAST_LISTENERS_MAX; i++) {
        struct listener *listener = &broadcast->listeners[i];
        if (listener->fd < 0)
            continue;
        if (listener->lost && tell_lost(listener))
            listener->lost = 0;
        if (listener->lost || !send_packet(listener, line))
            listener->lost++;
    }
}

/* -- listening ----------------------------------------------------------------------------------
 */

int broadcast_listen(pid_t run)
{
    struct sockaddr_un address;
    const socklen_t length = address_of(run, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect(fd, (const struct sockaddr *)&address, length) < 0 ? -errno : 0;
    if (!error && !may_tell(peer_of(fd)))
        error = -EACCES;
    if (error)
        close(fd);
    return error ? error : fd;
}
