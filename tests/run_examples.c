/* The examples that are programs with workers of their own: each does what it says, and leaves
 * nothing. The others (embed, exec, plugin) are built as strangers would in house_install. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/events.h"
#include "tests/support/traces.h"

static char *example(const char *name)
{
    const char *folder = getenv("EXAMPLES");
    char *path;
    cr_assert_not_null(folder, "EXAMPLES must name the folder of the built examples");
    cr_assert_geq(asprintf(&path, "%s/example-%s", folder, name), 0);
    return path;
}

/* What it prints; it must end well and leave no process. */
static char *run(const char *name)
{
    struct support_result result;
    const char *const argv[] = {example(name), NULL};
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, argv), 0);
    cr_assert(!result.expired);
    cr_assert_eq(result.exit_code, 0, "%d: %s", result.exit_code, result.err);
    cr_expect_str_eq(result.err, "");
    cr_expect_eq(result.leftover, 0);
    return result.out;
}

Test(example, pingpong_gets_back_what_it_sends)
{
    cr_expect_str_eq(run("pingpong"), "pong: ball 0\npong: ball 1\npong: ball 2\n");
}

Test(example, many_counts_right_although_one_dies)
{
    cr_expect_str_eq(run("many"), "worker 0 died of signal 9\n78498 primes below 1000000\n");
}

Test(example, pool_serves_all_with_the_same_two_processes)
{
    cr_expect_str_eq(run("pool"), "visit 0, stream 0: 25 frames\nvisit 0, stream 1: 25 frames\n"
                                  "visit 1, stream 0: 25 frames\nvisit 1, stream 1: 25 frames\n"
                                  "visit 2, stream 0: 25 frames\nvisit 2, stream 1: 25 frames\n"
                                  "2 processes were started\n");
    char *left = support_shm_entries("ring.pool-");
    cr_expect_str_eq(left, "");
}

/* Every byte of frame i is i: the sum tells that all workers saw all of each. */
Test(example, stream_shows_every_byte_to_every_worker)
{
    long long bytes = 0;
    for (int frame = 0; frame < 200; frame++)
        bytes += 1280 * 720 * (long long)frame;
    json_t *events = support_events(run("stream"));
    cr_assert_eq(json_array_size(events), 3);
    for (int worker = 0; worker < 3; worker++) {
        json_t *own = support_events_pick(events, "sum", "test card", worker);
        cr_assert_eq(json_array_size(own), 1);
        cr_expect_eq(support_integer(json_array_get(own, 0), "frames"), 200);
        cr_expect_eq(support_integer(json_array_get(own, 0), "bytes"), bytes);
    }
    char *left = support_shm_entries("ring.stream-");
    cr_expect_str_eq(left, "");
}

/* Three voices that count to 100, every other number each. */
static void check_loop(const char *name)
{
    if (access(example(name), X_OK) != 0)
        cr_skip_test("it was not built: its library is not there");
    cr_expect_str_eq(run(name), "150 numbers, 3 voices\n");
}

Test(loop, of_poll_hosts_front_and_back)
{
    check_loop("loops-poll");
}

Test(loop, of_epoll_hosts_front_and_back)
{
    check_loop("loops-epoll");
}

Test(loop, of_libuv_hosts_front_and_back)
{
    check_loop("loops-libuv");
}

Test(loop, of_glib_hosts_front_and_back)
{
    check_loop("loops-glib");
}
