#include "tests/support/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/require.h"

pid_t support_fork(void (*body)(void *argument), void *argument)
{
    fflush(NULL);
    const pid_t parent = getpid();
    pid_t child = fork();
    support_require(child >= 0);
    if (child > 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const pid_t now = getppid();
    if (now != parent && now != 0) /* 0: it is in another pid namespace */
        _exit(1);
    body(argument);
    _exit(0);
}

int support_join(pid_t child)
{
    int status;
    pid_t ended;
    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    support_require(ended == child);
    return status;
}

void support_kill(pid_t child)
{
    support_require(kill(child, SIGKILL) == 0);
    support_join(child);
}
