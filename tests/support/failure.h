/*
 * Failures of the system, to order. A program linked with `failure` (tests/meson.build) can make
 * any call that libring makes of libc fail in the ways in which the system may fail it:
 *
 *     struct support_failure failure = {0};
 *     while (support_failure_next(&failure)) {
 *         support_failure_begin(&failure);
 *         int error = ring_…;
 *         support_failure_end();
 *         … check; failure.call says what failed
 *     }
 *
 * In each round one call fails: first the first, in each of its ways, then the second, and so on.
 * In the last round there is no such call any more and nothing fails.
 */
#ifndef TESTS_SUPPORT_FAILURE_H
#define TESTS_SUPPORT_FAILURE_H

#include <stdbool.h>

struct support_failure {
    bool lasting; /* set by the test: all later calls of that function in a round fail, too */
    /* What failed in this round, or NULL, and with which errno. */
    const char *call;
    int error;
    /* Where we are. */
    bool begun, last_way;
    unsigned number, way;
};

bool support_failure_next(struct support_failure *failure);

/* Calls are counted, and one fails, between these two only. */
void support_failure_begin(struct support_failure *failure);
void support_failure_end(void);

#endif
