/* Whatever clip goes in, every worker gets exactly the frames that FFmpeg shows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"

#define CAMERA "camera"
#define LAVFI(graph) "-f", "lavfi", "-i", graph
#define PICTURE LAVFI("testsrc2=size=320x240:rate=25:duration=1")
#define SHORT_PICTURE LAVFI("testsrc2=size=320x240:rate=25:duration=0.4")
#define ODD_PICTURE LAVFI("testsrc=size=319x241:rate=25:duration=0.4")

/* However many threads decode, and where there are no slots to decode into. */
static void check_way(const char *input, const struct support_reference *reference,
                      const char *option, const char *value)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", option, value, "-w", "framemd5", input));
    cr_expect_str_eq(result.err, "");
    cr_expect_eq(result.exit_code, 0);
    json_t *events = support_events(result.out);
    support_reference_check(reference, events, CAMERA, 0);
    support_summary_check(support_summary(events, CAMERA), reference->count, 1);
    support_result_free(&result);
}

static void check_clip(const char *clip)
{
    char *input;
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", "-w", "framemd5", "-w",
                                                "motion", input));
    cr_expect_str_eq(result.err, "");
    cr_expect_eq(result.exit_code, 0);

    struct support_reference reference = support_reference(clip);
    json_t *events = support_events(result.out);
    support_reference_check(&reference, events, CAMERA, 0);
    support_reference_check(&reference, events, CAMERA, 1);
    const json_t *summary = support_summary(events, CAMERA);
    support_summary_check(summary, reference.count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(support_integer(support_summary_worker(summary, i), "skipped"), 0);
    check_way(input, &reference, "--threads", "4");
    check_way(input, &reference, "--slots", "2");
    free(input);
}

/* What ffprobe says of the first video stream: e.g. field "pix_fmt". */
static void check_field(const char *clip, const char *field, const char *expected)
{
    char entries[64];
    snprintf(entries, sizeof entries, "stream=%s", field);
    struct support_result result;
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE,
                             SUPPORT_ARGUMENTS("ffprobe", "-v", "error", "-select_streams", "v:0",
                                               "-show_entries", entries, "-of",
                                               "default=nokey=1:noprint_wrappers=1", clip)),
                 0);
    result.out[strcspn(result.out, "\n")] = '\0';
    cr_assert_str_eq(result.out, expected, "%s of %s", field, clip);
    support_result_free(&result);
}

/* A clip by its file name and ffmpeg's arguments. */
#define CLIP(name, file, ...)                                                                      \
    Test(clip, name)                                                                               \
    {                                                                                              \
        char *clip = support_ringside_clip(file, SUPPORT_ARGUMENTS(__VA_ARGS__));                  \
        check_clip(clip);                                                                          \
        free(clip);                                                                                \
    }

/* The same, where it is only a test if the decoder really gives that pixel format. */
#define CLIP_OF_FORMAT(name, format, file, ...)                                                    \
    Test(clip, name)                                                                               \
    {                                                                                              \
        char *clip = support_ringside_clip(file, SUPPORT_ARGUMENTS(__VA_ARGS__));                  \
        check_field(clip, "pix_fmt", format);                                                      \
        check_clip(clip);                                                                          \
        free(clip);                                                                                \
    }

#define CLIP_OF_ODD_SIZE(name, format, file, ...)                                                  \
    Test(clip, name)                                                                               \
    {                                                                                              \
        char *clip = support_ringside_clip(file, SUPPORT_ARGUMENTS(__VA_ARGS__));                  \
        check_field(clip, "width", "319");                                                         \
        check_field(clip, "height", "241");                                                        \
        check_field(clip, "pix_fmt", format);                                                      \
        check_clip(clip);                                                                          \
        free(clip);                                                                                \
    }

/* -- codecs and containers --------------------------------------------------------------------- */

Test(clip, h264_with_b_frames_in_mp4)
{
    char *clip = support_ringside_clip(
        "b-frames.mp4", SUPPORT_ARGUMENTS(PICTURE, "-c:v", "libx264", "-bf", "3", "-b_strategy",
                                          "0", "-pix_fmt", "yuv420p"));
    check_field(clip, "has_b_frames", "2");
    check_clip(clip);
    free(clip);
}

