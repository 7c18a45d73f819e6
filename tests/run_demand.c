/* On demand: what nobody reads is not decoded, and who comes gets it. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/server.h"

#define CAMERA "porch"
#define IDLE "\"state\":\"idle\""
#define ONLINE "\"state\":\"online\""

enum { INTERRUPTED = 130, FRAMES = 50, KEY_EVERY = 10 };

static char *clip(void)
{
    return support_ringside_clip(
        "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2",
                                      "-c:v", "libx264", "-g", "10", "-bf", "0", "-sc_threshold",
                                      "0", "-pix_fmt", "yuv420p"));
}

static struct support_process *start(const char *input, const char *option)
{
    char *named;
    cr_assert_geq(asprintf(&named, CAMERA "=%s", input), 0);
    struct support_process *run =
        support_ringside_start(SUPPORT_ARGUMENTS("run", "--on-demand", named, option));
    cr_assert_eq(support_await(run, IDLE), 0);
    return run;
}

/* What a reader that comes gets: FRAMES lines of hashes at most. The caller frees it. */
static char *read_ring(const char *frames)
{
    struct support_result result;
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE,
                             SUPPORT_ARGUMENTS("bash", "-c",
                                               "set -o pipefail; \"$1\" cat --policy lossless -n "
                                               "\"$2\" \"$3\" | ffmpeg -v error -i - -f framemd5 -",
                                               "bash", support_ringside_path(), frames, CAMERA)),
                 0);
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    return result.out;
}

/* Those are the frames of the clip, from this one on. */
static size_t check_frames(char *text, const struct support_reference *reference, size_t first)
{
    size_t i = first;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (*line != '#')
            cr_assert_str_eq(strrchr(line, ' ') + 1, reference->frames[i++ % reference->count].md5,
                             "frame %zu", i);
    return i - first;
}

/* Nothing is missing. */
Test(demand, file_waits_for_its_reader)
{
    struct support_result result;
    struct support_reference reference = support_reference(clip());
    struct support_process *run = start(clip(), NULL);
    cr_expect_eq(check_frames(read_ring("100"), &reference, 0), FRAMES);
    support_ringside_wait(&run, &result);
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    json_t *events = support_events(result.out);
    const json_t *summary = support_summary(events, CAMERA);
    cr_expect_eq(support_integer(summary, "published"), FRAMES);
    cr_expect_eq(json_array_size(json_object_get(summary, "workers")), 0);
}

Test(demand, file_in_one_process_waits_for_its_reader)
{
    struct support_result result;
    struct support_reference reference = support_reference(clip());
    struct support_process *run = start(clip(), "--inline");
    cr_expect_eq(check_frames(read_ring("100"), &reference, 0), FRAMES);
    support_ringside_wait(&run, &result);
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
}

static long long decoded(struct support_process **run)
{
    struct support_result result;
    cr_assert_eq(support_signal(*run, SIGINT), 0);
    support_ringside_wait(run, &result);
    cr_expect_eq(result.exit_code, INTERRUPTED);
    json_t *events = support_events(result.out);
    return support_integer(support_summary(events, CAMERA), "decoded");
}

/* It ends in the order of any other, however long nobody comes. */
Test(demand, nobody_costs_one_frame)
{
    struct support_process *run = start(clip(), NULL);
    cr_expect_eq(decoded(&run), 1);
}

/* Where one reader has left off, the camera rests until the next one comes. */
#define RESTS                                                                                      \
    ONLINE ",\"connection\":1}\n{\"v\":1,\"type\":\"camera\",\"camera\":\"" CAMERA "\"," IDLE

Test(demand, reader_that_is_killed_is_none)
{
    struct support_result result;
    struct support_process *reader, *run = start(clip(), "--loop=0");
    cr_assert_eq(support_start(&reader, SUPPORT_DEADLINE,
                               SUPPORT_ARGUMENTS(support_ringside_path(), "cat", CAMERA)),
                 0);
    cr_assert_eq(support_await(run, ONLINE), 0);
    cr_assert_eq(support_signal(reader, SIGKILL), 0);
    support_wait(&reader, &result);
    cr_assert_eq(support_await(run, RESTS), 0);
    decoded(&run);
}

/* -- streams ----------------------------------------------------------------------------------- */

/* Of a codec that shows something whatever it is given first. */
static char *clip_of_stream(void)
{
    return support_ringside_clip(
        "clip.ts",
        SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", "-c:v",
                          "mpeg4", "-g", "10", "-bf", "0", "-sc_threshold", "1000000000"));
}

/* The clip without end, in real time. */
static struct support_process *send_stream(char *url, size_t size)
{
    uint16_t port;
    struct support_process *sender;
    close(support_listen(&port)); /* free a moment ago */
    snprintf(url, size, "udp://127.0.0.1:%u", port);
    cr_assert_eq(
        support_start(&sender, SUPPORT_DEADLINE,
                      SUPPORT_ARGUMENTS("ffmpeg", "-v", "error", "-re", "-stream_loop", "-1", "-i",
                                        clip_of_stream(), "-c", "copy", "-f", "mpegts", url)),
        0);
    return sender;
}

static size_t find_frame(const struct support_reference *reference, const char *text)
{
    size_t i = 0;
    while (i < reference->count && !strstr(text, reference->frames[i].md5))
        i++;
    return i;
}

/* Beginning with a keyframe; and what came while nobody read is not decoded. */
Test(demand, stream_begins_with_a_keyframe_for_who_comes)
{
    char url[64];
    struct support_result result;
    struct support_reference reference = support_reference(clip_of_stream());
    struct support_process *sender = send_stream(url, sizeof url), *run = start(url, NULL);
    for (int i = 0; i < 2; i++) {
        char *text = read_ring("3");
        const size_t first = find_frame(&reference, text);
        cr_expect_eq(first % KEY_EVERY, 0, "frame %zu", first);
        cr_expect_eq(check_frames(text, &reference, first), 3);
        cr_assert_eq(support_await(run, RESTS), 0);
    }
    decoded(&run);
    support_signal(sender, SIGKILL);
    support_wait(&sender, &result);
}

Test(demand, worker_is_a_reader)
{
    struct support_result result;
    struct support_reference reference = support_reference(clip_of_stream());
    char *input;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip_of_stream()), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--on-demand", "-w", "framemd5", input));
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    support_reference_check(&reference, support_events(result.out), CAMERA, 0);
}
