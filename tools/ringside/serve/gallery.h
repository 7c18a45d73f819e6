/*
 * The cameras' newest pictures, as JPEG.
 *
 * Life story. A gallery begins empty. gallery_follow tells it, after each look at the rings,
 * which of them somebody watches: to these it attaches a reader that wants the latest frame
 * only, and it lets go of the others, so that a camera nobody watches costs nothing. Whoever
 * watches asks gallery_next for the picture that follows the one they had; that there was none
 * yet is what makes the next frame a picture, not more often than the rate given. However many
 * watch, a frame is encoded once.
 *
 * Pictures are numbered in the order in which they were made, of all cameras together. Who takes
 * the one with the least number above that of the one before gets all cameras in turn, and of
 * each the newest.
 *
 * Each picture is a part of a multipart/x-mixed-replace stream: its headers, the JPEG, and the
 * boundary behind it.
 */
#ifndef TOOLS_RINGSIDE_SERVE_GALLERY_H
#define TOOLS_RINGSIDE_SERVE_GALLERY_H

#include <stdbool.h>
#include <stdint.h>

#include "libring/ring.h"
#include "tools/ringside/serve/chunk.h"

#define GALLERY_BOUNDARY "picture"
#define GALLERY_BEGIN "--" GALLERY_BOUNDARY "\r\n" /* of such a stream */

struct sample;
struct gallery;

struct gallery_config {
    double fps;  /* pictures a second of each camera, at most */
    int quality; /* of JPEG, 1 to 100 */
};

/* What there is to know of a ring that is, or was, watched. */
struct gallery_facts {
    int width, height; /* pixels of its frames, 0: not known */
    int error;         /* negative errno: why there are no pictures */
    uint64_t encoded;  /* pictures */
    uint64_t failed;   /* frames that did not become one */
    double seconds;    /* that encoding took */
};

int gallery_create(struct gallery **out, const struct gallery_config *config);
void gallery_destroy(struct gallery **gallery);

/* Readable when there may be a new frame. */
int gallery_fd(const struct gallery *gallery);

/* Looks at what has come, up to the first that becomes a picture. Whether one did. */
bool gallery_dispatch(struct gallery *gallery);

/* Attaches to the rings of the sample for which `watched` is true, and to no others. */
void gallery_follow(struct gallery *gallery, const struct sample *sample,
                    bool (*watched)(void *user, const char *ring), void *user);

/* Of the rings for which `watched` is true, the picture with the least number above `after`, held
 * for the caller; or NULL, and then one is made of the next frame. */
struct chunk *gallery_next(struct gallery *gallery, uint64_t after,
                           bool (*watched)(const void *user, const char *ring), const void *user);

/* Zeroes for a ring that was never watched. */
struct gallery_facts gallery_facts(const struct gallery *gallery, const char *ring);

#endif
