#include "libring/src/hub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libring/src/bell.h"
#include "libring/src/layout.h"
#include "libring/src/object.h"
#include "libring/src/system.h"

#define EVENTS_PER_DISPATCH 64

struct ring_source {
    enum { SOURCE_SOCKET, SOURCE_PIDFD } kind;
    struct ring_peer *peer;
};

struct ring_peer {
    struct ring_peer *next;
    struct ring_source connection, process; /* what epoll gives back */
    int socket; /* -1: it hung up without a goodbye, so it is about to die */
    int pidfd;  /* -1: not said hello yet */
    bool is_writer;
    struct ring_bell bell; /* its own, */
    uint32_t place;        /* and of which place it is */
    uint64_t owed;         /* places whose bells it is to get; of a reader: 1, the writer's */
};

static int watch(struct ring_hub *hub, int operation, int fd, uint32_t events, void *source)
{
    return ring_system_watch(hub->epoll, operation, fd, events, source);
}

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

int ring_hub_open(struct ring_hub *hub, const char *path, gid_t group)
{
    *hub = (struct ring_hub){.listener = -1, .epoll = -1, .group = group};
    int fd = listen_at(path, group);
    if (fd < 0)
        return fd;
    hub->listener = fd;
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    int error =
        hub->epoll < 0 ? ring_system_error(errno) : watch(hub, EPOLL_CTL_ADD, fd, EPOLLIN, NULL);
    if (error)
        ring_hub_close(hub);
    return error;
}

/* Other processes may have copies, of a pidfd by its sender, of a socket by a fork:
 * closing alone would not take it out of the epoll. */
static void forget(struct ring_hub *hub, int *fd)
{
    epoll_ctl(hub->epoll, EPOLL_CTL_DEL, *fd, NULL);
    close(*fd);
    *fd = -1;
}

static void disconnect(struct ring_hub *hub, struct ring_peer *peer)
{
    if (peer->socket >= 0)
        forget(hub, &peer->socket);
    if (peer->bell.eventfd >= 0)
        close(peer->bell.eventfd);
    peer->bell.eventfd = -1;
}

static void drop(struct ring_hub *hub, struct ring_peer *peer)
{
    struct ring_peer **link = &hub->peers;
    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
    disconnect(hub, peer);
    if (peer->pidfd >= 0)
        forget(hub, &peer->pidfd);
    free(peer);
}

void ring_hub_close(struct ring_hub *hub)
{
    while (hub->peers)
        drop(hub, hub->peers);
    if (hub->epoll >= 0)
        close(hub->epoll);
    if (hub->listener >= 0)
        close(hub->listener);
    hub->listener = hub->epoll = -1;
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

static bool is_welcome(const struct ring_hub *hub, int socket)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return false;
    return peer.uid == geteuid() || peer.uid == 0 || is_in_group(socket, &peer, hub->group);
}

