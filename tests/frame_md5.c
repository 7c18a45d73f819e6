/*
 * The hash of a frame against FFmpeg's own: the picture packed by
 * av_image_copy_to_buffer, as framemd5 does, then hashed in one go.
 */
#include "tests/frame_picture.h"

#include <libavutil/imgutils.h>
#include <libavutil/md5.h>

#include "libframe/avframe.h"
#include "libframe/md5.h"

static void reference_md5(const struct frame *frame, char hex[FRAME_MD5_SIZE])
{
    enum AVPixelFormat format = frame_format_to_av(frame->info->format);
    int size = av_image_get_buffer_size(format, frame->width, frame->height, 1);
    int strides[4];
    uint8_t digest[16];

    cr_assert_gt(size, 0);
    uint8_t *packed = malloc((size_t)size);

    cr_assert_not_null(packed);
    for (int i = 0; i < 4; i++)
        strides[i] = (int)frame->strides[i];
    cr_assert_eq(av_image_copy_to_buffer(packed, size, frame->planes, strides, format, frame->width,
                                         frame->height, 1),
                 size);
    av_md5_sum(digest, packed, (size_t)size);
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    free(packed);
}

static void check(enum frame_format format, uint32_t width, uint32_t height, uint32_t align)
{
    struct picture picture;
    char expected[FRAME_MD5_SIZE], hex[FRAME_MD5_SIZE];

    picture_create(&picture, format, width, height, align);
    reference_md5(&picture.frame, expected);
    cr_assert_eq(frame_md5(&picture.frame, hex), 0);
    cr_assert_str_eq(hex, expected, "%s %ux%u aligned to %u", frame_format_name(format), width,
                     height, align);
    picture_destroy(&picture);
}

Test(frame_md5, is_ffmpegs_for_every_format)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;

        check(format, 319, 241, 64);
        check(format, 319, 241, 1);
        check(format, 1, 1, 16);
        check(format, 6, 5, 4096);
    }
}

/* A hash known beforehand, so that both sides can't be wrong together. */
Test(frame_md5, of_a_known_picture)
{
    struct picture picture;
    char hex[FRAME_MD5_SIZE];

    picture_create(&picture, FRAME_FORMAT_GRAY8, 3, 1, 64);
    memcpy(picture_plane(&picture, 0), "abc", 3);
    cr_assert_eq(frame_md5(&picture.frame, hex), 0);
    cr_assert_str_eq(hex, "900150983cd24fb0d6963f7d28e17f72"); /* RFC 1321, A.5 */
    picture_destroy(&picture);
}

Test(frame_md5, ignores_padding_and_sees_every_pixel)
{
    struct picture picture;
    char before[FRAME_MD5_SIZE], after[FRAME_MD5_SIZE];

    picture_create(&picture, FRAME_FORMAT_YUV420P, 33, 3, 64);
    cr_assert_eq(frame_md5(&picture.frame, before), 0);
    picture_plane(&picture, 0)[33] ^= 1;
    picture.data[picture.descriptor.size - 1] ^= 1;
    cr_assert_eq(frame_md5(&picture.frame, after), 0);
    cr_assert_str_eq(after, before);
    picture_plane(&picture, 2)[picture.descriptor.strides[2] + 16] ^= 1; /* the last of all */
    cr_assert_eq(frame_md5(&picture.frame, after), 0);
    cr_assert_str_neq(after, before);
    picture_destroy(&picture);
}
