/*
 * A studio: a worker on a ring of ours, which gets the frames that the test makes.
 *
 *     support_studio_open -> support_studio_show -> support_studio_next, in turn as it pleases
 *     -> support_studio_finish -> support_studio_close
 *
 * It asks and requires, for use in a forked child (Criterion's own processes have threads, and so
 * can't spawn a worker).
 */
#ifndef TESTS_SUPPORT_STUDIO_H
#define TESTS_SUPPORT_STUDIO_H

#include "libframe/frame.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "workers/front.h"

struct support_studio {
    unsigned camera;
    struct worker *worker; /* the caller's */
    struct ring *ring;
    struct ring_writer *writer;
};

/* Makes a ring of so many slots, large enough for the largest frame there is here (1 MiB), and
 * activates the worker on it as that camera, named "camera N". */
void support_studio_open(struct support_studio *studio, struct worker *worker, unsigned camera,
                         unsigned slots);

/* Publishes a frame, painted with a ramp from left to right; waits for room. `pts` in units of
 * 1/1000 second. */
void support_studio_show(struct support_studio *studio, enum frame_format format, uint32_t width,
                         uint32_t height, int64_t pts);

/* Says that no frame will follow. */
void support_studio_finish(struct support_studio *studio);

/* Removes the ring. */
void support_studio_close(struct support_studio *studio);

/* Spawns a worker of that class with those options. */
struct worker *support_worker(const struct worker_class *class_, const char *options);

/* Waits for the worker's next message, whatever it is; good until the next call. `descriptor` (may
 * be NULL) gets what came along. */
const struct worker_message *support_worker_take(struct worker *worker, int *descriptor);

/* Waits for the worker's next message, of whatever camera, and requires its type. */
const struct worker_message *support_worker_next(struct worker *worker, unsigned type);

/* Stops it and requires that it ends in order, whatever it still says. */
void support_worker_end(struct worker *worker);

#endif
