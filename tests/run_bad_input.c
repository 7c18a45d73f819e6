/* What can't be played ends with one line that names the cause and an exit code that tells how bad
 * it was; every other input of the run is delivered all the same. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libavformat/version.h>
#include <libavutil/macros.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"

#define GOOD "good"
#define PICTURE "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"
#define H264 "-c:v", "libx264", "-g", "5", "-pix_fmt", "yuv420p"

enum exit_codes { DELIVERED = 0, FAILED = 1, USAGE = 2, PARTIAL = 3 };

static char *good_clip(void)
{
    return support_ringside_clip("good.mp4", SUPPORT_ARGUMENTS(PICTURE, H264));
}

static char *path_of(const char *name)
{
    return support_scratch_path(getenv("TMPDIR"), name);
}

static char *write_file(const char *name, const void *data, size_t size)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
    return path;
}

static char *write_text(const char *name)
{
    char text[20000] = "";
    while (strlen(text) + 100 < sizeof text)
        strcat(text, "This is not a video, it is only a text.\n");
    return write_file(name, text, strlen(text));
}

/* The first part of a file, by a share of it. */
static char *write_head(const char *name, const char *whole, double share)
{
    struct stat status;
    cr_assert_eq(stat(whole, &status), 0);
    size_t size = (size_t)((double)status.st_size * share);
    char *data = malloc(size);
    FILE *file = fopen(whole, "r");
    cr_assert(data && file);
    cr_assert_eq(fread(data, 1, size, file), size);
    fclose(file);
    char *path = write_file(name, data, size);
    free(data);
    return path;
}

static void check_one_line(const char *err, const char *cause)
{
    const char *end = strchr(err, '\n');
    cr_expect(end && end[1] == '\0', "not one line: '%s'", err);
    cr_expect_not_null(strstr(err, cause), "no '%s' in '%s'", cause, err);
}

static void check_good(const json_t *events)
{
    char *clip = good_clip();
    struct support_reference reference = support_reference(clip);
    support_reference_check(&reference, events, GOOD, 0);
    support_summary_check(support_summary(events, GOOD), reference.count, 1);
    support_reference_free(&reference);
    free(clip);
}

/* Runs the input alone and beside a good one. Returns the summary of it beside the good one. */
static const json_t *check_input(const char *input, int exit_code, const char *outcome,
                                 const char *cause)
{
    char *bad;
    char *good;
    char *clip = good_clip();
    cr_assert_geq(asprintf(&bad, "bad=%s", input), 0);
    cr_assert_geq(asprintf(&good, GOOD "=%s", clip), 0);
    struct support_result alone;
    support_ringside(&alone, SUPPORT_ARGUMENTS("run", "-w", "framemd5", bad));
    cr_expect_eq(alone.exit_code, exit_code);
    check_one_line(alone.err, cause);
    cr_expect_not_null(strstr(alone.err, "bad: "), "%s", alone.err);
    cr_expect_str_eq(support_text(support_summary(support_events(alone.out), "bad"), "outcome"),
                     outcome);

    struct support_result beside;
    support_ringside(&beside, SUPPORT_ARGUMENTS("run", "-w", "framemd5", bad, good));
    cr_expect_eq(beside.exit_code, exit_code);
    check_one_line(beside.err, cause);
    json_t *events = support_events(beside.out);
    check_good(events);
    const json_t *summary = support_summary(events, "bad");
    cr_expect_str_eq(support_text(summary, "outcome"), outcome);
    return summary;
}

static void check_undeliverable(const char *input, const char *cause)
{
    const json_t *summary = check_input(input, FAILED, "failed", cause);
    cr_expect_eq(support_integer(summary, "published"), 0);
    cr_expect_eq(support_integer(support_summary_worker(summary, 0), "received"), 0);
}

/* What is there before the cut is delivered, and at least so many frames of it. */
static void check_partial(const char *input, const char *cause, long long at_least)
{
    const json_t *summary = check_input(input, PARTIAL, "partial", cause);
    const long long published = support_integer(summary, "published");
    cr_expect(published >= at_least && published < 25, "%lld", published);
    cr_expect_eq(support_integer(support_summary_worker(summary, 0), "received"), published);
}

/* -- inputs without a frame -------------------------------------------------------------------- */

