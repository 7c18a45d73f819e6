/* What the options say, and what they do. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "workers/config.h"

static char *make_clip(void)
{
    return support_ringside_clip("clip.mp4",
                                 SUPPORT_ARGUMENTS("-f", "lavfi", "-i",
                                                   "testsrc2=size=320x240:rate=25:duration=1",
                                                   "-c:v", "libx264", "-pix_fmt", "yuv420p"));
}

static struct support_result run(int exit_code, const char *const arguments[])
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_assert_eq(result.exit_code, exit_code, "%d: %s", result.exit_code, result.err);
    return result;
}

#define RUN(exit_code, ...) run(exit_code, SUPPORT_ARGUMENTS(__VA_ARGS__))

static void check_contains(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "no '%s' in:\n%s", part, text);
}

/* -- help and version -------------------------------------------------------------------------- */

Test(help, lists_the_commands)
{
    static const char *const ways[] = {"help", "--help", "-h"};
    for (size_t i = 0; i < 3; i++) {
        struct support_result result = RUN(0, ways[i]);
        check_contains(result.out, "Usage: ringside COMMAND");
        check_contains(result.out, "\n  run ");
        check_contains(result.out, "\n  help ");
        check_contains(result.out, "--version");
        cr_expect_str_eq(result.err, "");
        support_result_free(&result);
    }
}

Test(help, comes_as_an_error_where_no_command_is_given)
{
    struct support_result result = run(2, (const char *const[]){NULL});
    cr_expect_str_eq(result.out, "");
    check_contains(result.err, "Usage: ringside COMMAND");
}

Test(help, of_run_lists_every_option)
{
    static const char *const options[] = {
        "-w, --worker NAME[:KEY=VALUE,...]",
        "--exec [NAME=]COMMAND",
        "--exec-options KEY=VALUE,...",
        "--inline",
        "--no-sandbox",
        "--stop-timeout S",
        "--stall-timeout S",
        "--hang-timeout S",
        "--decode all|ref|key",
        "--max-fps N",
        "--corrupt drop|pass",
        "--pace",
        "--loop N",
        "--slots N",
        "--threads N",
        "--seconds S",
        "--dry-run",
        "--json",
        "-q, --quiet",
        "-v, --verbose",
        "--version",
        "--help",
        "INPUT",
        "NAME=",
        "v4l2:DEVICE",
        "test:",
    };
    struct support_result result = RUN(0, "help", "run");
    cr_expect_str_eq(result.err, "");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        check_contains(result.out, options[i]);
}

/* By the list that the program itself goes by. */
Test(help, of_run_lists_every_worker_with_its_options)
{
    struct support_result result = RUN(0, "help", "run");
    for (const struct worker_option *o = worker_common_options; o->key; o++)
        check_contains(result.out, o->key);
    check_contains(result.out, "lossless, lossy or latest");
    for (size_t i = 0; worker_classes[i]; i++) {
        check_contains(result.out, worker_classes[i]->name);
        check_contains(result.out, worker_classes[i]->summary);
        for (const struct worker_option *o = worker_classes[i]->options; o && o->key; o++) {
            check_contains(result.out, o->key);
            check_contains(result.out, o->help);
        }
    }
}

Test(workers, are_listed_as_json_with_the_types_of_their_options)
{
    static const char *const types[] = {"int", "real", "bool", "string", "choice"};
    struct support_result result = RUN(0, "workers", "--json");
    json_t *lines = support_json_lines(result.out);
    size_t i;
    for (i = 0; worker_classes[i]; i++) {
        const json_t *line = json_array_get(lines, i);
        const json_t *options = json_object_get(line, "options");
        size_t count = 0;
        cr_expect_str_eq(support_text(line, "name"), worker_classes[i]->name);
        cr_expect_str_eq(support_text(line, "summary"), worker_classes[i]->summary);
        for (const struct worker_option *o = worker_classes[i]->options; o && o->key; o++) {
            const json_t *option = json_array_get(options, count++);
            cr_expect_str_eq(support_text(option, "key"), o->key);
            cr_expect_str_eq(support_text(option, "type"), types[o->type]);
            cr_expect(json_object_get(option, "default"));
        }
        cr_expect_eq(json_array_size(options), count);
    }
    const json_t *common = json_array_get(json_object_get(json_array_get(lines, i), "options"), 0);
    cr_expect_str_eq(support_text(common, "key"), "policy");
    cr_expect_str_eq(support_text(common, "default"), "lossless");
    cr_expect_eq(json_array_size(json_object_get(common, "choices")), 3);
    cr_expect_eq(json_array_size(lines), i + 1);
}

