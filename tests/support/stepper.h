/*
 * A child process that makes one call into a library and can be stopped, to be killed, at every
 * point of it.
 *
 *     support_stepper_start -> _run to the last mark -> _record the whole call, or _advance to one
 *     point of it -> support_stepper_kill
 *
 * The last mark (tracee.h) in the child's body stands immediately before the call.
 *
 * A point is a moment before an instruction of the library. Of the functions it calls, those that
 * work on shared memory or call back are walked through likewise; of the others, each
 * entry to a system call and each return from it is a point. A call that sleeps has one more,
 * asleep in the kernel. The last point is behind the call.
 */
#ifndef TESTS_SUPPORT_STEPPER_H
#define TESTS_SUPPORT_STEPPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/support/tracee.h"

/* A call, point by point: the same whenever it is made in the same state. */
struct support_path {
    struct support_point *points;
    unsigned count;
    unsigned instructions;  /* points at instructions of the library itself */
    unsigned asleep, awake; /* the points asleep, and back in the library; 0: it does not sleep */
};

struct support_stepper {
    /* Given: the beginning of the library's file name; who wakes a call that sleeps (NULL: it does
     * not), once the point asleep is passed. */
    const char *library;
    void (*wake)(void *argument);
    void *argument;
    /* Its own. */
    pid_t process;
    uintptr_t base, from, to; /* the library, and its instructions */
    uintptr_t stack;          /* where the call's return address is written */
    uintptr_t back_stack;     /* likewise of a function that the library has called */
    struct support_breakpoint back;
    enum support_where { SUPPORT_INSIDE, SUPPORT_WALKING, SUPPORT_OUTSIDE } where;
    bool asleep;
};

/* The child has run to the first mark in `body`. -EPERM where tracing is forbidden. */
int support_stepper_start(struct support_stepper *stepper, void (*body)(void *argument),
                          void *body_argument);

/* On to the next mark. */
void support_stepper_run(struct support_stepper *stepper);

void support_stepper_record(struct support_stepper *stepper, struct support_path *path);

/* From the mark to a point of the path, below its count. */
void support_stepper_advance(struct support_stepper *stepper, const struct support_path *path,
                             unsigned point);

void support_stepper_kill(struct support_stepper *stepper);

/* In words, such as "libring.so+0x1234". */
void support_path_describe(const struct support_path *path, const struct support_stepper *stepper,
                           unsigned point, char *text, size_t size);
void support_path_free(struct support_path *path);

#endif
