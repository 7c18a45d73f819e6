#include "libring/src/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "libring/src/bell.h"
#include "libring/src/layout.h"
#include "libring/src/system.h"

#define EVENTS_PER_DISPATCH 64

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

static int open_descriptors(struct ring_hub *hub)
{
    hub->epoll = epoll_create1(EPOLL_CLOEXEC);
    hub->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (hub->epoll < 0 || hub->timer < 0)
        return ring_system_error(errno);
    int error = watch(hub, EPOLL_CTL_ADD, hub->door.listener, EPOLLIN, &hub->at_door);
    return error ? error : watch(hub, EPOLL_CTL_ADD, hub->timer, EPOLLIN, &hub->at_timer);
}

int ring_hub_open(struct ring_hub *hub, const char *path, gid_t group)
{
    *hub = (struct ring_hub){
        .epoll = -1,
        .timer = -1,
        .at_door.kind = RING_SOURCE_DOOR,
        .at_timer.kind = RING_SOURCE_TIMER,
    };
    int error = ring_door_open(&hub->door, path, group);
    if (!error)
        error = open_descriptors(hub);
    if (error)
        ring_hub_close(hub);
    return error;
}

/* -- rest ------------------------------------------------------------------------------------- */

static uint32_t events_of(const struct ring_source *source)
{
    return source->peer && source->peer->owed ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

/* Level-triggered, it would be told without end. */
static void rest(struct ring_hub *hub, struct ring_source *source, int fd)
{
    epoll_ctl(hub->epoll, EPOLL_CTL_DEL, fd, NULL);
    source->rests = hub->rests = true;
}

static void go_on(struct ring_hub *hub, struct ring_source *source, int fd)
{
    if (!source->rests)
        return;
    source->rests = watch(hub, EPOLL_CTL_ADD, fd, events_of(source), source) != 0;
    hub->rests |= source->rests;
}

static void go_on_with_all(struct ring_hub *hub)
{
    hub->rests = false;
    go_on(hub, &hub->at_door, hub->door.listener);
    for (struct ring_peer *peer = hub->peers; peer; peer = peer->next)
        go_on(hub, &peer->connection, peer->socket);
}

/* To look again in a second, or not. Not put off by those who come meanwhile. */
static void set_timer(struct ring_hub *hub, bool on)
{
    const struct itimerspec second = {.it_value.tv_sec = on};
    if (hub->timer_is_set != on)
        hub->timer_is_set = timerfd_settime(hub->timer, 0, &second, NULL) == 0 ? on : !on;
}

/* -- coming and going ------------------------------------------------------------------------- */

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
    peer->connection.rests = false;
    if (peer->bell.eventfd >= 0)
        close(peer->bell.eventfd);
    peer->bell.eventfd = -1;
}

/* It hung up without a goodbye: its process dies, or has executed another program and lives on.
 * In either case its locks fall, perhaps in a moment only. */
static void lose(struct ring_hub *hub, struct ring_peer *peer)
{
    disconnect(hub, peer);
    hub->died = hub->rests = true;
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
    hub->count--;
    go_on(hub, &hub->at_door, hub->door.listener); /* there is room */
}

void ring_hub_close(struct ring_hub *hub)
{
    while (hub->peers)
        drop(hub, hub->peers);
    if (hub->epoll >= 0)
        close(hub->epoll);
    if (hub->timer >= 0)
        close(hub->timer);
    hub->epoll = hub->timer = -1;
    ring_door_close(&hub->door);
}

/* Whether one more may come. The first who hung up without a goodbye makes room: it was dying
 * then, and is dead, or is careless with us. */
static bool have_room(struct ring_hub *hub)
{
    struct ring_peer *first = NULL;
    if (hub->count < RING_PEERS_MAX)
        return true;
    for (struct ring_peer *peer = hub->peers; peer; peer = peer->next)
        if (peer->socket < 0)
            first = peer;
    if (!first)
        return false;
    drop(hub, first);
    hub->died = true;
    return true;
}

