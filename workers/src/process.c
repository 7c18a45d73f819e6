#include "workers/src/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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

/* Leaves the child with 0 and 1 on /dev/null, err on 2, and control on 3. */
static void keep_only(int control, int err)
{
    if (err != STDERR_FILENO)
        dup2(err, STDERR_FILENO);
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (control == PROCESS_CONTROL)
        fcntl(control, F_SETFD, FD_CLOEXEC);
    else
        dup3(control, PROCESS_CONTROL, O_CLOEXEC);
    close_range(PROCESS_CONTROL + 1, ~0U, 0);
}

static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it died before we asked */
}

static void prepare_child(pid_t parent, int control, int err)
{
    die_with(parent);
    /* The front alone decides when to end: a Ctrl-C on the terminal goes to all. */
    sigset_t terminal;
    sigemptyset(&terminal);
    sigaddset(&terminal, SIGINT);
    sigaddset(&terminal, SIGTERM);
    sigaddset(&terminal, SIGHUP);
    sigaddset(&terminal, SIGQUIT);
    sigprocmask(SIG_BLOCK, &terminal, NULL);
    signal(SIGPIPE, SIG_IGN);
    keep_only(control, err);
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

static int make_pair(struct worker_process *process, int pair[2])
{
    *process = (struct worker_process){.pid = -1, .pidfd = -1, .control = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    process->control = pair[0];
    return 0;
}

/* The rest of a birth, in the parent. */
static int accept_child(struct worker_process *process, int theirs, int error)
{
    close(theirs);
    if (!error)
        error = watch(process);
    if (error)
        close(process->control);
    return error;
}

int worker_process_spawn_to(struct worker_process *process, int err,
                            int (*main__)(const void *argument, int control), const void *argument)
{
    int pair[2];
    int error = has_threads() ? -EDEADLK : make_pair(process, pair);
    if (error)
        return error;
    const pid_t parent = getpid();
    fflush(NULL); /* what is buffered is the parent's to write */
    process->pid = fork();
    if (process->pid == 0) {
        prepare_child(parent, pair[1], err);
        exit(main__(argument, PROCESS_CONTROL));
    }
    return accept_child(process, pair[1], process->pid < 0 ? -errno : 0);
}

int worker_process_spawn(struct worker_process *process,
                         int (*main__)(const void *argument, int control), const void *argument)
{
    return worker_process_spawn_to(process, STDERR_FILENO, main__, argument);
}

int worker_process_pretend(struct worker_process *process, int *theirs)
{
    int pair[2];
    int error = make_pair(process, pair);
    if (error)
        return error;
    process->pid = getpid();
    process->joined = true;
    *theirs = pair[1];
    return 0;
}

/* Between vfork and exec: system calls only. Returns what went wrong. */
static int become(pid_t parent, int control, int err, const char *const *argv,
                  char *const *environment, const struct limits *limits)
{
    sigset_t none;
    die_with(parent);
    setpgid(0, 0); /* out of reach of the terminal */
    keep_only(control, err);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    fcntl(PROCESS_CONTROL, F_SETFD, 0);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int error = limits ? limits_apply__(limits) : 0;
    if (!error) {
        execvpe(argv[0], (char *const *)argv, environment);
        error = -errno;
    }
    return error;
}

/* vfork: the child tells by our own memory why exec failed, and nothing of ours is
 * copied. No handler of ours may run in it. */
int worker_process_exec(struct worker_process *process, int err, const char *const *argv,
                        char *const *environment, const struct limits *limits)
{
    int pair[2];
    volatile int failure = make_pair(process, pair);
    if (failure)
        return failure;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t parent = getpid();
    const pid_t child = vfork();
    if (child == 0) {
        failure = become(parent, pair[1], err, argv, environment, limits);
        _exit(EXIT_FAILURE);
    }
    if (child < 0)
        failure = -errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child > 0 && failure)
        waitpid(child, NULL, 0);
    process->pid = child;
    process->is_group = true;
    return accept_child(process, pair[1], failure);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Throws away what it says, lest it waits for us to listen. */
static void drain(int control)
{
    char byte;
    ssize_t received;
    do
        received = recv(control, &byte, 1, MSG_DONTWAIT | MSG_TRUNC);
    while (received > 0 || (received < 0 && (errno == EINTR || errno == ECONNRESET)));
}

/* Sleeps until it has ended, or until then; 0 or -ETIMEDOUT. */
static int await_end(const struct worker_process *process, int64_t until_ns)
{
    struct pollfd fds[] = {
        {.fd = process->pidfd, .events = POLLIN},
        {.fd = process->control, .events = POLLIN | POLLRDHUP},
    };
    for (;;) {
        const int64_t left = until_ns < 0 ? 0 : until_ns - now_ns();
        const struct timespec timeout = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                                         .tv_nsec = left > 0 ? left % 1000000000 : 0};
        int ready = ppoll(fds, 2, until_ns < 0 ? NULL : &timeout, NULL);
        if (ready > 0 && fds[0].revents)
            return 0;
        if (ready > 0 && fds[1].revents)
            drain(process->control);
        if (ready > 0 && fds[1].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL))
            fds[1].fd = -1; /* nobody is there to wait */
        if (ready == 0 && left <= 0)
            return -ETIMEDOUT;
    }
}

int worker_process_join(struct worker_process *process, int64_t timeout_ns, int *status)
{
    int error = 0;
    int64_t until_ns;
    if (timeout_ns < 0 || __builtin_add_overflow(now_ns(), timeout_ns, &until_ns))
        until_ns = -1; /* for ever */
    if (!process->joined)
        error = await_end(process, until_ns);
    if (error)
        return error;
    if (!process->joined && process->reap) {
        process->status = process->reap(process->reaper, process->pid);
        process->joined = true;
    }
    while (!process->joined)
        process->joined = waitpid(process->pid, &process->status, 0) >= 0 || errno != EINTR;
    if (status)
        *status = process->status;
    return 0;
}

void worker_process_signal(const struct worker_process *process, int signal)
{
    if (process->joined)
        return;
    if (process->is_group)
        kill(-process->pid, signal);
    else /* another's child may be gone, and its pid a stranger's */
        syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0);
}

void worker_process_end(struct worker_process *process, int *status)
{
    worker_process_signal(process, SIGKILL);
    worker_process_join(process, -1, status);
    if (process->pidfd >= 0)
        close(process->pidfd);
    close(process->control);
}
