#include "bench/ringbench/run.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/stage.h"

#define PATIENCE_SECONDS 20 /* beyond what a run takes, until somebody hangs */

/* A writer, readers, and one for all that are idle. */
#define CAST_MAX (BENCH_READERS_MAX + 2)

struct cast {
    struct member {
        pid_t pid;
        int pidfd;
    } members[CAST_MAX];
    unsigned count;
};

static int make_stage(struct bench_stage **out, const struct bench_setup *setup)
{
    struct bench_stage *stage =
        mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage == MAP_FAILED)
        return -errno;
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&stage->barrier, &attributes, 1 + setup->readers + (setup->idle > 0));
    *out = stage;
    return 0;
}

static void pin(const struct bench_pace *pace, unsigned number)
{
    if (pace->cpu_count == 0)
        return;
    unsigned which =
        number == 0 || pace->cpu_count == 1 ? 0 : 1 + (number - 1) % (pace->cpu_count - 1);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)pace->cpus[which], &set);
    sched_setaffinity(0, sizeof set, &set);
}

/* Number 0 is the writer, then come the readers, then who stands for the idle ones. */
static int play(struct bench_stage *stage, unsigned number)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(stage->pace, number);
    if (number == 0)
        return bench_write(stage);
    return number <= stage->setup->readers ? bench_read(stage, number - 1) : bench_idle(stage);
}

static int start(struct cast *cast, struct bench_stage *stage)
{
    const unsigned count = 1 + stage->setup->readers + (stage->setup->idle > 0);
    fflush(NULL);
    while (cast->count < count) {
        pid_t pid = fork();
        if (pid < 0)
            return -errno;
        if (pid == 0)
            exit(play(stage, cast->count)); /* peers have something to do at exit, too */
        cast->members[cast->count++] = (struct member){.pid = pid, .pidfd = pidfd_open(pid, 0)};
    }
    return 0;
}

static int reap(struct member *member)
{
    int status;
    waitpid(member->pid, &status, 0);
    close(member->pidfd);
    member->pidfd = -1;
    if (WIFSIGNALED(status))
        return -ECANCELED;
    return -WEXITSTATUS(status);
}

/* Waits until all are done, or one has failed. */
static int wait_for(struct cast *cast, struct bench_stage *stage, uint64_t until_ns)
{
    const struct bench_transport *transport = stage->transport;
    unsigned left = cast->count;
    while (left > 0) {
        struct pollfd fds[CAST_MAX + 1];
        for (unsigned i = 0; i < cast->count; i++)
            fds[i] = (struct pollfd){.fd = cast->members[i].pidfd, .events = POLLIN};
        fds[cast->count] = (struct pollfd){.fd = transport->fd ? transport->fd(stage->shared) : -1,
                                           .events = POLLIN};
        const uint64_t now = bench_now_ns();
        if (now >= until_ns)
            return -ETIMEDOUT;
        poll(fds, cast->count + 1, (int)((until_ns - now) / 1000000) + 1);
        if (fds[cast->count].revents)
            transport->dispatch(stage->shared);
        for (unsigned i = 0; i < cast->count; i++) {
            int error = fds[i].revents ? reap(&cast->members[i]) : 0;
            if (error)
                return error;
            left -= fds[i].revents != 0;
        }
    }
    return 0;
}

static void end(struct cast *cast)
{
    for (unsigned i = 0; i < cast->count; i++)
        if (cast->members[i].pidfd >= 0)
            kill(cast->members[i].pid, SIGKILL);
    for (unsigned i = 0; i < cast->count; i++)
        if (cast->members[i].pidfd >= 0)
            reap(&cast->members[i]);
}

static int collect(struct bench_run *run, const struct bench_stage *stage)
{
    uint64_t ended = 0, cpu = stage->cpu_ns;
    const unsigned readers = stage->setup->readers;
    run->messages = stage->messages;
    for (unsigned i = 0; i < readers; i++) {
        const struct bench_heard *heard = &stage->heard[i];
        ended = heard->ended_ns > ended ? heard->ended_ns : ended;
        cpu += heard->cpu_ns;
        run->lost += heard->lost;
        run->wake_count += heard->wake_count;
    }
    run->seconds = (double)(ended - stage->began_ns) / 1e9;
    run->cpu_seconds = (double)cpu / 1e9;
    run->wakes = malloc((run->wake_count + 1) * sizeof *run->wakes);
    if (!run->wakes)
        return -ENOMEM;
    uint32_t *at = run->wakes;
    for (unsigned i = 0; i < readers; i++) {
        memcpy(at, stage->heard[i].wakes, stage->heard[i].wake_count * sizeof *at);
        at += stage->heard[i].wake_count;
    }
    return 0;
}

static int perform(struct bench_run *run, struct bench_stage *stage)
{
    const struct bench_pace *pace = stage->pace;
    const double seconds = 2 * (pace->seconds + pace->wake_seconds) + PATIENCE_SECONDS;
    struct cast cast = {0};
    int error = start(&cast, stage);
    if (!error)
        error = wait_for(&cast, stage, bench_now_ns() + (uint64_t)(seconds * 1e9));
    end(&cast);
    return error ? error : collect(run, stage);
}

int bench_run_measure(struct bench_run *run, const struct bench_transport *transport,
                      const struct bench_setup *setup, const struct bench_pace *pace)
{
    *run = (struct bench_run){0};
    if (transport->measure)
        return transport->measure(setup, pace->seconds, run);
    struct bench_stage *stage = NULL;
    int error = make_stage(&stage, setup);
    if (error)
        return error;
    stage->transport = transport;
    stage->setup = setup;
    stage->pace = pace;
    if (transport->create)
        error = transport->create(&stage->shared, setup);
    if (!error) {
        error = perform(run, stage);
        if (transport->destroy)
            transport->destroy(stage->shared);
    }
    munmap(stage, sizeof *stage);
    return error;
}

void bench_run_finish(struct bench_run *run)
{
    free(run->wakes);
    *run = (struct bench_run){0};
}
