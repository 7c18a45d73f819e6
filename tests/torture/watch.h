/*
 * The watch over progress: that nobody is stuck for ever. Kills make up for lost wake-ups, since
 * they wake everybody; so now and then there is calm: nobody dies, nobody is stopped, nobody comes
 * or leaves, and everybody has to go on all the same.
 *
 * Nothing is said about how fast. Stuck is who sleeps, and has not come a step further in a time in
 * which even the slowest machine wakes whom it has been told to.
 */
#ifndef TESTS_TORTURE_WATCH_H
#define TESTS_TORTURE_WATCH_H

#include "tests/torture/crew.h"

/* Waits in calm until everybody has gone on. False: somebody is stuck, and this is reported on
 * standard error. */
bool torture_watch_calm(struct torture_crew *crew);

/* Waits until all who were dismissed have ended; likewise. */
bool torture_watch_end(struct torture_crew *crew);

/* Says on standard error how the rings and the processes are. */
void torture_watch_report(const struct torture_crew *crew);

#endif
