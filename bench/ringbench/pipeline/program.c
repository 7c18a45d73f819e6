#include "bench/ringbench/pipeline/program.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_SUCH_PROGRAM 127

int program_become(const char *const arguments[], unsigned kept)
{
    closefrom(3 + (int)kept);
    execvp(arguments[0], (char *const *)arguments);
    return errno;
}

int program_run(const char *const arguments[])
{
    int status;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        program_become(arguments, 0);
        _exit(NO_SUCH_PROGRAM);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SUCH_PROGRAM)
        return -ENOENT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}
