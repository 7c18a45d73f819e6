/*
 * Damaged inputs: bit noise at several rates, truncation, splices of two kinds, missing parts,
 * swapped packets; of several containers and codecs. None of them makes a process of the run fail,
 * hang or leave anything, and the camera beside them is complete. As many as RINGSIDE_DAMAGED says.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"

#define GOOD "good"
#define SCENE "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=1"

enum { KINDS = 6, A_RUN = 20, BY_DEFAULT = 120, MISSING_MAX = 5000 };

struct clip {
    char *path;
    unsigned char *data;
    size_t size;
};

struct workshop {
    struct clip clips[KINDS];
    uint32_t random;
};

static uint32_t random_below(struct workshop *workshop, size_t limit)
{
    workshop->random = workshop->random * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)workshop->random * limit) >> 32);
}

static void load(struct clip *clip)
{
    FILE *file = fopen(clip->path, "rb");
    cr_assert(file && fseek(file, 0, SEEK_END) == 0);
    clip->size = (size_t)ftell(file);
    clip->data = malloc(clip->size);
    rewind(file);
    cr_assert_eq(fread(clip->data, 1, clip->size, file), clip->size);
    fclose(file);
}

static void make_clips(struct workshop *workshop)
{
    static const char *const kinds[KINDS][3] = {
        {"h264.mp4", "libx264", "yuv420p"},    {"hevc.mkv", "libx265", "yuv420p"},
        {"mpeg2.ts", "mpeg2video", "yuv420p"}, {"mpeg4.avi", "mpeg4", "yuv420p"},
        {"vp9.webm", "libvpx-vp9", "yuv420p"}, {"mjpeg.mov", "mjpeg", "yuvj420p"}};
    for (size_t i = 0; i < KINDS; i++) {
        struct clip *clip = &workshop->clips[i];
        clip->path = support_ringside_clip(
            kinds[i][0], SUPPORT_ARGUMENTS(SCENE, "-c:v", kinds[i][1], "-pix_fmt", kinds[i][2]));
        load(clip);
    }
}

static void flip_bits(struct workshop *workshop, unsigned char *data, size_t size)
{
    static const unsigned counts[] = {1, 10, 100, 1000};
    for (unsigned left = counts[random_below(workshop, 4)]; left > 0; left--)
        data[random_below(workshop, size)] ^= (unsigned char)(1u << random_below(workshop, 8));
}

/* As many packets as a transport stream may have in a row, with as many of another place. In other
 * containers packets are of any size: it is a part of some that changes places. */
static void swap_packets(struct workshop *workshop, unsigned char *data, size_t size)
{
    enum { PACKET = 188, A_TIME = 32 };
    unsigned char kept[PACKET * A_TIME];
    for (unsigned left = 1 + random_below(workshop, 10); left > 0; left--) {
        const size_t length = PACKET * (1 + random_below(workshop, A_TIME));
        const size_t one = random_below(workshop, (size - length) / PACKET) * PACKET;
        const size_t other = random_below(workshop, (size - length) / PACKET) * PACKET;
        memcpy(kept, data + one, length);
        memmove(data + one, data + other, length);
        memcpy(data + other, kept, length);
    }
}

static void write_changed(struct workshop *workshop, FILE *file, const struct clip *clip,
                          void (*change)(struct workshop *, unsigned char *, size_t))
{
    unsigned char *changed = malloc(clip->size);
    memcpy(changed, clip->data, clip->size);
    change(workshop, changed, clip->size);
    fwrite(changed, 1, clip->size, file);
    free(changed);
}

/* What becomes of the clip: a part of it, damaged, and what follows. */
static void damage(struct workshop *workshop, FILE *file)
{
    struct clip *clip = &workshop->clips[random_below(workshop, KINDS)];
    const struct clip *other = &workshop->clips[random_below(workshop, KINDS)];
    const size_t cut = random_below(workshop, clip->size);
    size_t rest = 0;
    switch (random_below(workshop, 5)) {
    case 0: /* truncated */
        fwrite(clip->data, 1, cut, file);
        break;
    case 1: /* noise */
        write_changed(workshop, file, clip, flip_bits);
        break;
    case 3:
        write_changed(workshop, file, clip, swap_packets);
        break;
    case 2: /* spliced */
        rest = random_below(workshop, other->size);
        fwrite(clip->data, 1, cut, file);
        fwrite(other->data + rest, 1, other->size - rest, file);
        break;
    default: /* with a hole */
        rest = cut + random_below(workshop, MISSING_MAX);
        fwrite(clip->data, 1, cut, file);
        if (rest < clip->size)
            fwrite(clip->data + rest, 1, clip->size - rest, file);
    }
}

static void write_damaged(struct workshop *workshop, const char *path)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    damage(workshop, file);
    cr_assert_eq(fclose(file), 0);
}

/* So many beside a good one. */
static void check_run(struct workshop *workshop, const struct support_reference *reference)
{
    char paths[A_RUN][512], good[512];
    const char *arguments[A_RUN + 5] = {"run", "-w", "framemd5", good};
    struct support_result result;
    snprintf(good, sizeof good, GOOD "=%s", workshop->clips[0].path);
    for (size_t i = 0; i < A_RUN; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/damaged-%zu", getenv("TMPDIR"), i);
        write_damaged(workshop, paths[i]);
        arguments[4 + i] = paths[i];
    }
    const uint32_t seed = workshop->random;
    support_ringside(&result, arguments);
    cr_expect(result.exit_code == 0 || result.exit_code == 1 || result.exit_code == 3, "%u: %d",
              seed, result.exit_code);
    cr_expect_null(strstr(result.err, "its decoder was killed"), "%u: %s", seed, result.err);
    cr_expect_null(strstr(result.err, "its decoder exited"), "%u: %s", seed, result.err);
    json_t *events = support_events(result.out);
    support_reference_check(reference, events, GOOD, 0);
    cr_expect_eq(json_array_size(support_events_pick(events, "summary", NULL, -1)), A_RUN + 1);
    support_result_free(&result);
    json_decref(events);
}

Test(damaged, inputs_harm_nobody, .timeout = 550)
{
    struct workshop workshop = {.random = 1};
    const char *asked = getenv("RINGSIDE_DAMAGED");
    const unsigned count = asked ? (unsigned)atoi(asked) : BY_DEFAULT;
    make_clips(&workshop);
    struct support_reference reference = support_reference(workshop.clips[0].path);
    unsigned done = 0;
    for (; done < count; done += A_RUN)
        check_run(&workshop, &reference);
    fprintf(stderr, "%u damaged inputs\n", done);
}

/* There, what reads FFmpeg's lines is the thread that they come from; of thousands, a socket holds
 * only some. */
Test(damaged, inline_and_verbose_comes_to_its_end)
{
    struct support_result result;
    char *path = support_ringside_clip(
        "noise.ts",
        SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=160x120:duration=20", "-c:v",
                          "mpeg2video", "-b:v", "2M", "-g", "10", "-bsf:v", "noise=amount=100"));
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--inline", "-v", "-w", "null", path));
    cr_expect_eq(result.exit_code, 3, "%s", result.err);
    free(path);
}