Test(workers, are_listed_for_people_as_in_the_help_of_run)
{
    struct support_result list = RUN(0, "workers");
    struct support_result help = RUN(0, "help", "run");
    check_contains(help.out, list.out);
    cr_expect(*list.out);
    check_contains(RUN(2, "workers", "nonsense").err, "it takes no 'nonsense'");
    check_contains(RUN(2, "workers", "--nonsense").err, "no option '--nonsense'");
    check_contains(RUN(0, "help", "workers").out, "Usage: ringside workers");
}

Test(help, of_run_is_the_same_by_all_ways)
{
    struct support_result first = RUN(0, "help", "run");
    struct support_result second = RUN(0, "run", "--help");
    struct support_result third = RUN(0, "run", "/nonexistent", "-h");
    cr_expect_str_eq(first.out, second.out);
    cr_expect_str_eq(first.out, third.out);
}

Test(version, is_one_line)
{
    struct support_result first = RUN(0, "--version");
    struct support_result second = RUN(0, "run", "--version");
    int major;
    int minor;
    int patch;
    int length = 0;
    cr_expect_eq(sscanf(first.out, "ringside %d.%d.%d\n%n", &major, &minor, &patch, &length), 3);
    cr_expect_eq((size_t)length, first.out_size);
    cr_expect_str_eq(first.out, second.out);
}

/* -- dry run ----------------------------------------------------------------------------------- */

static long long bytes_of_entries(char *names)
{
    long long bytes = 0;
    char *rest = names;
    for (char *name; (name = strsep(&rest, "\n")) && *name;) {
        char path[sizeof "/dev/shm/" + 255];
        struct stat status;
        snprintf(path, sizeof path, "/dev/shm/%s", name);
        cr_assert_eq(stat(path, &status), 0);
        cr_expect_geq(status.st_blocks * 512, status.st_size, "%s is not allocated", name);
        bytes += status.st_blocks * 512;
    }
    return bytes;
}

/* Stopped in the middle, what the run has in /dev/shm is what the dry run said. */
static void check_budget(const char *slots, const char *worker)
{
    char *clip = make_clip();
    struct support_result dry = RUN(0, "run", "--dry-run", "--json", "--slots", slots, "-w", worker,
                                    "-w", "framemd5", clip);
    cr_expect_str_eq(dry.err, "");
    json_t *lines = support_json_lines(dry.out);
    cr_assert_eq(json_array_size(lines), 2);
    const json_t *budget = json_array_get(lines, 0);
    const json_t *total = json_array_get(lines, 1);
    cr_expect_str_eq(support_text(budget, "type"), "budget");
    cr_expect_str_eq(support_text(total, "type"), "budget_total");

    struct support_process *process = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--loop", "0", "--slots", slots, "-w", worker, "-w", "framemd5", clip));
    support_ringside_await_full(process);
    const long long bytes = bytes_of_entries(support_ringside_memory(support_pid(process)));
    cr_expect_eq(support_integer(budget, "ring_bytes"), bytes, "--slots %s", slots);
    cr_expect_eq(support_integer(total, "needed_bytes"), bytes);
    cr_expect_gt(support_integer(total, "available_bytes"), 0);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130);
    free(clip);
}

Test(dry_run, tells_the_memory_that_a_run_takes)
{
    check_budget("0", "null");
    check_budget("2", "null");
    check_budget("7", "null:policy=latest");
    check_budget("0", "framemd5:policy=lossy");
}

