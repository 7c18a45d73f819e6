/* ringbench itself: every transport that is built in brings all messages, every way brings all
 * frames, both say so, and a report shows what they said. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/scratch.h"

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

/* -- pipeline ------------------------------------------------------------------------------------
 */

static double number(const json_t *row, const char *key)
{
    cr_assert(json_is_number(json_object_get(row, key)), "%s", key);
    return json_number_value(json_object_get(row, key));
}

static void check_pipeline_row(const json_t *row, const char *line)
{
    const bool paced = json_is_true(json_object_get(row, "pace"));
    const double cameras = number(row, "cameras");
    /* So many frames that no run is shorter than six times five, and paced there are four. */
    cr_assert_geq(number(row, "frames"), cameras * (paced ? 4 : 30), "%s", line);
    cr_assert_eq(number(row, "width"), 640);
    cr_assert_eq(number(row, "lost"), 0);
    cr_assert_eq(number(row, "runs"), 1, "%s", line);
    cr_assert_gt(number(row, "frames_per_s"), 0, "%s", line);
    cr_assert_gt(number(row, "cpu_us_per_frame"), 0, "%s", line);
    if (strcmp(json_string_value(json_object_get(row, "way")), "ringside") == 0 &&
        number(row, "workers") > 0) {
        cr_assert_gt(number(row, "latency_p50_us"), 0, "%s", line);
        cr_assert_geq(number(row, "latency_p99_us"), number(row, "latency_p50_us"), "%s", line);
    }
}

/* How many objects of this type, each found good. */
static int check_lines(const char *out, const char *type,
                       void check(const json_t *row, const char *line))
{
    int count = 0;
    for (const char *line = out; *line; line = strchr(line, '\n') + 1) {
        json_t *row = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        cr_assert_not_null(row, "%s", line);
        if (strcmp(json_string_value(json_object_get(row, "type")), type) == 0) {
            check(row, line);
            count++;
        }
        json_decref(row);
    }
    return count;
}

static void check_target(const json_t *row, const char *line)
{
    cr_assert(json_is_boolean(json_object_get(row, "met")), "%s", line);
    number(row, "value");
}

Test(bench_ringbench, pipeline_brings_all_frames)
{
    const char *const arguments[] = {"pipeline",
                                     "--json",
                                     "--way",
                                     "ringside,decode,ffmpeg-null,ffmpeg-pipe,bare-wake",
                                     "--size",
                                     "360p",
                                     "--workers",
                                     "0,2",
                                     "--cameras",
                                     "2",
                                     "--frames",
                                     "5",
                                     "--seconds",
                                     "0.001",
                                     "--runs",
                                     "1",
                                     "--pace-seconds",
                                     "1",
                                     NULL};
    struct support_result result = run(arguments);
    cr_assert_eq(result.exit_code, 0, "%s", result.err);
    /* Without workers 3, with two of them 2, two cameras and one of them 3, paced 3. */
    cr_assert_eq(check_lines(result.out, "pipeline", check_pipeline_row), 11, "%s", result.out);
    /* A worker's cost, and what the pipe costs. */
    cr_assert_eq(check_lines(result.out, "target", check_target), 2, "%s", result.out);
    cr_assert_eq(result.leftover, 0);
    support_result_free(&result);
}

Test(bench_ringbench, pipeline_refuses_what_it_cannot_do)
{
    static const char *const wrong[] = {"--size=63", "--workers=65", "--cameras=0", "--way=pipes",
                                        "clip.mp4"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct support_result result = run((const char *const[]){"pipeline", wrong[i], NULL});
        cr_assert_eq(result.exit_code, 64, "%s: %d", wrong[i], result.exit_code);
        support_result_free(&result);
    }
    struct support_result result =
        run((const char *const[]){"pipeline", "--clip", "/nowhere/clip.mp4", NULL});
    cr_assert_eq(result.exit_code, 1);
    cr_assert_not_null(strstr(result.err, "/nowhere/clip.mp4"), "%s", result.err);
    support_result_free(&result);
}

/* -- report --------------------------------------------------------------------------------------
 */

static const char rows[] =
    "{\"type\":\"machine\",\"processor\":\"Abacus\",\"cpus\":2,\"memory_mb\":2048}\n"
    "{\"type\":\"row\",\"transport\":\"ring\",\"size\":64,\"readers\":1,\"mode\":\"copy\","
    "\"touch\":\"all\",\"msgs_per_s\":1e6,\"bytes_per_s\":64e6,\"wake_p50_us\":3,"
    "\"wake_p99_us\":9,\"wake_p999_us\":20}\n"
    "{\"type\":\"row\",\"transport\":\"pipe\",\"size\":64,\"readers\":4,\"mode\":\"copy\","
    "\"touch\":\"all\",\"msgs_per_s\":1e5,\"bytes_per_s\":64e5}\n"
    "{\"type\":\"pipeline\",\"way\":\"ringside\",\"clip\":\"360p\",\"cameras\":4,\"workers\":1,"
    "\"frames_per_s\":900,\"cpu_us_per_frame\":1100,\"pss_bytes\":1e8}\n";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

Test(bench_ringbench, report_draws_what_was_measured)
{
    static const char *const expected[] = {"<svg",   "Abacus", "Copied in",  "Waking", "360p",
                                           ">ring<", ">pipe<", ">ringside<", "</svg>"};
    char *folder;
    cr_assert_eq(support_scratch_create(&folder), 0);
    char *path = support_scratch_path(folder, "rows");
    write_file(path, rows);
    struct support_result result = run((const char *const[]){"report", path, NULL});
    cr_assert_eq(result.exit_code, 0, "%s", result.err);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        cr_assert_not_null(strstr(result.out, expected[i]), "%s", expected[i]);
    support_result_free(&result);
    free(path);
    support_scratch_remove(&folder);
}

Test(bench_ringbench, report_says_what_is_wrong)
{
    char *folder;
    cr_assert_eq(support_scratch_create(&folder), 0);
    char *path = support_scratch_path(folder, "rows");
    write_file(path, "{\"type\":\"machine\"}\n<html>\n");
    struct support_result result = run((const char *const[]){"report", path, NULL});
    cr_assert_eq(result.exit_code, 1);
    cr_assert_not_null(strstr(result.err, "line 2"), "%s", result.err);
    support_result_free(&result);
    write_file(path, "{\"type\":\"machine\"}\n");
    result = run((const char *const[]){"report", path, NULL});
    cr_assert_eq(result.exit_code, 1);
    cr_assert_not_null(strstr(result.err, "nothing"), "%s", result.err);
    support_result_free(&result);
    result = run((const char *const[]){"report", NULL});
    cr_assert_eq(result.exit_code, 64);
    support_result_free(&result);
    free(path);
    support_scratch_remove(&folder);
}
