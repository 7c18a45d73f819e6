/*
 * A child process that runs a function of the test: support_fork -> support_join, or ->
 * support_kill for one that is to die in the middle of its work.
 *
 * It ends with status 0 when the function returns, and with a signal when one of its
 * support_require() fails. It never outlives the test: the kernel kills it when its parent ends.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <sys/types.h>

/* Runs `body(argument)` in a child. */
pid_t support_fork(void (*body)(void *argument), void *argument);

/* Waits for its end and returns its status as wait(2) tells it: 0 is success. */
int support_join(pid_t child);

/* Kills it with SIGKILL and waits until it is gone. */
void support_kill(pid_t child);

#endif