Test(input, missing_file)
{
    check_undeliverable("/nonexistent/clip.mp4", "No such file or directory");
}

Test(input, text_file)
{
    check_undeliverable(write_text("text.txt"), "text.txt: it is a text file, not a video\n");
}

Test(input, text_file_named_mp4)
{
    check_undeliverable(write_text("text.mp4"), "not a video, or damaged");
}

Test(input, empty_file)
{
    check_undeliverable(write_file("empty.mp4", "", 0), "empty.mp4");
}

Test(input, empty_folder)
{
    char *folder = path_of("empty");
    cr_assert(mkdir(folder, 0700) == 0 || errno == EEXIST);
    check_undeliverable(folder, "there is no file in it");
}

Test(input, noise)
{
    unsigned char noise[20000];
    unsigned state = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((state = state * 1103515245 + 12345) >> 16);
    check_undeliverable(write_file("noise.mkv", noise, sizeof noise), "noise.mkv");
}

Test(input, no_video_stream)
{
    check_undeliverable(support_ringside_clip(
                            "sound.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "sine=duration=1")),
                        "no video stream");
}

/* A picture of the album is no video, and no reason to fail in another way. */
Test(input, sound_with_a_cover_picture)
{
    char *picture =
        support_ringside_clip("cover.png", SUPPORT_ARGUMENTS(PICTURE, "-frames:v", "1"));
    check_undeliverable(
        support_ringside_clip("song.mp3",
                              SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "sine=duration=1", "-i",
                                                picture, "-map", "0", "-map", "1", "-c:v", "copy",
                                                "-disposition:v", "attached_pic")),
        "no video stream");
}

Test(input, unknown_protocol_is_told_without_the_url)
{
    const char *bad = "bad=nonsense://user:secret@example.invalid/x";
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", bad));
    cr_expect_eq(result.exit_code, FAILED);
    check_one_line(result.err, "Protocol not found");
    cr_expect_null(strstr(result.err, "secret"));
    cr_expect_null(strstr(result.out, "secret"));
}

Test(input, pixel_format_that_libframe_lacks)
{
    char *clip = support_ringside_clip(
        "float.exr", SUPPORT_ARGUMENTS(PICTURE, "-frames:v", "1", "-pix_fmt", "gbrpf32le"));
    check_undeliverable(clip, "gbrpf32le is not supported");
}

/* -- truncated inputs -------------------------------------------------------------------------- */

Test(truncated, mp4_without_its_index)
{
    char *clip = good_clip();
    check_undeliverable(write_head("no-index.mp4", clip, 0.5), "moov atom not found");
}

Test(truncated, mp4_with_its_index_first)
{
    char *clip = support_ringside_clip("first.mp4",
                                       SUPPORT_ARGUMENTS(PICTURE, H264, "-movflags", "+faststart"));
    check_partial(write_head("cut-first.mp4", clip, 0.6), "truncated", 5);
}

Test(truncated, mkv)
{
    char *clip = support_ringside_clip("whole.mkv", SUPPORT_ARGUMENTS(PICTURE, H264));
    check_partial(write_head("cut.mkv", clip, 0.6), "truncated", 5);
}

Test(truncated, avi)
{
    char *clip = support_ringside_clip("whole.avi", SUPPORT_ARGUMENTS(PICTURE, "-c:v", "mpeg4"));
    check_partial(write_head("cut.avi", clip, 0.6), "truncated", 5);
}

/* -- usage ------------------------------------------------------------------------------------- */

static void check_usage(const char *cause, const char *const arguments[])
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_expect_eq(result.exit_code, USAGE, "%d for '%s'", result.exit_code, result.err);
    cr_expect_str_eq(result.out, "");
    check_one_line(result.err, cause);
    support_result_free(&result);
}

/* The input is good: only what is tested can be the reason. */
#define REFUSED(cause, ...) check_usage(cause, SUPPORT_ARGUMENTS("run", __VA_ARGS__, clip))

Test(usage, unknown_worker)
{
    char *clip = good_clip();
    REFUSED(
        "no worker 'nonsense'; there are: framemd5, health, motion, null, scene, snapshot, stats",
        "-w", "nonsense");
    REFUSED("no worker ''", "-w", "");
    REFUSED("no worker 'motion framemd5'", "-w", "motion framemd5");
    REFUSED("no worker 'motion=3'", "--worker=motion=3");
}

