/*
 * The control object of a ring, mapped by a test: to see whether somebody sleeps, and to put it
 * into a state in which a process has died between two instructions.
 */
#ifndef TESTS_SUPPORT_CONTROL_H
#define TESTS_SUPPORT_CONTROL_H

#include <sys/types.h>

#include "libring/src/layout.h"

/* Everything up to the slots of the smallest ring; unmap with munmap(…, sizeof(struct
 * ring_control)). Aborts where there is no such ring. */
struct ring_control *support_control_map(const char *name);

/* Yields until that process sleeps, whatever in. */
void support_await_sleep(pid_t process);

#endif
