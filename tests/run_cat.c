/* ringside cat and snap: a camera's frames for other programs. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

/* In a pipeline; nobody else's runs at the same time have it. */
#define CAMERA "$CAMERA"
#define LAVFI(graph) "-f", "lavfi", "-i", graph

static const char *camera(void)
{
    static char name[32];
    snprintf(name, sizeof name, "gate-%d", (int)getpid());
    setenv("CAMERA", name, 1);
    return name;
}

/* A run that stands still in the middle of its work, since nobody reads what it has to tell. */
struct scene {
    struct support_process *run;
    char *clip;
    char ring[RING_NAME_MAX + 1];
};

static void stand_still(struct scene *scene, char *clip, const char *plays)
{
    char *input;
    cr_assert_geq(asprintf(&input, "%s=%s", camera(), clip), 0);
    scene->clip = clip;
    scene->run = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--loop", plays, "-w", "framemd5", "-w", "framemd5", input));
    support_ringside_await_full(scene->run);
    snprintf(scene->ring, sizeof scene->ring, "%d-0-%s", (int)support_pid(scene->run), camera());
    free(input);
}

static char *small_clip(void)
{
    return support_ringside_clip("small.mp4",
                                 SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=64x48:rate=25:duration=1"),
                                                   "-c:v", "libx264", "-pix_fmt", "yuv420p"));
}

/* `pipeline` is a shell's, in which $RINGSIDE is the program. */
static struct support_process *start(const char *pipeline)
{
    struct support_process *process;
    cr_assert_eq(support_start(&process, SUPPORT_DEADLINE,
                               SUPPORT_ARGUMENTS("bash", "-o", "pipefail", "-c", pipeline)),
                 0);
    return process;
}

/* There is no event that tells of it. */
static void await_reader(const struct scene *scene, enum ring_policy policy)
{
    struct ring_info info;
    bool attached = false;
    while (!attached) {
        cr_assert_eq(ring_inspect_name(scene->ring, &info), 0);
        for (unsigned i = 0; i < RING_READERS_MAX; i++)
            attached |= info.reader[i].attached && i > 1 && info.reader[i].policy == policy;
        usleep(1000);
    }
}

static struct support_result end(struct support_process *process, int status)
{
    struct support_result result;
    support_wait(&process, &result);
    cr_expect(!result.expired);
    cr_expect_eq(result.leftover, 0);
    cr_expect_eq(result.exit_code, status, "%d: %s", result.exit_code, result.err);
    return result;
}

static size_t go_on(struct scene *scene)
{
    struct support_result result;
    support_ringside_wait(&scene->run, &result);
    cr_expect_eq(result.exit_code, 0, "%s", result.err);
    json_t *events = support_events(result.out);
    size_t published = (size_t)support_integer(support_summary(events, camera()), "published");
    json_decref(events);
    support_result_free(&result);
    return published;
}

/* The lines of a framemd5 end with the hash. */
static void check_hashes(char *text, const struct scene *scene, size_t published)
{
    struct support_reference reference = support_reference(scene->clip);
    size_t count = 0, seq;
    for (const char *c = text; *c; c++)
        count += *c == '\n';
    cr_assert(count > 100 && count < published, "%zu frames", count);
    seq = published - count;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), seq++)
        cr_assert_str_eq(strrchr(line, ' ') + 1, reference.frames[seq % reference.count].md5);
    support_reference_free(&reference);
}

/* Into a file, and out of it at the end: a pipe that nobody reads in the meantime would stop the
 * camera, which is lossless. */
#define HASHES " >\"$TMPDIR/hashes\" && grep -v '^#' \"$TMPDIR/hashes\""

static void check_exact(char *clip, const char *pipeline)
{
    struct scene scene;
    stand_still(&scene, clip, "80");
    struct support_process *cat = start(pipeline);
    await_reader(&scene, RING_LOSSLESS);
    size_t published = go_on(&scene);
    struct support_result result = end(cat, 0);
    check_hashes(result.out, &scene, published);
    support_result_free(&result);
    free(clip);
}

Test(cat, y4m_is_exactly_what_the_camera_shows)
{
    check_exact(small_clip(), "\"$RINGSIDE\" cat --policy lossless " CAMERA
                              " | ffmpeg -v error -i - -f framemd5 -" HASHES);
}

Test(cat, raw_video_is_exactly_what_the_camera_shows)
{
    char *clip = support_ringside_clip(
        "rgb.mkv", SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=64x48:rate=25:duration=1"), "-c:v",
                                     "ffv1", "-pix_fmt", "bgra"));
    check_exact(clip,
                "\"$RINGSIDE\" cat -f rawvideo --policy lossless " CAMERA
                " | ffmpeg -v error -f rawvideo -s 64x48 -pix_fmt bgra -i - -f framemd5 -" HASHES);
}

Test(cat, y4m_of_ten_bits_is_exactly_what_the_camera_shows)
{
    char *clip = support_ringside_clip(
        "ten.mkv", SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=64x48:rate=25:duration=1"), "-c:v",
                                     "ffv1", "-pix_fmt", "yuv422p10le"));
    check_exact(clip, "\"$RINGSIDE\" cat --policy lossless " CAMERA
                      " | ffmpeg -v error -i - -f framemd5 -" HASHES);
}

