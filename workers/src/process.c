#include "workers/src/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Each thread is a directory in /proc/self/task: its link count is 2 + threads. */
static bool has_threads(void)
{
    struct stat status;
    return stat("/proc/self/task", &status) == 0 && status.st_nlink > 3;
}

enum { CONTROL = STDERR_FILENO + 1 };

/* Leaves the child with 0 and 1 on /dev/null, 2 as it was, and control on 3. */
static void keep_only(int control)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (control == CONTROL)
        fcntl(control, F_SETFD, FD_CLOEXEC);
    else
        dup3(control, CONTROL, O_CLOEXEC);
    closefrom(CONTROL + 1);
}

static void prepare_child(pid_t parent, int control)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it died before we asked */
    /* The front alone decides when to end: a Ctrl-C on the terminal goes to all. */
    sigset_t terminal;
    sigemptyset(&terminal);
    sigaddset(&terminal, SIGINT);
    sigaddset(&terminal, SIGTERM);
    sigaddset(&terminal, SIGHUP);
    sigaddset(&terminal, SIGQUIT);
    sigprocmask(SIG_BLOCK, &terminal, NULL);
    signal(SIGPIPE, SIG_IGN);
    keep_only(control);
}

/* From here on its end can be waited for. */
static int watch(struct worker_process *process)
{
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (process->pidfd >= 0)
        return 0;
    int error = -errno;
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
    return error;
}

int worker_process_spawn(struct worker_process *process,
                         int (*main__)(const void *argument, int control), const void *argument)
{
    int pair[2];
    if (has_threads())
        return -EDEADLK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;

    int error = 0;
    const pid_t parent = getpid();
    fflush(NULL); /* what is buffered is the parent's to write */
    *process = (struct worker_process){.control = pair[0], .pidfd = -1};
    process->pid = fork();
    if (process->pid == 0) {
        prepare_child(parent, pair[1]);
        exit(main__(argument, CONTROL));
    }
    if (process->pid < 0)
        error = -errno;
    close(pair[1]);
    if (!error)
        error = watch(process);
    if (error)
        close(pair[0]);
    return error;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Throws away what it says, lest it waits for us to listen. False when it is silent
 * for good. */
static bool drain(int control)
{
    char byte;
    ssize_t received;
    do
        received = recv(control, &byte, 1, MSG_DONTWAIT | MSG_TRUNC);
    while (received > 0 || (received < 0 && (errno == EINTR || errno == ECONNRESET)));
    return received < 0;
}

/* Sleeps until it has ended, or until then; 0 or -ETIMEDOUT. */
static int await_end(const struct worker_process *process, int64_t until_ns)
{
    struct pollfd fds[] = {
        {.fd = process->pidfd, .events = POLLIN},
        {.fd = process->control, .events = POLLIN},
    };
    for (;;) {
        const int64_t left = until_ns < 0 ? 0 : until_ns - now_ns();
        const struct timespec timeout = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                                         .tv_nsec = left > 0 ? left % 1000000000 : 0};
        int ready = ppoll(fds, 2, until_ns < 0 ? NULL : &timeout, NULL);
        if (ready > 0 && fds[0].revents)
            return 0;
        if (ready > 0 && fds[1].revents && !drain(process->control))
            fds[1].fd = -1;
        if (ready == 0 && left <= 0)
            return -ETIMEDOUT;
    }
}

int worker_process_join(struct worker_process *process, int64_t timeout_ns, int *status)
{
    int error = 0;
    if (!process->joined)
        error = await_end(process, timeout_ns < 0 ? -1 : now_ns() + timeout_ns);
    if (error)
        return error;
    while (!process->joined)
        process->joined = waitpid(process->pid, &process->status, 0) >= 0 || errno != EINTR;
    if (status)
        *status = process->status;
    return 0;
}

void worker_process_end(struct worker_process *process, int *status)
{
    if (!process->joined)
        kill(process->pid, SIGKILL);
    worker_process_join(process, -1, status);
    close(process->pidfd);
    close(process->control);
}
