#include "libframe/md5.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <libavutil/md5.h>

#define DIGEST_SIZE 16
#define STATE_SIZE 256 /* bytes; libavutil's is 88, and is asked for its size all the same */

static void hash_palette(struct AVMD5 *md5, const uint8_t *palette)
{
    uint32_t colours[FRAME_PALETTE_SIZE / sizeof(uint32_t)];

    memcpy(colours, palette, sizeof(colours));
    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
        colours[i] = htole32(colours[i]);
    av_md5_update(md5, (const uint8_t *)colours, sizeof(colours));
}

static void hash_plane(struct AVMD5 *md5, const struct frame *frame, int plane)
{
    size_t row_bytes = frame_row_bytes(frame, plane);
    uint32_t rows = frame_rows(frame, plane);
    const uint8_t *row = frame->planes[plane];

    for (uint32_t i = 0; i < rows; i++, row += frame->strides[plane])
        av_md5_update(md5, row, row_bytes);
}

int frame_md5(const struct frame *frame, char hex[FRAME_MD5_SIZE])
{
    _Alignas(max_align_t) uint8_t state[STATE_SIZE];
    struct AVMD5 *md5 = (struct AVMD5 *)(void *)state;
    uint8_t digest[DIGEST_SIZE];

    if (av_md5_size > STATE_SIZE)
        return -ENOMEM;
    av_md5_init(md5);
    for (int i = 0; i < frame->info->plane_count; i++) {
        if (i == 1 && frame->info->palette)
            hash_palette(md5, frame->planes[i]);
        else
            hash_plane(md5, frame, i);
    }
    av_md5_final(md5, digest);

    for (int i = 0; i < DIGEST_SIZE; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    return 0;
}