/* A pipeline beside a run that waits for nothing, which is ended afterwards. */
static struct support_result beside_a_run(char *clip, const char *pipeline, int status)
{
    char *input;
    cr_assert_geq(asprintf(&input, "%s=%s", camera(), clip), 0);
    struct support_process *run =
        support_ringside_start(SUPPORT_ARGUMENTS("run", "--loop", "0", "-w", "null", input));
    struct ring_info info;
    char ring[RING_NAME_MAX + 1];
    snprintf(ring, sizeof ring, "%d-0-%s", (int)support_pid(run), camera());
    while (ring_inspect_name(ring, &info) != 0 || !info.published)
        usleep(1000);
    struct support_result result = end(start(pipeline), status), end_of_run;
    cr_assert_eq(support_signal(run, SIGTERM), 0);
    support_ringside_wait(&run, &end_of_run);
    cr_expect_eq(end_of_run.exit_code, 128 + SIGTERM);
    support_result_free(&end_of_run);
    free(input);
    free(clip);
    return result;
}

Test(cat, reader_that_goes_ends_it_quietly)
{
    struct support_result result = beside_a_run(
        small_clip(), "(\"$RINGSIDE\" cat " CAMERA "; echo $? >&2) | head -c 1M | wc -c", 0);
    cr_expect_str_eq(result.out, "1048576\n");
    cr_expect_str_eq(result.err, "0\n");
    support_result_free(&result);
}

/* Also when there is nothing to write, so that no write can tell. */
Test(cat, reader_that_goes_while_the_camera_is_silent_ends_it_quietly)
{
    struct scene scene;
    int ends[2];
    char pipeline[128];
    stand_still(&scene, small_clip(), "80");
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    int out = dup(ends[1]); /* without O_CLOEXEC, for the child */
    snprintf(pipeline, sizeof pipeline, "exec \"$RINGSIDE\" cat --policy latest " CAMERA " >&%d",
             out);
    struct support_process *cat = start(pipeline);
    close(out);
    close(ends[1]);
    await_reader(&scene, RING_LATEST);
    close(ends[0]);
    struct support_result result = end(cat, 0);
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
    go_on(&scene);
    free(scene.clip);
}

Test(cat, mjpeg_is_a_stream_of_pictures)
{
    struct support_result result =
        beside_a_run(small_clip(),
                     "\"$RINGSIDE\" cat -f mjpeg -n 7 " CAMERA
                     " | ffprobe -v error -f mjpeg -count_frames -show_entries"
                     " stream=codec_name,width,height,pix_fmt,nb_read_frames -of csv=p=0 -",
                     0);
    cr_expect_str_eq(result.out, "mjpeg,64,48,yuvj420p,7\n");
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
}

/* Its pixels have no place in Y4M; the nearest that has keeps the chroma. */
Test(cat, format_that_y4m_lacks_is_converted)
{
    char *clip = support_ringside_clip(
        "rgb.mkv", SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=64x48:rate=25:duration=1"), "-c:v",
                                     "ffv1", "-pix_fmt", "bgra"));
    struct support_result result = beside_a_run(
        clip,
        "\"$RINGSIDE\" cat -n 3 --fps 5 " CAMERA " | ffprobe -v error -count_frames -show_entries"
        " stream=width,height,pix_fmt,r_frame_rate,nb_read_frames -of csv=p=0 -",
        0);
    cr_expect_str_eq(result.out, "64,48,yuv444p,5/1,3\n");
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
}

/* -- snap ---------------------------------------------------------------------------------------
 */

#define PROBE "ffprobe -v error -show_entries stream=codec_name,width,height,pix_fmt -of csv=p=0 "

Test(snap, file_is_a_picture_of_the_kind_that_its_name_says)
{
    struct support_result result =
        beside_a_run(small_clip(),
                     "mkdir \"$TMPDIR/s\" && cd \"$TMPDIR/s\" && for f in a.png b.JPG c.jpeg; do "
                     "\"$RINGSIDE\" snap -o $f " CAMERA " && " PROBE
                     "$f; done; ls -A; \"$RINGSIDE\" snap " CAMERA " | " PROBE "-",
                     0);
    cr_expect_str_eq(result.out, "png,64,48,rgb24\nmjpeg,64,48,yuvj420p\nmjpeg,64,48,yuvj420p\n"
                                 "a.png\nb.JPG\nc.jpeg\nmjpeg,64,48,yuvj420p\n");
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
}