Test(usage, unknown_option)
{
    char *clip = good_clip();
    REFUSED("no option '--nonsense'", "--nonsense");
    REFUSED("no option '--nonsense=3'", "--nonsense=3");
    REFUSED("'-x'", "-x");
    REFUSED("'--pace=3'", "--pace=3");
}

Test(usage, option_behind_the_input_is_one_too)
{
    char *clip = good_clip();
    check_usage("no option '--nonsense'", SUPPORT_ARGUMENTS("run", clip, "--nonsense"));
}

Test(usage, option_without_its_value)
{
    char *clip = good_clip();
    static const char *const options[] = {"-w",      "--worker",  "--loop",
                                          "--slots", "--threads", "--seconds"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        check_usage("needs a value", SUPPORT_ARGUMENTS("run", clip, options[i]));
}

Test(usage, bad_numbers)
{
    char *clip = good_clip();
    static const char *const bad[] = {
        "", "x", "-1", " -1", "1x", "1.5", "99999999999999999999", "4294967297"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED("--loop", "--loop", bad[i]);
        REFUSED("--slots", "--slots", bad[i]);
        REFUSED("--threads", "--threads", bad[i]);
    }
    REFUSED("--slots", "--slots", "4097");
    REFUSED("--threads", "--threads", "65");
}

Test(usage, bad_seconds)
{
    char *clip = good_clip();
    static const char *const bad[] = {"", "x", "0", "-1", "1x", "nan", "inf", "1e300"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED("--seconds", "--seconds", bad[i]);
}

Test(usage, bad_values_of_a_worker)
{
    char *clip = good_clip();
    static const struct {
        const char *worker, *cause;
    } cases[] = {
        {"motion:", "'' is not KEY=VALUE"},
        {"motion:threshold", "'threshold' is not KEY=VALUE"},
        {"motion:nonsense=1", "no option 'nonsense'; there are: policy, fps"},
        {"framemd5:nonsense=1", "no option 'nonsense'; there are: policy"},
        {"motion:threshold=", "threshold=: must be a whole number from 1 to 255"},
        {"motion:threshold=0", "threshold=0: must be"},
        {"motion:threshold=256", "threshold=256: must be"},
        {"motion:threshold=1.5", "threshold=1.5: must be a whole number"},
        {"motion:threshold=nan", "threshold=nan: must be"},
        {"motion:min_area=-0.1", "min_area=-0.1: must be a number from 0 to 100"},
        {"motion:min_area=101", "min_area=101: must be"},
        {"motion:min_area=1x", "min_area=1x: must be"},
        {"motion:start_frames=0", "start_frames=0: must be"},
        {"motion:stop_seconds=inf", "stop_seconds=inf: must be"},
        {"motion:threshold=5,", "'' is not KEY=VALUE"},
        {"motion:threshold=5,,min_area=1", "'' is not KEY=VALUE"},
        {"null:sleep_ms=-1", "sleep_ms=-1: must be"},
        {"null:sleep_ms=1e9", "sleep_ms=1e9: must be"},
        {"null:policy=fast", "policy=fast: must be lossless, lossy or latest"},
        {"null:policy", "'policy' is not KEY=VALUE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        REFUSED(cases[i].cause, "-w", cases[i].worker);
}

Test(usage, more_workers_than_a_ring_has_places)
{
    char *clip = good_clip();
    const char *arguments[2 + 2 * 65 + 1] = {"run", clip};
    for (size_t i = 0; i < 65; i++) {
        arguments[2 + 2 * i] = "-w";
        arguments[3 + 2 * i] = "null";
    }
    check_usage("more than 64 workers", arguments);
}

Test(usage, no_input)
{
    check_usage("no INPUT given", SUPPORT_ARGUMENTS("run"));
    check_usage("no INPUT given", SUPPORT_ARGUMENTS("run", "-w", "motion"));
}

Test(usage, input_without_a_path)
{
    check_usage("names no input", SUPPORT_ARGUMENTS("run", "gate="));
    check_usage("names no input", SUPPORT_ARGUMENTS("run", ""));
}

Test(usage, names_given_twice)
{
    char *clip = good_clip();
    char *named;
    cr_assert_geq(asprintf(&named, "gate=%s", clip), 0);
    check_usage("two inputs are called 'gate'", SUPPORT_ARGUMENTS("run", named, named));
}

Test(usage, name_that_is_too_long)
{
    char named[1000];
    memset(named, 'n', 200);
    strcpy(named + 200, "=clip.mp4");
    check_usage("longer than 127 bytes", SUPPORT_ARGUMENTS("run", named));
}

Test(usage, unknown_command)
{
    check_usage("no command 'nonsense'", SUPPORT_ARGUMENTS("nonsense"));
    check_usage("no command 'nonsense'", SUPPORT_ARGUMENTS("help", "nonsense"));
}

/* -- memory ------------------------------------------------------------------------------------ */

/* Runs the program with a /dev/shm of its own, of so many KiB; what is left in there comes behind
 * the events and spoils them. */
static void run_in_memory_of(struct support_result *result, const char *kib,
                             const char *const arguments[])
{
    char options[64];
    const char *argv[64] = {
        "unshare",
        geteuid() == 0 ? "-m" : "-rm",
        "sh",
        "-c",
        "mount -t tmpfs -o \"$1\" tmpfs /dev/shm || exit 99; shift; \"$@\"; status=$?; "
        "ls -A /dev/shm; exit $status",
        "sh",
        options,
        support_ringside_path()};
    snprintf(options, sizeof options, "size=%sk", kib);
    for (size_t i = 0; arguments[i]; i++)
        argv[8 + i] = arguments[i];
    cr_assert_eq(support_run(result, SUPPORT_DEADLINE, argv), 0);
    cr_assert_eq(result->leftover, 0);
    cr_assert(!result->expired);
    if (result->exit_code == 99 || strstr(result->err, "unshare:"))
        cr_skip_test("no mount namespace here: %s", result->err);
}

Test(memory, that_is_too_small_is_told_with_the_way_out)
{
    struct support_result result;
    run_in_memory_of(&result, "1024", SUPPORT_ARGUMENTS("run", "-w", "framemd5", good_clip()));
    cr_expect_eq(result.exit_code, FAILED);
    check_one_line(result.err, "not enough shared memory");
    cr_expect_not_null(strstr(result.err, "/dev/shm has 1.0 MiB free"), "%s", result.err);
    cr_expect_not_null(strstr(result.err, "mount -o remount,size="), "%s", result.err);
    const json_t *summary = support_summary(support_events(result.out), "good");
    cr_expect_str_eq(support_text(summary, "outcome"), "failed");
    cr_expect_eq(support_integer(summary, "published"), 0);
}

Test(memory, for_one_of_two_cameras_serves_that_one)
{
    char *large = support_ringside_clip(
        "large.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=0.4",
                                       "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    struct support_result result;
    run_in_memory_of(
        &result, "1024",
        SUPPORT_ARGUMENTS("run", "--slots", "4", "-w", "framemd5", large, good_clip()));
    cr_expect_eq(result.exit_code, FAILED);
    check_one_line(result.err, "large: not enough shared memory");
    json_t *events = support_events(result.out);
    check_good(events);
    cr_expect_str_eq(support_text(support_summary(events, "large"), "outcome"), "failed");
}

Test(memory, that_is_too_small_is_told_by_a_dry_run)
{
    struct support_result result;
    run_in_memory_of(&result, "1024",
                     SUPPORT_ARGUMENTS("run", "--dry-run", "--json", "-w", "null", good_clip()));
    cr_expect_eq(result.exit_code, FAILED);
    check_one_line(result.err, "/dev/shm is too small");
}

/* -- libraries --------------------------------------------------------------------------------- */

/* It is loaded where it is needed: what needs it not has no use for it. */
Test(library, that_is_damaged_is_told)
{
    struct support_result result;
    char *input = good_clip();
    write_file("libavformat.so." AV_STRINGIFY(LIBAVFORMAT_VERSION_MAJOR), "", 0);
    setenv("LD_LIBRARY_PATH", getenv("TMPDIR"), 1);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "null", input));
    cr_expect_eq(result.exit_code, FAILED);
    check_one_line(result.err, "libavformat is missing");
    support_ringside(&result, SUPPORT_ARGUMENTS("ls"));
    cr_expect_eq(result.exit_code, DELIVERED, "%s", result.err);
}
