#include "workers/src/watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "workers/src/supervisor.h"
#include "workers/src/worker.h"

/* -- processes and rings ------------------------------------------------------------------- */

static int watch(struct supervisor *supervisor, int fd, struct source *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(supervisor->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* One source for all that a process says. */
static int watch_words(struct supervisor *supervisor, const struct words *words,
                       struct source *source)
{
    return words->open ? watch(supervisor, words->fd, source) : 0;
}

int watch_decoder(struct camera *camera)
{
    struct supervisor *supervisor = camera->supervisor;
    struct source *source = &camera->decoder_source;
    *source = (struct source){.kind = SOURCE_DECODER, .index = camera->number};
    int error = watch(supervisor, decoder_fd(camera->decoder), source);
    return error ? error : watch_words(supervisor, &camera->words, source);
}

int watch_ring(struct camera *camera)
{
    camera->ring_source = (struct source){.kind = SOURCE_RING, .index = camera->number};
    return watch(camera->supervisor, ring_fd(camera->ring), &camera->ring_source);
}

int watch_worker(struct supervisor *supervisor, unsigned index)
{
    struct source *source = &supervisor->members[index].source;
    *source = (struct source){.kind = SOURCE_WORKER, .index = index};
    const struct worker *worker = supervisor->members[index].worker;
    int error = watch(supervisor, worker_fd(worker), source);
    if (!error && worker_pidfd(worker) >= 0)
        error = watch(supervisor, worker_pidfd(worker), source);
    return error ? error : watch_words(supervisor, &supervisor->members[index].words, source);
}

void watch_no_more(struct supervisor *supervisor, int fd)
{
    epoll_ctl(supervisor->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* -- its own descriptors --------------------------------------------------------------------- */

int watch_open(struct supervisor *supervisor)
{
    supervisor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (supervisor->epoll < 0)
        return -errno;
    supervisor->deadline = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (supervisor->deadline < 0)
        return -errno;
    supervisor->deadline_source.kind = SOURCE_DEADLINE;
    int error = watch(supervisor, supervisor->deadline, &supervisor->deadline_source);
    if (error)
        return error;
    supervisor->tick = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (supervisor->tick < 0)
        return -errno;
    supervisor->tick_source.kind = SOURCE_TICK;
    return watch(supervisor, supervisor->tick, &supervisor->tick_source);
}

void watch_close(struct supervisor *supervisor)
{
    if (supervisor->epoll >= 0)
        close(supervisor->epoll);
    if (supervisor->deadline >= 0)
        close(supervisor->deadline);
    if (supervisor->tick >= 0)
        close(supervisor->tick);
}

void watch_set_tick(struct supervisor *supervisor)
{
    int64_t due = INT64_MAX;
    for (unsigned i = 0; i < supervisor->config.worker_count; i++) {
        const int64_t own = member_due(&supervisor->members[i]);
        due = own < due ? own : due;
    }
    for (unsigned i = 0; i < supervisor->camera_count; i++) {
        const int64_t own = feed_due(supervisor->cameras[i]);
        due = own < due ? own : due;
    }
    if (due == supervisor->tick_ns)
        return;
    supervisor->tick_ns = due;
    struct itimerspec when = {0};
    if (due != INT64_MAX)
        when.it_value = (struct timespec){.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
    timerfd_settime(supervisor->tick, TFD_TIMER_ABSTIME, &when, NULL);
}

void watch_set_deadline(struct supervisor *supervisor)
{
    const int64_t ns = supervisor->config.stop_ns;
    const struct itimerspec when = {
        .it_value = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}};
    timerfd_settime(supervisor->deadline, 0, &when, NULL);
}

int supervisor_fd(const struct supervisor *supervisor)
{
    return supervisor->epoll;
}
