/* What a codec leaves of a picture: MPEG-4 at a fixed quantizer, there and back. */
#ifndef BENCH_MOTION_CODEC_H
#define BENCH_MOTION_CODEC_H

#include <stdint.h>

struct codec;

/* -ENOMEM, -ENOSYS. */
int codec_create(struct codec **out, int width, int height, int quantizer);
void codec_destroy(struct codec **codec);

/* Replaces a gray picture by what comes out. -EIO. */
int codec_pass(struct codec *codec, uint8_t *data, int stride);

#endif
