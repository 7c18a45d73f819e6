/* A test case that is the work of a child. Criterion's processes have threads of their own, and a
 * process with threads can't spawn workers. */
#ifndef TESTS_SUPPORT_IN_CHILD_H
#define TESTS_SUPPORT_IN_CHILD_H

#include <criterion/criterion.h>

#include "tests/support/child.h"

#define IN_CHILD(suite, name)                                                                      \
    static void suite##_##name(void *unused);                                                      \
    Test(suite, name)                                                                              \
    {                                                                                              \
        cr_expect_eq(support_join(support_fork(suite##_##name, NULL)), 0);                         \
    }                                                                                              \
    static void suite##_##name(void *unused __attribute__((unused)))

#endif
