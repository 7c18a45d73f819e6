/*
 * What is in a clip, as FFmpeg's own programs tell it: the hash of each frame in the order of
 * showing (ffmpeg's framemd5) and its time (ffprobe's packet times, in order).
 *
 *     support_reference -> support_reference_check -> support_reference_free
 *
 * Fails the test case where FFmpeg can't tell or the program says otherwise.
 */
#ifndef TESTS_SUPPORT_REFERENCE_H
#define TESTS_SUPPORT_REFERENCE_H

#include <jansson.h>
#include <stddef.h>

struct support_reference_frame {
    char md5[33];
    double pts; /* seconds; NAN: the file tells none */
};

struct support_reference {
    size_t count;
    struct support_reference_frame *frames;
};

/* Asks FFmpeg about the first video stream of a clip, which must have a frame. */
struct support_reference support_reference(const char *clip);

/*
 * The `frame` events of CAMERA and worker INDEX are exactly these frames: as many, in order, the
 * sequence numbers from 0 without a gap, each hash, and each time to the microsecond (where there
 * is none, only that it grows from 0).
 */
void support_reference_check(const struct support_reference *reference, const json_t *events,
                             const char *camera, int index);

/* Puts the frames of `next` behind those of `reference`, and empties it. */
void support_reference_append(struct support_reference *reference, struct support_reference *next);

void support_reference_free(struct support_reference *reference);

#endif
