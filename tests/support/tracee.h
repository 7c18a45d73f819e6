/*
 * A child process under ptrace(2), on x86-64: its registers, its memory, and how it goes on.
 *
 *     support_tracee_start -> support_tracee_go … -> support_kill
 *
 * It stops at each support_tracee_mark() in its body, at breakpoints, and as `go` is asked to. One
 * that stops or ends for any other reason has failed, and so has the test. It dies with its parent.
 */
#ifndef TESTS_SUPPORT_TRACEE_H
#define TESTS_SUPPORT_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

/* Forks; the child has run to the first mark in `body`. -EPERM where tracing is forbidden. */
int support_tracee_start(pid_t *process, void (*body)(void *argument), void *argument);

/* In the body: stops for the parent. */
void support_tracee_mark(void);

/* Resumes it by PTRACE_CONT, _SYSCALL or _SINGLESTEP and waits until it has stopped again. True:
 * at the beginning or the end of a system call. */
bool support_tracee_go(pid_t process, enum __ptrace_request how);

/* Likewise, from the beginning of a system call that may sleep. True: it sleeps; when it is woken,
 * support_tracee_await waits until it has stopped. */
bool support_tracee_go_asleep(pid_t process, enum __ptrace_request how);
bool support_tracee_await(pid_t process);

struct user_regs_struct support_tracee_registers(pid_t process);
uintptr_t support_tracee_peek(pid_t process, uintptr_t address);

struct support_breakpoint {
    uintptr_t address, replaced;
};
struct support_breakpoint support_breakpoint_set(pid_t process, uintptr_t address);
/* It has run into it: the breakpoint is gone, and the instruction there comes next. */
void support_breakpoint_take(pid_t process, const struct support_breakpoint *breakpoint);

#endif
