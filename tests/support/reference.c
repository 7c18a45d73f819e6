#include "tests/support/reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/events.h"

static char *output_of(const char *const argv[])
{
    struct support_result result;
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, argv), 0, "no %s here", argv[0]);
    cr_assert_eq(result.exit_code, 0, "%s: %s", argv[0], result.err);
    free(result.err);
    return result.out;
}

static struct support_reference_frame *add_frame(struct support_reference *reference)
{
    reference->frames =
        realloc(reference->frames, (reference->count + 1) * sizeof *reference->frames);
    cr_assert_not_null(reference->frames);
    return &reference->frames[reference->count++];
}

/* Lines of "stream, dts, pts, duration, size, hash"; those that begin with '#' say other things. */
static void read_hashes(struct support_reference *reference, const char *clip)
{
    const char *const argv[] = {"ffmpeg", "-nostdin", "-v",    "error",     "-i",
                                clip,     "-map",     "0:v:0", "-fps_mode", "passthrough",
                                "-f",     "framemd5", "-",     NULL};
    char *text = output_of(argv);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *hash = strrchr(line, ',');
        if (line[0] == '#' || !hash)
            continue;
        struct support_reference_frame *frame = add_frame(reference);
        cr_assert_eq(sscanf(hash, ", %32[0-9a-f]", frame->md5), 1, "%s", line);
        frame->pts = NAN;
    }
    free(text);
    cr_assert_gt(reference->count, 0, "no frame in %s", clip);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A line of "pts|dts|flags": the pts, or where the container keeps none the dts, or NAN; false for
 * a packet that is not to be shown. */
static bool packet_time(const char *line, double *time)
{
    char pts[64];
    char dts[64];
    char flags[8];
    if (sscanf(line, "%63[^|]|%63[^|]|%7s", pts, dts, flags) != 3 || strchr(flags, 'D'))
        return false;
    const char *text = strcmp(pts, "N/A") == 0 ? dts : pts;
    *time = strcmp(text, "N/A") == 0 ? NAN : atof(text);
    return true;
}

/* Packets come in the order of decoding; sorted they are in that of showing. */
static void read_times(struct support_reference *reference, const char *clip)
{
    const char *const argv[] = {"ffprobe",
                                "-v",
                                "error",
                                "-select_streams",
                                "v:0",
                                "-show_entries",
                                "packet=pts_time,dts_time,flags",
                                "-of",
                                "compact=nokey=1:print_section=0",
                                clip,
                                NULL};
    char *text = output_of(argv);
    double *times = calloc(reference->count, sizeof *times);
    size_t count = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        double time;
        if (!packet_time(line, &time))
            continue;
        cr_assert_lt(count, reference->count, "%s has more packets than frames", clip);
        times[count++] = time;
    }
    cr_assert_eq(count, reference->count, "%s has fewer packets than frames", clip);
    qsort(times, count, sizeof *times, by_value);
    for (size_t i = 0; i < count; i++)
        reference->frames[i].pts = times[i];
    free(times);
    free(text);
}

struct support_reference support_reference(const char *clip)
{
    struct support_reference reference = {0};
    read_hashes(&reference, clip);
    read_times(&reference, clip);
    return reference;
}

/* Packets without times are shown one behind the other, from 0 on. */
static void check_time(const json_t *event, double pts)
{
    if (isnan(pts))
        cr_assert((support_integer(event, "seq") == 0) == (support_number(event, "pts") == 0), "%s",
                  json_dumps(event, 0));
    else
        cr_assert_lt(fabs(support_number(event, "pts") - pts), 2e-6, "%s, not %f",
                     json_dumps(event, 0), pts);
}

void support_reference_check(const struct support_reference *reference, const json_t *events,
                             const char *camera, int index)
{
    json_t *frames = support_events_pick(events, "frame", camera, index);
    cr_expect_eq(json_array_size(frames), reference->count, "camera %s, worker %d: %zu of %zu",
                 camera, index, json_array_size(frames), reference->count);
    size_t i;
    const json_t *event;
    json_array_foreach(frames, i, event)
    {
        if (i >= reference->count)
            break;
        const struct support_reference_frame *frame = &reference->frames[i];
        cr_assert_eq(support_integer(event, "seq"), (long long)i, "camera %s", camera);
        cr_assert_str_eq(support_text(event, "md5"), frame->md5, "camera %s, worker %d, frame %zu",
                         camera, index, i);
        check_time(event, frame->pts);
    }
    json_decref(frames);
}

void support_reference_append(struct support_reference *reference, struct support_reference *next)
{
    for (size_t i = 0; i < next->count; i++)
        *add_frame(reference) = next->frames[i];
    support_reference_free(next);
}

void support_reference_free(struct support_reference *reference)
{
    free(reference->frames);
    *reference = (struct support_reference){0};
}