Test(dry_run, of_several_inputs_tells_each_and_their_sum)
{
    char *clip = make_clip();
    struct support_result result = RUN(0, "run", "--dry-run", "--json", clip, clip);
    json_t *lines = support_json_lines(result.out);
    cr_assert_eq(json_array_size(lines), 3);
    const json_t *total = json_array_get(lines, 2);
    long long sum = 0;
    for (size_t i = 0; i < 2; i++) {
        const json_t *budget = json_array_get(lines, i);
        sum += support_integer(budget, "ring_bytes");
        cr_expect_eq(support_integer(budget, "width"), 320);
        cr_expect_eq(support_integer(budget, "height"), 240);
        cr_expect_geq(support_integer(budget, "frame_bytes"), 320 * 240 * 3 / 2);
        cr_expect_str_eq(support_text(budget, "format"), "yuv420p");
        cr_expect_gt(support_integer(budget, "slots"), 2);
    }
    cr_expect_eq(support_integer(total, "needed_bytes"), sum);
    cr_expect_eq(json_array_size(support_events_pick(lines, "budget", "clip", -1)), 1);
    cr_expect_eq(json_array_size(support_events_pick(lines, "budget", "clip-2", -1)), 1);
}

/* The same figures for people, in MiB. */
Test(dry_run, as_text_tells_the_same)
{
    char *clip = make_clip();
    struct support_result json = RUN(0, "run", "--dry-run", "--json", "--slots", "9", clip);
    struct support_result text = RUN(0, "run", "--dry-run", "--slots", "9", clip);
    const json_t *budget = json_array_get(support_json_lines(json.out), 0);
    const double slot = (double)support_integer(budget, "frame_bytes") / (1 << 20);
    const double ring = (double)support_integer(budget, "ring_bytes") / (1 << 20);
    char expected[256];
    snprintf(expected, sizeof expected,
             "clip: 320x240 yuv420p, 9 slots of %.2f MiB: %.1f MiB\n"
             "total: %.1f MiB of shared memory, /dev/shm has ",
             slot, ring, ring);
    cr_expect_eq(strncmp(text.out, expected, strlen(expected)), 0, "'%s' is not '%s'", text.out,
                 expected);
    cr_expect_str_eq(text.err, "");
}

/* With -v, what all these slots are for: the parts add up. */
static void check_explanation(const char *slots, bool is_enough)
{
    char *clip = make_clip();
    struct support_result result =
        RUN(0, "run", "--dry-run", "-v", "--slots", slots, "-w", "null", "-w", "null", clip);
    unsigned total, decoder, workers, lag, keeps, predict, turn, making, ready;
    const char *use = strstr(result.out, "clip: of the ");
    const char *need = strstr(result.out, "clip: the decoder keeps ");
    cr_assert(use && need, "%s", result.out);
    cr_assert_eq(sscanf(use,
                        "clip: of the %u slots 1 is being filled, 1 the newest, %u for the "
                        "decoder, %u for workers to hold, %u for them to lag behind",
                        &total, &decoder, &workers, &lag),
                 4, "%s", result.out);
    cr_assert_eq(sscanf(need,
                        "clip: the decoder keeps up to %u frames: %u to predict from, %u until it "
                        "is their turn, %u in the making, %u ready",
                        &keeps, &predict, &turn, &making, &ready),
                 5, "%s", result.out);
    cr_expect_eq(total, 2 + decoder + workers + lag, "%s", result.out);
    cr_expect_eq(keeps, predict + turn + making + ready, "%s", result.out);
    cr_expect_eq(decoder == keeps, is_enough, "%s", result.out);
    cr_expect_eq(strstr(need, "those that get no slot are copied") == NULL, is_enough);
}

Test(dry_run, explains_what_the_slots_are_for)
{
    check_explanation("0", true);
    check_explanation("3", false);
}

Test(dry_run, fails_where_an_input_can_not_be_opened)
{
    char *clip = make_clip();
    struct support_result result = RUN(1, "run", "--dry-run", "--json", "/nonexistent.mp4", clip);
    json_t *lines = support_json_lines(result.out);
    cr_expect_eq(json_array_size(support_events_pick(lines, "budget", "clip", -1)), 1);
    cr_expect_eq(json_array_size(lines), 2);
    check_contains(result.err, "No such file");
}

