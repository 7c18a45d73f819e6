/*
 * An owner at its work: what a program does beside everything else in its poll loop.
 */
#ifndef TESTS_SUPPORT_OWNER_H
#define TESTS_SUPPORT_OWNER_H

#include <sys/types.h>

#include "libring/ring.h"

/* Dispatches the rings until the child has ended; returns its status as support_join does. */
int support_serve(struct ring *const rings[], unsigned count, pid_t child);

#endif