CLIP(hevc_in_mkv, "hevc.mkv", PICTURE, "-c:v", "libx265", "-x265-params", "log-level=none",
     "-pix_fmt", "yuv420p")
CLIP(mpeg4_in_avi, "mpeg4.avi", PICTURE, "-c:v", "mpeg4")
CLIP(mjpeg_in_avi, "mjpeg.avi", PICTURE, "-c:v", "mjpeg", "-pix_fmt", "yuvj422p")
CLIP(vp9_in_webm, "vp9.webm", PICTURE, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used",
     "8", "-pix_fmt", "yuv420p")
CLIP(vp9_with_hidden_frames, "hidden.webm", PICTURE, "-c:v", "libvpx-vp9", "-auto-alt-ref", "1",
     "-lag-in-frames", "16", "-cpu-used", "5", "-pix_fmt", "yuv420p")
CLIP(h264_in_ts, "h264.ts", PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p")
CLIP(mpeg2_in_ts, "mpeg2.ts", PICTURE, "-c:v", "mpeg2video", "-bf", "2")
CLIP(h264_interlaced, "interlaced.mp4", PICTURE, "-c:v", "libx264", "-flags", "+ildct+ilme",
     "-x264opts", "tff=1", "-pix_fmt", "yuv420p")
CLIP(h264_fragmented, "fragmented.mp4", PICTURE, "-c:v", "libx264", "-g", "5", "-movflags",
     "frag_keyframe+empty_moov", "-pix_fmt", "yuv420p")
CLIP(gif, "pictures.gif", SHORT_PICTURE)
CLIP(one_png, "picture.png", LAVFI("testsrc2=size=320x240:rate=25:duration=0.04"))
CLIP(one_frame, "frame.mp4", LAVFI("testsrc2=size=320x240:rate=25:duration=0.04"), "-c:v",
     "libx264", "-pix_fmt", "yuv420p")
CLIP(without_a_container_or_times, "raw.h264", SHORT_PICTURE, "-c:v", "libx264", "-bf", "0",
     "-pix_fmt", "yuv420p")
CLIP(sound_that_lasts_longer, "sound.mkv", SHORT_PICTURE, LAVFI("sine=duration=2"), "-c:v", "ffv1",
     "-c:a", "flac")

/* -- pixel formats and sizes ------------------------------------------------------------------- */

CLIP_OF_FORMAT(yuv422p10, "yuv422p10le", "yuv422p10.mp4", SHORT_PICTURE, "-c:v", "libx264",
               "-pix_fmt", "yuv422p10le")
CLIP_OF_FORMAT(yuv444p10, "yuv444p10le", "yuv444p10.mkv", SHORT_PICTURE, "-c:v", "libx265",
               "-x265-params", "log-level=none", "-pix_fmt", "yuv444p10le")
CLIP_OF_FORMAT(full_range, "yuvj420p", "full.mp4", SHORT_PICTURE, "-c:v", "libx264", "-pix_fmt",
               "yuvj420p")
CLIP_OF_FORMAT(gray, "gray", "gray.mkv", SHORT_PICTURE, "-c:v", "ffv1", "-pix_fmt", "gray")
CLIP(h264_without_colour, "gray.mp4", SHORT_PICTURE, "-c:v", "libx264", "-pix_fmt", "gray")
CLIP_OF_FORMAT(gray16, "gray16le", "gray16.mkv", SHORT_PICTURE, "-c:v", "ffv1", "-pix_fmt",
               "gray16le")
CLIP_OF_FORMAT(gbrp, "gbrp", "gbrp.mkv", SHORT_PICTURE, "-c:v", "libx264rgb", "-pix_fmt", "bgr24")

CLIP_OF_ODD_SIZE(odd_mpeg4, "yuv420p", "odd.avi", ODD_PICTURE, "-c:v", "mpeg4")
CLIP_OF_ODD_SIZE(odd_vp9, "yuv420p", "odd.webm", ODD_PICTURE, "-c:v", "libvpx-vp9", "-deadline",
                 "realtime", "-cpu-used", "8", "-pix_fmt", "yuv420p")
CLIP_OF_ODD_SIZE(odd_h264, "yuv444p", "odd.mp4", ODD_PICTURE, "-c:v", "libx264", "-pix_fmt",
                 "yuv444p")
CLIP_OF_ODD_SIZE(odd_10_bit, "yuv420p10le", "odd-10.mkv", ODD_PICTURE, "-c:v", "ffv1", "-pix_fmt",
                 "yuv420p10le")

Test(clip, cropped_at_each_side)
{
    char *clip = support_ringside_clip(
        "cropped.mp4",
        SUPPORT_ARGUMENTS(SHORT_PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bsf:v",
                          "h264_metadata=crop_left=6:crop_top=10:crop_right=8:"
                          "crop_bottom=4"));
    check_field(clip, "height", "226");
    check_clip(clip);
    free(clip);
}

/* One run of one input for each: a decoder gives them as they lie in the file. */
static const char *const raw_formats[] = {
    "nv12",     "nv21",     "yuyv422",   "uyvy422",   "yvyu422",      "yuv410p",  "yuv411p",
    "yuv440p",  "gray9le",  "gray10be",  "gray12le",  "yuv420p12be",  "yuva420p", "yuva422p10le",
    "ya8",      "monow",    "monob",     "pal8",      "yuva444p16le", "rgb24",    "bgr0",
    "argb",     "rgb565le", "rgb444be",  "bgr48be",   "rgba64le",     "gbrp9le",  "gbrp10le",
    "gbrp14be", "gbrap",    "gbrap16be", "bgr4_byte", "yuv444p16be",  "rgb8",
};

enum { RAW_FORMATS = sizeof raw_formats / sizeof *raw_formats };

static char *make_raw(const char *format, const char *source)
{
    char name[64];
    snprintf(name, sizeof name, "%s.nut", format);
    char *clip = support_ringside_clip(name, SUPPORT_ARGUMENTS("-f", "lavfi", "-i", source, "-c:v",
                                                               "rawvideo", "-pix_fmt", format));
    check_field(clip, "pix_fmt", format);
    return clip;
}

Test(clip, formats_as_they_are_in_the_file)
{
    const char *arguments[RAW_FORMATS + 6] = {"run", "-w", "framemd5", "-w", "motion"};
    char *clips[RAW_FORMATS];
    for (size_t i = 0; i < RAW_FORMATS; i++)
        arguments[5 + i] = clips[i] =
            make_raw(raw_formats[i], "testsrc=size=63x47:rate=25:duration=0.12");
    struct support_result result;
    support_ringside(&result, arguments);
    cr_expect_str_eq(result.err, "");
    cr_expect_eq(result.exit_code, 0);
    json_t *events = support_events(result.out);
    for (size_t i = 0; i < RAW_FORMATS; i++) {
        struct support_reference reference = support_reference(clips[i]);
        support_reference_check(&reference, events, raw_formats[i], 0);
        support_summary_check(support_summary(events, raw_formats[i]), 3, 2);
    }
}

/* -- times ------------------------------------------------------------------------------------- */

CLIP(variable_frame_rate, "variable.mp4", LAVFI("testsrc2=size=320x240:rate=30:duration=2"), "-vf",
     "select='not(mod(n\\,7))+not(mod(n\\,5))',setpts='PTS+mod(N,3)*0.004/TB'", "-fps_mode", "vfr",
     "-enc_time_base", "1:90000", "-c:v", "libx264", "-pix_fmt", "yuv420p")
/* It was taken for one that lacks its first 100 seconds. */
CLIP(that_starts_late_is_complete, "late.mkv", SHORT_PICTURE, "-c:v", "ffv1", "-output_ts_offset",
     "100")

/* -- real clips -------------------------------------------------------------------------------- */

Test(real_clip, car_detection)
{
    check_clip(support_ringside_real_clip("car-detection.mp4"));
}

Test(real_clip, bottle_detection)
{
    check_clip(support_ringside_real_clip("bottle-detection.mp4"));
}
