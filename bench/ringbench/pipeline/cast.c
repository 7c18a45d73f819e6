#include "bench/ringbench/pipeline/cast.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ringbench/clock.h"

int cast_start(struct cast *cast, int role(const struct cast_part *part),
               const struct cast_part *part)
{
    if (cast->count == CAST_MAX)
        return -EMFILE;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(-role(part));
    }
    cast->members[cast->count++] = (struct cast_member){.pid = pid, .pidfd = pidfd_open(pid, 0)};
    return 0;
}

static int reap(struct cast_member *member)
{
    int status;
    waitpid(member->pid, &status, 0);
    close(member->pidfd);
    member->pidfd = -1;
    return WIFSIGNALED(status) ? -ECANCELED : -WEXITSTATUS(status);
}

/* Those that have ended; how many are left, or the error of one. */
static int reap_ended(struct cast *cast, const struct pollfd *fds)
{
    int left = 0;
    for (unsigned i = 0; i < cast->count; i++) {
        int error = fds[i].revents ? reap(&cast->members[i]) : 0;
        if (error)
            return error;
        left += cast->members[i].pidfd >= 0;
    }
    return left;
}

static int ms_until(uint64_t at_ns)
{
    const uint64_t now = bench_now_ns();
    return at_ns > now ? (int)((at_ns - now) / 1000000) + 1 : 0;
}

int cast_wait(struct cast *cast, uint64_t look_ns, void look(void *user), void *user,
              uint64_t until_ns)
{
    struct pollfd fds[CAST_MAX];
    bool looked = false;
    for (int left = (int)cast->count; left > 0;) {
        for (unsigned i = 0; i < cast->count; i++)
            fds[i] = (struct pollfd){.fd = cast->members[i].pidfd, .events = POLLIN};
        const bool early = !looked && look_ns < until_ns;
        const int ready = poll(fds, cast->count, ms_until(early ? look_ns : until_ns));
        if (ready == 0 && !early)
            return -ETIMEDOUT;
        if (ready == 0) {
            look(user);
            looked = true;
        }
        left = ready > 0 ? reap_ended(cast, fds) : left;
        if (left < 0)
            return left;
    }
    return 0;
}

void cast_end(struct cast *cast)
{
    for (unsigned i = 0; i < cast->count; i++)
        if (cast->members[i].pidfd >= 0)
            kill(cast->members[i].pid, SIGKILL);
    for (unsigned i = 0; i < cast->count; i++)
        if (cast->members[i].pidfd >= 0)
            reap(&cast->members[i]);
}
