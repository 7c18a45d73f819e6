/*
 * The entry point of every Criterion test program.
 *
 * With --tap as its first argument it reports to meson: one TAP line a test case, on a standard
 * output that belongs to the report alone, since whatever tests print there goes to standard error.
 * All other arguments are Criterion's (--filter, --list, --jobs, …).
 *
 * Each test case gets a time limit if it has none of its own, so that one that hangs is named in
 * the report. A program without a single test case fails, and so does one whose events, as far as
 * its cases took them for such, do not follow the schema.
 *
 * With ROOM in its environment it has a /dev/shm to itself.
 */
#include <criterion/criterion.h>
#include <criterion/internal/ordered-set.h>
#include <criterion/options.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/room.h"
#include "tests/support/schema.h"
#include "tests/support/scratch.h"

/* Seconds; above SUPPORT_DEADLINE, so that a command that hangs is told by its own deadline. */
static const double time_limit = 150;

static void limit_time(struct criterion_test_set *tests)
{
    FOREACH_SET(struct criterion_suite_set * suite, tests->suites)
    {
        if (!suite->tests)
            continue;
        FOREACH_SET(struct criterion_test * test, suite->tests)
        {
            if (test->data->timeout <= 0)
                test->data->timeout = time_limit;
        }
    }
}

/* Gives the report the standard output, and the tests' own output the standard error. */
static char *divert_output(void)
{
    char *option;
    int report = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (report < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
        asprintf(&option, "--tap=/dev/fd/%d", report) < 0)
        abort();
    return option;
}

static int run(struct criterion_test_set *tests, int argc, char **argv)
{
    if (!criterion_handle_args(argc, argv, true))
        return EXIT_SUCCESS;
    if (tests->tests == 0) {
        fputs("no test case\n", stderr);
        return EXIT_FAILURE;
    }
    limit_time(tests);
    return criterion_run_all_tests(tests) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* LeakSanitizer asks this: what Criterion leaks, and libbsd before main(), is not ours to mend. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcriterion\nleak:setproctitle_init\n";
}

/* And what was suppressed is no report. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

int main(int argc, char **argv)
{
    char *scratch = NULL;
    if (getenv("ROOM") && support_room_take() < 0) {
        perror("/dev/shm of one's own");
        return EXIT_FAILURE;
    }
    if (support_scratch_create(&scratch) < 0) {
        perror("scratch directory");
        return EXIT_FAILURE;
    }
    setenv("TMPDIR", scratch, 1);

    char *option = NULL;
    if (argc >= 2 && strcmp(argv[1], "--tap") == 0)
        argv[1] = option = divert_output();
    struct criterion_test_set *tests = criterion_initialize();
    int status = run(tests, argc, argv);
    criterion_finalize(tests);
    if (support_schema_check() != 0) {
        fputs("an event does not follow docs/events.schema.json\n", stderr);
        status = EXIT_FAILURE;
    }

    free(option);
    support_scratch_remove(&scratch);
    return status;
}
