/*
 * A running process of somebody else's, in which system calls are made as if it made them
 * itself: by ptrace(2), on x86-64.
 *
 *     support_victim_seize -> support_victim_call ... -> support_victim_release
 *
 * It goes on behind where it was, and notices nothing. It has to be asleep in a system call that
 * is taken up again after a signal, as poll(2) is.
 */
#ifndef TESTS_SUPPORT_VICTIM_H
#define TESTS_SUPPORT_VICTIM_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct support_victim {
    pid_t pid;
    struct user_regs_struct registers; /* as it was found */
    uintptr_t scratch;                 /* memory of its own, for texts */
};

/* -EPERM where tracing is forbidden, -ENOTSUP on another machine. */
int support_victim_seize(struct support_victim *victim, pid_t pid);

/* Puts a text into its memory, over the last one, and returns where. */
long support_victim_text(struct support_victim *victim, const char *text);

/* What the system says to that call: a result or a negative errno. */
long support_victim_call(struct support_victim *victim, long number, long a, long b, long c,
                         long d);

void support_victim_release(struct support_victim *victim);

#endif
