#include "tools/ringside/serve/reception.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/ringside/broadcast.h"
#include "workers/supervisor.h"

#define EVENTS_A_TURN 64     /* of each run */
#define EVENT_MAX (64 << 10) /* bytes; a longer one is none */

int reception_open(struct reception *reception)
{
    *reception = (struct reception){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return reception->epoll < 0 ? -errno : 0;
}

void reception_close(struct reception *reception)
{
    while (reception->count)
        close(reception->runs[--reception->count].fd);
    close(reception->epoll);
}

static struct reception_run *find(struct reception *reception, pid_t run)
{
    for (unsigned i = 0; i < reception->count; i++)
        if (reception->runs[i].pid == run)
            return &reception->runs[i];
    return NULL;
}

void reception_tune(struct reception *reception, const struct sample *sample)
{
    for (unsigned i = 0; i < sample->count; i++) {
        const pid_t run = sample->rings[i]->info.owner;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)run};
        if (!supervisor_camera_of(sample->rings[i]->name) || find(reception, run) ||
            reception->count == RECEPTION_RUNS_MAX)
            continue;
        const int fd = broadcast_listen(run);
        if (fd >= 0 && epoll_ctl(reception->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
            reception->runs[reception->count++] = (struct reception_run){run, fd};
        else if (fd >= 0)
            close(fd);
    }
}

static void forget(struct reception *reception, struct reception_run *run)
{
    close(run->fd);
    *run = reception->runs[--reception->count];
}

static void hear(struct reception *reception, struct reception_run *run,
                 void (*each)(void *user, pid_t run, const char *line), void *user)
{
    static char line[EVENT_MAX + 1];
    ssize_t size = 1;
    for (int i = 0; i < EVENTS_A_TURN && size > 0; i++) {
        size = recv(run->fd, line, EVENT_MAX, 0);
        line[size > 0 ? size : 0] = '\0';
        if (size > 0)
            each(user, run->pid, line);
    }
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        forget(reception, run);
}

void reception_dispatch(struct reception *reception,
                        void (*each)(void *user, pid_t run, const char *line), void *user)
{
    struct epoll_event events[RECEPTION_RUNS_MAX];
    int count = epoll_wait(reception->epoll, events, RECEPTION_RUNS_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct reception_run *run = find(reception, (pid_t)events[i].data.u32);
        if (run)
            hear(reception, run, each, user);
    }
}
