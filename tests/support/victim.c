#include "tests/support/victim.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tests/support/require.h"

#ifdef __x86_64__

enum { SYSCALL_BYTES = 2, RED_ZONE = 128, SCRATCH = 4096 };

static void await_stop(pid_t pid)
{
    int status;
    support_require(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
}

int support_victim_seize(struct support_victim *victim, pid_t pid)
{
    *victim = (struct support_victim){.pid = pid};
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
        return -errno;
    await_stop(pid);
    support_require(ptrace(PTRACE_GETREGS, pid, NULL, &victim->registers) == 0);
    support_require((long)victim->registers.orig_rax >= 0); /* it was in a system call */
    victim->scratch = victim->registers.rsp - RED_ZONE - SCRATCH;
    return 0;
}

long support_victim_text(struct support_victim *victim, const char *text)
{
    struct iovec from = {.iov_base = (void *)text, .iov_len = strlen(text) + 1};
    struct iovec to = {.iov_base = (void *)victim->scratch, .iov_len = from.iov_len};
    support_require(process_vm_writev(victim->pid, &from, 1, &to, 1, 0) == (ssize_t)from.iov_len);
    return (long)victim->scratch;
}

/* The instruction that it was in is repeated, with other registers. */
long support_victim_call(struct support_victim *victim, long number, long a, long b, long c, long d)
{
    struct user_regs_struct registers = victim->registers;
    registers.rip -= SYSCALL_BYTES;
    registers.orig_rax = (unsigned long)-1; /* none is to be taken up again */
    registers.rax = (unsigned long)number;
    registers.rdi = (unsigned long)a;
    registers.rsi = (unsigned long)b;
    registers.rdx = (unsigned long)c;
    registers.r10 = (unsigned long)d;
    registers.r8 = registers.r9 = 0;
    registers.rsp = victim->scratch;
    support_require(ptrace(PTRACE_SETREGS, victim->pid, NULL, &registers) == 0);
    support_require(ptrace(PTRACE_SINGLESTEP, victim->pid, NULL, NULL) == 0);
    await_stop(victim->pid);
    support_require(ptrace(PTRACE_GETREGS, victim->pid, NULL, &registers) == 0);
    return (long)registers.rax;
}

void support_victim_release(struct support_victim *victim)
{
    support_require(ptrace(PTRACE_SETREGS, victim->pid, NULL, &victim->registers) == 0);
    support_require(ptrace(PTRACE_DETACH, victim->pid, NULL, NULL) == 0);
}

#else

int support_victim_seize(struct support_victim *victim, pid_t pid)
{
    *victim = (struct support_victim){.pid = pid};
    return -ENOTSUP;
}

long support_victim_text(struct support_victim *victim, const char *text)
{
    (void)victim, (void)text;
    return 0;
}

long support_victim_call(struct support_victim *victim, long number, long a, long b, long c, long d)
{
    (void)victim, (void)number, (void)a, (void)b, (void)c, (void)d;
    return -ENOSYS;
}

void support_victim_release(struct support_victim *victim)
{
    (void)victim;
}

#endif
