#include "bench/ringbench/pipeline/digest.h"

#define SAMPLES 4 /* of each plane, in each direction */
#define PRIME UINT64_C(1099511628211)

static int half(int pixels)
{
    return (pixels + 1) / 2;
}

size_t digest_unpack(struct digest_picture *picture, const void *data, int width, int height,
                     int align)
{
    const uint8_t *at = data;
    *picture = (struct digest_picture){.width = width, .height = height};
    for (int i = 0; i < DIGEST_PLANES; i++) {
        const int columns = i ? half(width) : width, rows = i ? half(height) : height;
        picture->planes[i] = at;
        picture->strides[i] = (columns + align - 1) & -align;
        at += picture->strides[i] * rows;
    }
    return (size_t)(at - (const uint8_t *)data);
}

void digest_add(uint64_t *digest, const struct digest_picture *picture)
{
    uint64_t value = *digest;
    for (int i = 0; i < DIGEST_PLANES; i++) {
        const int columns = i ? half(picture->width) : picture->width;
        const int rows = i ? half(picture->height) : picture->height;
        for (int y = 1; y <= SAMPLES; y++)
            for (int x = 1; x <= SAMPLES; x++) {
                const ptrdiff_t row = rows * y / (SAMPLES + 1);
                const uint8_t sample =
                    picture->planes[i][row * picture->strides[i] + columns * x / (SAMPLES + 1)];
                value = (value ^ sample) * PRIME;
            }
    }
    *digest = value + 1;
}
