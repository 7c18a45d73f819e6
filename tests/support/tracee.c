#include "tests/support/tracee.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"

enum { FORBIDDEN = 77, SYSTEM_CALL = SIGTRAP | 0x80, BREAKPOINT = 0xcc };

struct part {
    void (*body)(void *argument);
    void *argument;
};

static void play(void *argument)
{
    const struct part *part = argument;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(FORBIDDEN);
    part->body(part->argument);
}

int support_tracee_start(pid_t *process, void (*body)(void *argument), void *argument)
{
    int status;
    *process = support_fork(play, &(struct part){body, argument});
    support_require(waitpid(*process, &status, 0) == *process);
    if (WIFEXITED(status) && WEXITSTATUS(status) == FORBIDDEN)
        return -EPERM;
    support_require(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    return ptrace(PTRACE_SETOPTIONS, *process, NULL, options) < 0 ? -errno : 0;
}

void support_tracee_mark(void)
{
    __asm__ volatile("int3" ::: "memory");
}

static bool is_system_call(int status)
{
    support_require(WIFSTOPPED(status));
    support_require(WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SYSTEM_CALL);
    return WSTOPSIG(status) == SYSTEM_CALL;
}

bool support_tracee_await(pid_t process)
{
    int status;
    support_require(waitpid(process, &status, 0) == process);
    return is_system_call(status);
}

bool support_tracee_go(pid_t process, enum __ptrace_request how)
{
    support_require(ptrace(how, process, NULL, NULL) == 0);
    return support_tracee_await(process);
}

bool support_tracee_go_asleep(pid_t process, enum __ptrace_request how)
{
    int status;
    pid_t stopped;
    support_require(ptrace(how, process, NULL, NULL) == 0);
    while ((stopped = waitpid(process, &status, WNOHANG)) == 0) {
        if (support_is_asleep(process, NULL))
            return true;
        sched_yield();
    }
    support_require(stopped == process && is_system_call(status));
    return false;
}

struct user_regs_struct support_tracee_registers(pid_t process)
{
    struct user_regs_struct registers;
    support_require(ptrace(PTRACE_GETREGS, process, NULL, &registers) == 0);
    return registers;
}

uintptr_t support_tracee_peek(pid_t process, uintptr_t address)
{
    errno = 0;
    long word = ptrace(PTRACE_PEEKTEXT, process, address, NULL);
    support_require(errno == 0);
    return (uintptr_t)word;
}

struct support_breakpoint support_breakpoint_set(pid_t process, uintptr_t address)
{
    uintptr_t word = support_tracee_peek(process, address);
    support_require(
        ptrace(PTRACE_POKETEXT, process, address, (word & ~(uintptr_t)0xff) | BREAKPOINT) == 0);
    return (struct support_breakpoint){.address = address, .replaced = word};
}

void support_breakpoint_take(pid_t process, const struct support_breakpoint *breakpoint)
{
    struct user_regs_struct now = support_tracee_registers(process);
    support_require(now.rip == breakpoint->address + 1);
    now.rip = breakpoint->address;
    support_require(ptrace(PTRACE_SETREGS, process, NULL, &now) == 0);
    support_require(ptrace(PTRACE_POKETEXT, process, breakpoint->address, breakpoint->replaced) ==
                    0);
}
