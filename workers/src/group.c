#include "workers/group.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "workers/src/group.h"
#include "workers/src/worker.h"

struct member {
    struct member *next;
    struct worker *worker;
    void *user;
    bool silent; /* its control socket is closed: only its end is awaited */
};

#define READY_MAX 64

struct worker_group {
    int epoll;
    int bell; /* eventfd: some member has messages that were kept */
    struct member *members;
    struct member *ready[READY_MAX]; /* heard next, in this order; NULL: has left */
    unsigned ready_begin, ready_end;
    struct worker_message message;
};

int worker_group_create(struct worker_group **out)
{
    *out = NULL;
    struct worker_group *group = calloc(1, sizeof *group);
    if (!group)
        return -ENOMEM;
    group->epoll = epoll_create1(EPOLL_CLOEXEC);
    group->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (group->epoll < 0 || group->bell < 0 ||
        epoll_ctl(group->epoll, EPOLL_CTL_ADD, group->bell, &event) < 0) {
        int error = -errno;
        worker_group_destroy(&group);
        return error;
    }
    *out = group;
    return 0;
}

static struct member **find(struct worker_group *group, const struct worker *worker)
{
    struct member **link = &group->members;
    while (*link && (*link)->worker != worker)
        link = &(*link)->next;
    return link;
}

static void leave(struct worker_group *group, struct member **link)
{
    struct member *member = *link;
    if (!member->silent)
        epoll_ctl(group->epoll, EPOLL_CTL_DEL, worker_fd(member->worker), NULL);
    epoll_ctl(group->epoll, EPOLL_CTL_DEL, worker_pidfd(member->worker), NULL);
    for (unsigned i = group->ready_begin; i < group->ready_end; i++)
        if (group->ready[i] == member)
            group->ready[i] = NULL;
    member->worker->group = NULL;
    *link = member->next;
    free(member);
}

void worker_group_destroy(struct worker_group **pointer)
{
    struct worker_group *group = pointer ? *pointer : NULL;
    if (!group)
        return;
    while (group->members)
        leave(group, &group->members);
    if (group->epoll >= 0)
        close(group->epoll);
    if (group->bell >= 0)
        close(group->bell);
    free(group);
    *pointer = NULL;
}

int worker_group_add(struct worker_group *group, struct worker *worker, void *user)
{
    if (worker->group)
        return -EBUSY;
    struct member *member = calloc(1, sizeof *member);
    if (!member)
        return -ENOMEM;
    *member = (struct member){.next = group->members, .worker = worker, .user = user};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
    group->members = member;
    worker->group = group;
    if (epoll_ctl(group->epoll, EPOLL_CTL_ADD, worker_fd(worker), &event) < 0 ||
        epoll_ctl(group->epoll, EPOLL_CTL_ADD, worker_pidfd(worker), &event) < 0) {
        int error = -errno;
        leave(group, &group->members);
        return error;
    }
    if (worker->kept)
        worker_group_has_kept(group);
    return 0;
}

int worker_group_remove(struct worker_group *group, struct worker *worker)
{
    struct member **link = find(group, worker);
    if (!*link)
        return -ENOENT;
    leave(group, link);
    return 0;
}

int worker_group_fd(const struct worker_group *group)
{
    return group->epoll;
}

void worker_group_has_kept(struct worker_group *group)
{
    eventfd_write(group->bell, 1);
}

/* Hears those who have kept messages, as if their sockets were ready. */
static void add_kept(struct worker_group *group)
{
    eventfd_t count;
    eventfd_read(group->bell, &count);
    bool more = false;
    for (struct member *member = group->members; member; member = member->next) {
        if (!member->worker->kept)
            continue;
        more = true;
        if (group->ready_end < READY_MAX)
            group->ready[group->ready_end++] = member;
    }
    if (more) /* until the last was taken */
        worker_group_has_kept(group);
}

/* The kernel's list of ready sockets goes round: who was heard stands at its end. A
 * worker that is ready twice, with a message and by its end, is heard once. */
static void refill(struct worker_group *group, int timeout_ms)
{
    struct epoll_event events[READY_MAX];
    int count = epoll_wait(group->epoll, events, READY_MAX, timeout_ms);
    group->ready_begin = group->ready_end = 0;
    for (int i = 0; i < count; i++) {
        struct member *member = events[i].data.ptr;
        if (!member)
            add_kept(group);
        else if (group->ready_end < READY_MAX &&
                 (group->ready_end == 0 || group->ready[group->ready_end - 1] != member))
            group->ready[group->ready_end++] = member;
    }
}

/* Its socket says nothing more. It may still live: a program can close what it likes. */
static void hang_up(struct worker_group *group, struct member *member)
{
    if (!member->silent)
        epoll_ctl(group->epoll, EPOLL_CTL_DEL, worker_fd(member->worker), NULL);
    member->silent = true;
}

static bool has_ended(const struct worker *worker)
{
    struct pollfd end = {.fd = worker_pidfd(worker), .events = POLLIN};
    return poll(&end, 1, 0) > 0;
}

/* True when it had something to say. What it sent before its end comes first: whether it
 * has ended is therefore looked at before its socket. */
static bool hear(struct worker_group *group, struct member *member, struct worker_news *news)
{
    struct worker *worker = member->worker;
    *news = (struct worker_news){.worker = worker, .user = member->user, .descriptor = -1};
    const bool ended = has_ended(worker);
    int error = worker_recv(worker, &group->message, &news->descriptor);
    if (error == 0) {
        news->message = &group->message;
        return true;
    }
    if (news->descriptor >= 0)
        close(news->descriptor);
    news->descriptor = -1;
    const bool refused = error == -EPROTO || error == -EMFILE;
    if (refused)
        worker_refuse(worker, &group->message, error);
    if (error != -EAGAIN && !refused)
        hang_up(group, member);
    if (!ended || refused)
        return false;
    worker_join(worker, -1, &news->status);
    leave(group, find(group, worker));
    return true;
}

int worker_group_next(struct worker_group *group, int64_t timeout_ns, struct worker_news *news)
{
    int64_t until_ns = 0;
    if (timeout_ns > 0 && __builtin_add_overflow(worker_now_ns(), timeout_ns, &until_ns))
        until_ns = INT64_MAX;
    *news = (struct worker_news){.descriptor = -1};
    while (group->members) {
        while (group->ready_begin < group->ready_end) {
            struct member *member = group->ready[group->ready_begin++];
            if (member && hear(group, member, news))
                return 0;
        }
        int timeout_ms = -1;
        if (timeout_ns >= 0) {
            const int64_t left = timeout_ns ? until_ns - worker_now_ns() : 0;
            timeout_ms = left <= 0                       ? 0
                         : left > INT64_C(1000000000000) ? 1000000
                                                         : (int)(left / 1000000) + 1;
        }
        refill(group, timeout_ms);
        if (group->ready_end == 0 && timeout_ms == 0)
            return -ETIMEDOUT;
    }
    return -ENOENT;
}
