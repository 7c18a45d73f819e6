/*
 * The program under test, found in $RINGSIDE.
 *
 *     support_ringside                                   to its end
 *     support_ringside_start -> … -> support_ringside_wait   for one to be meddled with
 *
 * Whatever a run was asked to do, these fail the test case if it had to be ended by the deadline,
 * left a process or a zombie, or left anything of its own in /dev/shm.
 *
 * Clips for it are made once a test program and kept until that ends (support_ringside_clip).
 */
#ifndef TESTS_SUPPORT_RINGSIDE_H
#define TESTS_SUPPORT_RINGSIDE_H

#include "tests/support/command.h"

/* A list of arguments, as these functions take it. */
#define SUPPORT_ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

const char *support_ringside_path(void);

void support_ringside(struct support_result *result, const char *const arguments[]);

struct support_process *support_ringside_start(const char *const arguments[]);
void support_ringside_wait(struct support_process **process, struct support_result *result);

/*
 * Waits until its standard output takes no more. The test does not read it in the meantime, and
 * what the program can't hand on stops it: so it is in the middle of its work, and stays there
 * until the test reads on. It has to have about a megabyte of events to tell.
 */
void support_ringside_await_full(const struct support_process *process);

/*
 * The run's process of that title that is not `other` (0: any), as soon as there is one. The test
 * reads no output in the meantime.
 */
pid_t support_ringside_process(const struct support_process *process, const char *title,
                               pid_t other);

/* What process PID has in /dev/shm now: one name a line. The caller frees it. */
char *support_ringside_memory(pid_t pid);

/* The path of a clip of that file name, made by support_clip() with these arguments unless an
 * earlier case has made it. The caller frees it. */
char *support_ringside_clip(const char *name, const char *const arguments[]);

/* The path of a real clip in $RINGSIDE_CLIPS, or, where that is not set, in ../shared/clips beside
 * the source tree; without it the test case is skipped. The caller frees it. */
char *support_ringside_real_clip(const char *name);

#endif