static void accept_one(struct ring_hub *hub)
{
    /* Room and memory first: who can't be served now waits at the door. */
    struct ring_peer *peer = have_room(hub) ? malloc(sizeof *peer) : NULL;
    int fd = peer ? ring_door_accept(&hub->door) : -ENOMEM;
    if (fd < 0) {
        free(peer);
        if (fd != -EAGAIN)
            rest(hub, &hub->at_door, hub->door.listener);
        return;
    }
    *peer = (struct ring_peer){
        .next = hub->peers,
        .connection = {.kind = RING_SOURCE_CONNECTION, .peer = peer},
        .process = {.kind = RING_SOURCE_PROCESS, .peer = peer},
        .socket = fd,
        .pidfd = -1,
        .bell.eventfd = -1,
    };
    hub->peers = peer;
    hub->count++;
    if (watch(hub, EPOLL_CTL_ADD, fd, EPOLLIN, &peer->connection) != 0)
        drop(hub, peer);
}

/* -- letters ---------------------------------------------------------------------------------- */

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

/* Passes one bell on, and rings it. -EAGAIN when the connection takes no more now; -EMFILE, … */
static int pass_on(const struct ring_peer *to, const struct ring_peer *from)
{
    const struct ring_letter letter = {
        .version = RING_VERSION,
        .type = RING_LETTER_BELL,
        .place = from->place,
        .incarnation = from->bell.incarnation,
    };
    int error = ring_letter_send(to->socket, &letter, from->bell.eventfd);
    if (error && error != -EPIPE)
        return error;
    ring_bell_ring(from->bell.eventfd);
    return 0;
}

/* Gives the peer the bells it is owed, as far as its connection takes them; the
 * rest when it takes more. */
static void pay(struct ring_hub *hub, struct ring_peer *peer)
{
    uint64_t unpaid = 0;
    int error = 0;
    for (uint64_t owed = peer->owed; owed; owed &= owed - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(owed);
        const struct ring_peer *from = find(hub, !peer->is_writer, place);
        if (from && !error)
            error = pass_on(peer, from);
        if (from && error)
            unpaid |= owed & -owed;
    }
    peer->owed = unpaid;
    if (error && error != -EAGAIN)
        rest(hub, &peer->connection, peer->socket);
    else
        watch(hub, EPOLL_CTL_MOD, peer->socket, events_of(&peer->connection), &peer->connection);
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
    if (error && error != -EPIPE && error != -EPROTO) {
        if (error != -EAGAIN) /* it is still there: another time */
            rest(hub, &peer->connection, peer->socket);
        return;
    }
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
        lose(hub, peer);
}

static void handle(struct ring_hub *hub, const struct ring_source *source, uint32_t events)
{
    switch (source->kind) {
    case RING_SOURCE_DOOR:
        accept_one(hub);
        break;
    case RING_SOURCE_TIMER:
        set_timer(hub, false);
        hub->died = true; /* if so, of what rests nobody would know */
        break;
    case RING_SOURCE_PROCESS:
        drop(hub, source->peer);
        hub->died = true;
        break;
    case RING_SOURCE_CONNECTION:
        if (events & ~(uint32_t)EPOLLOUT)
            read_letter(hub, source->peer);
        else
            pay(hub, source->peer);
    }
}

bool ring_hub_dispatch(struct ring_hub *hub)
{
    struct epoll_event event;
    hub->died = false;
    if (hub->rests)
        go_on_with_all(hub);
    /* One at a time: each may free the peer that another would speak of. */
    for (int i = 0; i < EVENTS_PER_DISPATCH; i++) {
        if (epoll_wait(hub->epoll, &event, 1, 0) != 1)
            break;
        handle(hub, event.data.ptr, event.events);
    }
    if (hub->rests)
        set_timer(hub, true);
    return hub->died;
}

void ring_hub_ring_all(const struct ring_hub *hub)
{
    for (const struct ring_peer *peer = hub->peers; peer; peer = peer->next)
        if (peer->bell.eventfd >= 0)
            ring_bell_ring(peer->bell.eventfd);
}