static void accept_one(struct ring_hub *hub)
{
    /* Memory first: who can't be served now waits at the door. */
    struct ring_peer *peer = malloc(sizeof *peer);
    int fd = peer ? accept4(hub->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (fd < 0 || !is_welcome(hub, fd)) {
        if (fd >= 0)
            close(fd);
        free(peer);
        return;
    }
    *peer = (struct ring_peer){
        .next = hub->peers,
        .connection = {.kind = SOURCE_SOCKET, .peer = peer},
        .process = {.kind = SOURCE_PIDFD, .peer = peer},
        .socket = fd,
        .pidfd = -1,
        .bell.eventfd = -1,
    };
    hub->peers = peer;
    if (watch(hub, EPOLL_CTL_ADD, fd, EPOLLIN, &peer->connection) != 0)
        drop(hub, peer);
}

/* Who has that role now. One before it, who died, may still be in the list, in front or
 * behind: it is told by the incarnation, a count. */
static struct ring_peer *find(const struct ring_hub *hub, bool writer, uint32_t place)
{
    struct ring_peer *found = NULL;
    for (struct ring_peer *peer = hub->peers; peer; peer = peer->next)
        if (peer->bell.eventfd >= 0 && peer->is_writer == writer &&
            (writer || peer->place == place) &&
            (!found || (int32_t)(peer->bell.incarnation - found->bell.incarnation) > 0))
            found = peer;
    return found;
}

/* Passes one bell on, and rings it. False when the connection takes no more now. */
static bool pass_on(struct ring_peer *to, const struct ring_peer *from)
{
    const struct ring_letter letter = {
        .version = RING_VERSION,
        .type = RING_LETTER_BELL,
        .place = from->place,
        .incarnation = from->bell.incarnation,
    };
    int error = ring_letter_send(to->socket, &letter, from->bell.eventfd);
    if (error && error != -EPIPE)
        return false;
    ring_bell_ring(from->bell.eventfd);
    return true;
}

/* Gives the peer the bells it is owed, as far as its connection takes them; the
 * rest when it takes more. */
static void pay(struct ring_hub *hub, struct ring_peer *peer)
{
    uint64_t rest = 0;
    for (uint64_t owed = peer->owed; owed; owed &= owed - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(owed);
        const struct ring_peer *from = find(hub, !peer->is_writer, place);
        if (from && (rest || !pass_on(peer, from)))
            rest |= owed & -owed;
    }
    peer->owed = rest;
    watch(hub, EPOLL_CTL_MOD, peer->socket, rest ? EPOLLIN | EPOLLOUT : EPOLLIN, &peer->connection);
}

/* Everybody who rings `of` is owed its bell. */
static void spread(struct ring_hub *hub, const struct ring_peer *of)
{
    for (struct ring_peer *peer = hub->peers; peer; peer = peer->next) {
        if (peer->pidfd < 0 || peer->socket < 0 || peer->is_writer == of->is_writer)
            continue;
        peer->owed |= UINT64_C(1) << (of->is_writer ? 0 : of->place);
        pay(hub, peer);
    }
}

static int welcome(struct ring_hub *hub, struct ring_peer *peer, enum ring_letter_type hello,
                   int pidfd)
{
    if (peer->pidfd >= 0)
        return -EPROTO;
    int error = watch(hub, EPOLL_CTL_ADD, pidfd, EPOLLIN, &peer->process);
    if (error)
        return error;
    peer->pidfd = pidfd;
    peer->is_writer = hello == RING_HELLO_WRITER;
    peer->owed = peer->is_writer ? UINT64_MAX : 1;
    pay(hub, peer);
    return 0;
}

static int take_bell(struct ring_hub *hub, struct ring_peer *peer, const struct ring_letter *letter,
                     int eventfd)
{
    if (peer->pidfd < 0)
        return -EPROTO;
    peer->place = letter->place;
    if (peer->bell.eventfd >= 0)
        close(peer->bell.eventfd);
    peer->bell = (struct ring_bell){.eventfd = eventfd, .incarnation = letter->incarnation};
    spread(hub, peer);
    /* Whoever should have rung it so far could not. */
    ring_bell_ring(eventfd);
    return 0;
}

/* Reads one letter; a peer that breaks the form is not served any more. Of one that
 * hangs up without a goodbye the process is still watched: as it dies its descriptors
 * are closed first, while its locks may stand. */
static void read_letter(struct ring_hub *hub, struct ring_peer *peer)
{
    struct ring_letter letter;
    int descriptor;
    int error = ring_letter_receive(peer->socket, &letter, &descriptor);
    if (error && error != -EPIPE && error != -EPROTO)
        return; /* it is still there: another time */
    if (!error && letter.place >= RING_READERS_MAX)
        error = -EPROTO;
    if (!error && (letter.type == RING_HELLO_READER || letter.type == RING_HELLO_WRITER))
        error = welcome(hub, peer, letter.type, descriptor);
    else if (!error && letter.type == RING_LETTER_BELL)
        error = take_bell(hub, peer, &letter, descriptor);
    else if (!error && letter.type == RING_LETTER_CALL)
        ring_hub_ring_all(hub);
    else if (!error && letter.type != RING_LETTER_GOODBYE)
        error = -EPROTO;
    if (error && descriptor >= 0)
        close(descriptor);
    if ((!error && letter.type == RING_LETTER_GOODBYE) || (error && peer->pidfd < 0))
        drop(hub, peer);
    else if (error)
        disconnect(hub, peer);
}

bool ring_hub_dispatch(struct ring_hub *hub)
{
    bool died = false;
    struct epoll_event event;
    /* One at a time: each may free the peer that another would speak of. */
    for (int i = 0; i < EVENTS_PER_DISPATCH; i++) {
        if (epoll_wait(hub->epoll, &event, 1, 0) != 1)
            break;
        const struct ring_source *source = event.data.ptr;
        if (!source) {
            accept_one(hub);
        } else if (source->kind == SOURCE_PIDFD) {
            drop(hub, source->peer);
            died = true;
        } else if (event.events & ~(uint32_t)EPOLLOUT) {
            read_letter(hub, source->peer);
        } else {
            pay(hub, source->peer);
        }
    }
    return died;
}

void ring_hub_ring_all(const struct ring_hub *hub)
{
    for (const struct ring_peer *peer = hub->peers; peer; peer = peer->next)
        if (peer->bell.eventfd >= 0)
            ring_bell_ring(peer->bell.eventfd);
}
