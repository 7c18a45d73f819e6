/* ringbench itself: every transport that is built in brings all messages, and says so. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command.h"

static struct support_result run(const char *const arguments[])
{
    const char *argv[32] = {getenv("RINGBENCH")};
    struct support_result result;
    cr_assert_not_null(argv[0]);
    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, argv), 0);
    cr_assert_not(result.expired);
    return result;
}

/* The rows of a run, each found good; how many. */
static int check_rows(const char *out)
{
    int rows = 0;
    for (const char *line = out; *line; line = strchr(line, '\n') + 1) {
        json_t *row = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        cr_assert_not_null(row, "%s", line);
        if (strcmp(json_string_value(json_object_get(row, "type")), "row") == 0) {
            cr_assert_eq(json_integer_value(json_object_get(row, "lost")), 0, "%s", line);
            cr_assert_eq(json_integer_value(json_object_get(row, "runs")), 1);
            cr_assert_gt(json_number_value(json_object_get(row, "msgs_per_s")), 0, "%s", line);
            rows++;
        }
        json_decref(row);
    }
    return rows;
}

static void check_mode(const char *mode, const char *transports, int expected)
{
    const char *const arguments[] = {
        "--json", "--transport", transports, "--size",         "64,8K", "-r", "2", "--mode",
        mode,     "--seconds",   "0.01",     "--wake-seconds", "0.01",  "-n", "1", NULL};
    struct support_result result = run(arguments);
    cr_assert_eq(result.exit_code, 0, "%s", result.err);
    cr_assert_eq(check_rows(result.out), expected, "%s", result.out);
    cr_assert_eq(result.leftover, 0);
    support_result_free(&result);
}

Test(bench_ringbench, copied_in_nothing_is_lost)
{
    check_mode("copy", "ring,ring-eventfd,pipe,unix-stream,unix-seqpacket,posix-mq,memfd-passing",
               14);
}

Test(bench_ringbench, in_place_nothing_is_lost)
{
    check_mode("inplace", "ring,ring-eventfd,memfd-passing,limit-futex,limit-eventfd,pipe", 10);
}

Test(bench_ringbench, lists_what_is_built_in)
{
    struct support_result result = run((const char *const[]){"--list", NULL});
    cr_assert_eq(result.exit_code, 0);
    cr_assert_not_null(strstr(result.out, "ring-eventfd       ring"));
    cr_assert_not_null(strstr(result.out, "limit-touch        limit"));
    support_result_free(&result);
}

Test(bench_ringbench, wrong_usage_is_refused)
{
    static const char *const wrong[] = {"--size=63", "--readers=65", "--transport=rings",
                                        "--mode=in", "--seconds=x",  "ring"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct support_result result = run((const char *const[]){wrong[i], NULL});
        cr_assert_eq(result.exit_code, 64, "%s: %d", wrong[i], result.exit_code);
        support_result_free(&result);
    }
}
