/*
 * Stills: frames as picture files, JPEG or PNG, through libavcodec.
 *
 * Life story. A still encoder is created for a kind of file; vision_still_encode turns
 * a frame of whatever format into a file's bytes, which are the encoder's until the
 * next; vision_still_save puts bytes into a file, which appears under its name complete
 * or not at all. Codec, scaler and buffers are made for the first frame of a size and
 * format and kept.
 *
 * Threads: an encoder belongs to one at a time.
 */
#ifndef WORKERS_ANALYZERS_VISION_STILL_H
#define WORKERS_ANALYZERS_VISION_STILL_H

#include <stddef.h>
#include <stdint.h>

#include "libframe/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vision_still_kind { VISION_JPEG, VISION_PNG };

struct vision_still;

/* `quality` 1 to 100, of a JPEG. -ENOMEM, -ENOSYS without such an encoder in libavcodec, or as
 * libav_load. */
int vision_still_create(struct vision_still **out, enum vision_still_kind kind, int quality);
void vision_still_destroy(struct vision_still **still);

/* -ENOTSUP for a frame that can't be converted, -ENOMEM, -EIO for what libavcodec refuses. */
int vision_still_encode(struct vision_still *still, const struct frame *frame, const uint8_t **data,
                        size_t *size);

/* A name as part of a file's name: '/' and control characters become '_', and so does a dot that it
 * begins with. Cut to `size`. */
void vision_still_part(const char *name, char *part, size_t size);

/* Writes a file beside `path` and renames it. As open(2), write(2) and rename(2). */
int vision_still_save(const char *path, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
