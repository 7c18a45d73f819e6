#include "workers/src/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
    process->control = pair[0];
    process->pid = fork();
    if (process->pid == 0) {
        prepare_child(parent, pair[1]);
        exit(main__(argument, CONTROL));
    }
    if (process->pid < 0) {
        error = -errno;
        close(pair[0]);
    }
    close(pair[1]);
    return error;
}

void worker_process_end(struct worker_process *process, int *status)
{
    int ignored;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, status ? status : &ignored, 0) < 0 && errno == EINTR)
        ;
    close(process->control);
}
