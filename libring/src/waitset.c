#include "libring/waitset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libring/src/reader.h"
#include "libring/src/system.h"

struct ring_waitset {
    int eventfd; /* the bell */
    int epoll;   /* the bell, and the readers' links, for their hang-up */
    struct ring_reader **readers;
    unsigned count, capacity;
    unsigned turn; /* index of the reader asked first next time */
    struct ring_spin spin;
};

static int make_descriptors(struct ring_waitset *set, int eventfd_)
{
    set->eventfd = eventfd_ >= 0 ? fcntl(eventfd_, F_DUPFD_CLOEXEC, 3)
                                 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (set->eventfd < 0)
        return errno == EBADF ? -EINVAL : ring_system_error(errno);
    set->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (set->epoll < 0)
        return ring_system_error(errno);
    return ring_system_watch(set->epoll, EPOLL_CTL_ADD, set->eventfd, EPOLLIN, NULL);
}

static void free_set(struct ring_waitset *set)
{
    if (set->eventfd >= 0)
        close(set->eventfd);
    if (set->epoll >= 0)
        close(set->epoll);
    free(set->readers);
    free(set);
}

int ring_waitset_create(struct ring_waitset **out, int eventfd_)
{
    *out = NULL;
    struct ring_waitset *set = malloc(sizeof *set);
    if (!set)
        return -ENOMEM;
    *set = (struct ring_waitset){.eventfd = -1, .epoll = -1};
    ring_spin_init(&set->spin);
    int error = make_descriptors(set, eventfd_);
    if (error) {
        free_set(set);
        return error;
    }
    *out = set;
    return 0;
}

void ring_waitset_destroy(struct ring_waitset **pointer)
{
    struct ring_waitset *set = pointer ? *pointer : NULL;
    if (!set)
        return;
    for (unsigned i = 0; i < set->count; i++)
        set->readers[i]->set = NULL;
    free_set(set);
    *pointer = NULL;
}

int ring_waitset_fd(const struct ring_waitset *set)
{
    return set->epoll;
}

void ring_waitset_ring(struct ring_waitset *set)
{
    ring_bell_ring(set->eventfd);
}

static int reserve(struct ring_waitset *set)
{
    if (set->count < set->capacity)
        return 0;
    unsigned capacity = set->capacity ? 2 * set->capacity : 8;
    void *readers = reallocarray(set->readers, capacity, sizeof(struct ring_reader *));
    if (!readers)
        return -ENOMEM;
    set->readers = readers;
    set->capacity = capacity;
    return 0;
}

int ring_waitset_add(struct ring_waitset *set, struct ring_reader *reader, void *user)
{
    if (reader->set)
        return -EBUSY;
    int error = reserve(set);
    if (!error)
        error = ring_reader_give_bell(reader, set->eventfd);
    if (error)
        return error;
    /* No events asked for: only that the owner hung up is told. */
    error = ring_system_watch(set->epoll, EPOLL_CTL_ADD, reader->link.socket, 0, reader);
    if (error)
        return error;
    set->readers[set->count++] = reader;
    reader->set = set;
    reader->user = user;
    /* Not announced yet, and it may have something: make the caller look. */
    ring_bell_ring(set->eventfd);
    return 0;
}

int ring_waitset_remove(struct ring_waitset *set, struct ring_reader *reader)
{
    if (reader->set != set)
        return -ENOENT;
    unsigned i = 0;
    while (set->readers[i] != reader)
        i++;
    for (set->count--; i < set->count; i++)
        set->readers[i] = set->readers[i + 1];
    epoll_ctl(set->epoll, EPOLL_CTL_DEL, reader->link.socket, NULL);
    reader->set = NULL;
    return 0;
}

/* Asks every reader once, beginning with the one whose turn it is. */
static int ask_each(struct ring_waitset *set, struct ring_reader **reader, struct ring_view *view)
{
    for (unsigned i = 0; i < set->count; i++) {
        unsigned index = (set->turn + i) % set->count;
        int error = ring_reader_next(set->readers[index], view);
        if (error == -EAGAIN || error == -ENOBUFS)
            continue;
        *reader = set->readers[index];
        set->turn = (index + 1) % set->count;
        return error;
    }
    return -EAGAIN;
}

static void find_orphans(struct ring_waitset *set)
{
    struct epoll_event event;
    while (epoll_wait(set->epoll, &event, 1, 0) == 1 && event.data.ptr) {
        struct ring_reader *reader = event.data.ptr;
        reader->orphaned = true;
        epoll_ctl(set->epoll, EPOLL_CTL_DEL, reader->link.socket, NULL);
    }
}

/* Drains, announces, looks: in this order, so that whatever is published after
 * the drain either rings again or is seen by the look. A reader that may not hold
 * more is left out; its release makes up for it. */
static bool announce_all(struct ring_waitset *set)
{
    bool something = false;
    if (!ring_bell_drain(set->eventfd))
        find_orphans(set); /* if something woke us, it was a hang-up */
    for (unsigned i = 0; i < set->count; i++) {
        struct ring_reader *reader = set->readers[i];
        reader->left_out = reader->held == reader->holds;
        if (!reader->left_out && ring_reader_announce(reader))
            something = true;
    }
    return something;
}

static bool look_at_each(void *user)
{
    const struct ring_waitset *set = user;
    for (unsigned i = 0; i < set->count; i++) {
        const struct ring_reader *reader = set->readers[i];
        if (reader->held < reader->holds && ring_reader_has_something(reader))
            return true;
    }
    return false;
}

int ring_waitset_next(struct ring_waitset *set, struct ring_reader **reader, void **user,
                      struct ring_view *view)
{
    *reader = NULL;
    ring_spin_wakes(&set->spin);
    int result = ask_each(set, reader, view);
    if (result == -EAGAIN && ring_spin(&set->spin, set->count + 1, look_at_each, set))
        result = ask_each(set, reader, view);
    if (result == -EAGAIN && announce_all(set)) {
        /* Readable again, since something waits: the caller may stop after one. */
        ring_bell_ring(set->eventfd);
        result = ask_each(set, reader, view);
    }
    if (result == -EAGAIN)
        ring_spin_sleeps(&set->spin);
    if (user)
        *user = *reader ? (*reader)->user : NULL;
    return result;
}