/* PNG keeps what the camera shows: the picture is one of the clip's frames, exactly. */
Test(snap, png_of_rgb_is_exact)
{
    char *clip = support_ringside_clip(
        "rgb.mkv", SUPPORT_ARGUMENTS(LAVFI("testsrc2=size=64x48:rate=25:duration=1"), "-c:v",
                                     "ffv1", "-pix_fmt", "bgr0"));
    char *pipeline;
    cr_assert_geq(
        asprintf(&pipeline,
                 "cd \"$TMPDIR\" && \"$RINGSIDE\" snap -o a.png " CAMERA
                 " && ffmpeg -v error -i a.png -pix_fmt rgb24 -f framemd5 - | grep -v '^#' |"
                 " sed 's/.* //' >hash && ffmpeg -v error -i '%s' -pix_fmt rgb24 -f framemd5 - |"
                 " grep -f hash >found && echo it is there",
                 clip),
        0);
    struct support_result result = beside_a_run(clip, pipeline, 0);
    cr_expect_str_eq(result.out, "it is there\n");
    cr_expect_str_eq(result.err, "");
    support_result_free(&result);
    free(pipeline);
}

Test(snap, camera_that_is_silent_is_not_waited_for_for_ever)
{
    struct scene scene;
    struct ring_info info;
    stand_still(&scene, small_clip(), "80");
    cr_assert_eq(ring_inspect_name(scene.ring, &info), 0);
    cr_assert_eq(kill(info.writer, SIGSTOP), 0);
    struct support_result result =
        end(start("\"$RINGSIDE\" snap -t 0.1 -o \"$TMPDIR/none.png\" " CAMERA), 1);
    cr_expect_not_null(strstr(result.err, ": no frame within 0.1 s\n"), "%s", result.err);
    support_result_free(&result);
    cr_assert_eq(kill(info.writer, SIGCONT), 0);
    result = end(start("ls \"$TMPDIR\" | grep none"), 1);
    support_result_free(&result);
    go_on(&scene);
    free(scene.clip);
}

/* -- bad input ----------------------------------------------------------------------------------
 */

static void check_refused(const char *arguments, int status, const char *line)
{
    char pipeline[256];
    snprintf(pipeline, sizeof pipeline, "\"$RINGSIDE\" %s", arguments);
    struct support_result result = end(start(pipeline), status);
    cr_expect_str_eq(result.out, "");
    cr_expect_str_eq(result.err, line);
    support_result_free(&result);
}

#define SEE "; see 'ringside help cat'\n"

Test(cat, bad_arguments_are_told_in_a_line)
{
    check_refused("cat", 2, "ringside cat: give one camera" SEE);
    check_refused("cat a b", 2, "ringside cat: give one camera" SEE);
    check_refused("cat --format", 2, "ringside cat: --format needs a value" SEE);
    check_refused("cat -x a", 2, "ringside cat: no option '-x'" SEE);
    check_refused("cat -f avi a", 2,
                  "ringside cat: --format avi: must be y4m, rawvideo or mjpeg" SEE);
    check_refused("cat --fps 0 a", 2,
                  "ringside cat: --fps 0: must be a number above 0, up to 1000" SEE);
    check_refused("cat -n 0 a", 2, "ringside cat: --frames 0: must be a whole number above 0" SEE);
    check_refused("cat --policy all a", 2,
                  "ringside cat: --policy all: must be lossless, lossy or latest" SEE);
    check_refused("cat a >/dev/ptmx", 2,
                  "ringside cat: standard output is a terminal; give it a pipe or a file" SEE);
    check_refused("cat no-such-camera", 1,
                  "ringside cat: no-such-camera: no camera or ring of that name; 'ringside ls' "
                  "lists them\n");
}

#define SEE_SNAP "; see 'ringside help snap'\n"

Test(snap, bad_arguments_are_told_in_a_line)
{
    check_refused("snap -o a.gif a", 2,
                  "ringside snap: --output a.gif: must end in .jpg, .jpeg or .png" SEE_SNAP);
    check_refused("snap -q 0 a", 2,
                  "ringside snap: --quality 0: must be a number from 1 to 100" SEE_SNAP);
    check_refused("snap -t x a", 2,
                  "ringside snap: --timeout x: must be a number from 0 to 1e+06" SEE_SNAP);
    check_refused("snap", 2, "ringside snap: give one camera" SEE_SNAP);
    check_refused("snap a >/dev/ptmx", 2,
                  "ringside snap: standard output is a terminal; give --output FILE" SEE_SNAP);
    check_refused("snap no-such-camera", 1,
                  "ringside snap: no-such-camera: no camera or ring of that name; 'ringside ls' "
                  "lists them\n");
}

Test(cat, name_of_two_cameras_is_not_guessed)
{
    struct scene first, second;
    stand_still(&first, small_clip(), "80");
    stand_still(&second, small_clip(), "80");
    struct support_result result = end(start("\"$RINGSIDE\" cat " CAMERA), 1);
    cr_expect_not_null(strstr(result.err, "there are several; name one of"));
    cr_expect_not_null(strstr(result.err, first.ring));
    cr_expect_not_null(strstr(result.err, second.ring));
    support_result_free(&result);
    char pipeline[256];
    snprintf(pipeline, sizeof pipeline, "\"$RINGSIDE\" cat %s | wc -c", second.ring);
    struct support_process *cat = start(pipeline);
    await_reader(&second, RING_LOSSY);
    go_on(&first);
    go_on(&second);
    result = end(cat, 0);
    cr_expect_gt(atol(result.out), 100000);
    support_result_free(&result);
    free(first.clip);
    free(second.clip);
}