/* -- log --------------------------------------------------------------------------------------- */

Test(log, as_json_is_lines_of_json)
{
    struct support_result result = RUN(1, "run", "--json", "gate=/nonexistent/\"quoted\".mp4");
    json_t *lines = support_json_lines(result.err);
    cr_assert_eq(json_array_size(lines), 1);
    const json_t *line = json_array_get(lines, 0);
    cr_expect_str_eq(support_text(line, "type"), "log");
    cr_expect_str_eq(support_text(line, "level"), "error");
    cr_expect_str_eq(support_text(line, "camera"), "gate");
    check_contains(support_text(line, "text"), "/nonexistent/\"quoted\".mp4");
}

/* A name that is no UTF-8 can't be written as JSON: there is a line all the same. */
Test(log, as_json_was_lost_for_a_name_that_is_no_utf_8)
{
    struct support_result result = RUN(1, "run", "--json", "/nonexistent/\xff\xfe.mp4");
    cr_expect_eq(json_array_size(support_json_lines(result.err)), 1);
    cr_expect_eq(json_array_size(support_events(result.out)), 1);

    char *strange;
    char *clip = make_clip();
    cr_assert_geq(asprintf(&strange, "%s/\xff.mp4", getenv("TMPDIR")), 0);
    cr_assert(link(clip, strange) == 0 || errno == EEXIST);
    result = RUN(0, "run", "--dry-run", "--json", strange);
    cr_expect_eq(json_array_size(support_json_lines(result.out)), 2);
    result = RUN(0, "run", "-w", "framemd5", strange);
    cr_expect_eq(json_array_size(support_events(result.out)), 26);
}

Test(log, if_quiet_still_tells_errors)
{
    struct support_result result = RUN(1, "run", "-q", "/nonexistent.mp4");
    cr_expect_str_eq(result.err, "ringside: nonexistent: /nonexistent.mp4: cannot be opened: "
                                 "No such file or directory\n");
}

/* What FFmpeg's libraries have to say comes with -v only, and changes nothing else. */
Test(log, if_verbose_tells_what_the_libraries_say)
{
    char *clip = make_clip();
    char *broken;
    cr_assert_geq(asprintf(&broken, "%s/broken.mp4", getenv("TMPDIR")), 0);
    struct support_result head;
    cr_assert_eq(support_run(&head, SUPPORT_DEADLINE,
                             SUPPORT_ARGUMENTS("sh", "-c", "head -c 3000 \"$1\" >\"$2\"", "sh",
                                               clip, broken)),
                 0);
    struct support_result normal = RUN(1, "run", broken);
    struct support_result verbose = RUN(1, "run", "-v", broken);
    struct support_result json = RUN(1, "run", "-v", "--json", broken);
    cr_expect_gt(verbose.err_size, normal.err_size);
    check_contains(verbose.err, normal.err);
    json_t *lines = support_json_lines(json.err);
    cr_expect_gt(json_array_size(lines), 1);
    cr_expect_str_eq(support_text(json_array_get(lines, 0), "level"), "debug");
}

/* -- defaults ---------------------------------------------------------------------------------- */

Test(defaults, are_one_worker_for_motion)
{
    struct support_result result = RUN(0, "run", make_clip());
    const json_t *summary = support_summary(support_events(result.out), "clip");
    support_summary_check(summary, 25, 1);
    cr_expect_str_eq(support_text(support_summary_worker(summary, 0), "worker"), "motion");
}

/* Options may stand anywhere, and `--` ends them. */
Test(defaults, order_of_arguments_is_free)
{
    char *clip = make_clip();
    struct support_result first = RUN(0, "run", clip, "-w", "framemd5");
    struct support_result second = RUN(0, "run", "--worker=framemd5", "--", clip);
    cr_expect_eq(json_array_size(support_events(first.out)), 26);
    cr_expect_eq(json_array_size(support_events(second.out)), 26);
}
