/*
 * A command under test: a real program, started in a session of its own.
 *
 * The short way is support_run(): start, wait, look at the result. The long way is for a command
 * that has to be signalled on its way:
 *
 *     support_start -> support_await (a line it prints) -> support_signal -> support_wait
 *
 * Both streams of the command go through pipes and are collected while support_await() and
 * support_wait() are at work, and only then: a command that prints more than a pipe holds stands
 * still in between. Its standard input is empty. It inherits environment and working directory, so
 * setenv() and chdir() before the start are the way to change those (Criterion gives each test a
 * process of its own).
 *
 * The command leads a new session and process group. What it leaves running when it ends is
 * counted, then killed and reaped, so that no test hands a process on to the next. For that the
 * calling process becomes the reaper of orphans (PR_SET_CHILD_SUBREAPER), which also keeps a
 * zombie that the command did not collect visible.
 *
 * A deadline only ends a command that hangs; no test should come near it. One that is reached
 * kills the whole session and is told in the result.
 *
 * Not thread-safe. Functions return 0 or a negative errno.
 */
#ifndef TESTS_SUPPORT_COMMAND_H
#define TESTS_SUPPORT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Milliseconds that no command should need, on a loaded machine and under a sanitizer either. */
#define SUPPORT_DEADLINE 100000

/* What is left of a command that has ended. Freed with support_result_free(). */
struct support_result {
    int exit_code;   /* -1 if a signal ended it */
    int signal;      /* 0 if it exited */
    bool expired;    /* the deadline came first */
    size_t leftover; /* processes and zombies of its session that outlived it */
    char *out;       /* all of its standard output, with a NUL behind; never NULL */
    size_t out_size; /* bytes, the NUL not counted */
    char *err;       /* the same for standard error */
    size_t err_size;
};

struct support_process;

/*
 * Runs ARGV (NULL-terminated; the program is looked up in PATH) to its end, at most DEADLINE
 * milliseconds. Fails, with an untouched RESULT, only if it can't be started: -ENOENT, -EACCES, …
 */
int support_run(struct support_result *result, int deadline, const char *const argv[]);

/* As support_run(), but returns at once; the deadline counts from here. */
int support_start(struct support_process **out, int deadline, const char *const argv[]);

/* The process id, which is its session and process group too. */
pid_t support_pid(const struct support_process *process);

/*
 * Waits until TEXT stands in what the command has printed so far to standard output or standard
 * error. -EPIPE if it ended without, -ETIMEDOUT if the deadline came first.
 */
int support_await(struct support_process *process, const char *text);

/* Sends a signal to the command alone, as kill(1) does. */
int support_signal(const struct support_process *process, int signal);

/* Sends a signal to its whole process group, as Ctrl-C on a terminal does. */
int support_signal_group(const struct support_process *process, int signal);

/* Waits for the end, fills RESULT and sets *PROCESS to NULL. */
void support_wait(struct support_process **process, struct support_result *result);

/* Frees the texts and zeroes RESULT; a zeroed one is fine. */
void support_result_free(struct support_result *result);

#endif
