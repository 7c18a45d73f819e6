/*
 * The best frame of each object that moves, while it does.
 *
 * Life story. Created for the options of motion; sees every frame and finds objects in it.
 * An object's picture is made when it is confirmed, and again whenever it is seen much larger, and
 * wholly: so it costs a few pictures for each object, and memory for one of each. When the object
 * has gone, its picture can be taken.
 */
#ifndef WORKERS_ANALYZERS_SNAPSHOT_BEST_H
#define WORKERS_ANALYZERS_SNAPSHOT_BEST_H

#include "libframe/frame.h"
#include "workers/analyzers/motion/options.h"
#include "workers/analyzers/vision/still.h"

struct snapshot_best;

struct snapshot_picture {
    unsigned id;    /* of the object */
    uint64_t frame; /* which of the frames that were shown, from 0 */
    double pts;
    int64_t wall_ns;
    double score;
    const uint8_t *data;
    size_t size;
};

/* Borrows the options and the encoder while it lives. `problem` says what is wrong with the zones.
 * -ENOMEM, and as motion_zones_load. */
int snapshot_best_create(struct snapshot_best **out, const struct motion_options *options,
                         struct vision_still *still, char *problem, size_t size);
void snapshot_best_destroy(struct snapshot_best **best);

/* Looks for objects in `gray`, the frame itself or one of the same size that has luma to point at,
 * and makes pictures of the frame. -ENOMEM, -ENOTSUP, -EIO. */
int snapshot_best_look(struct snapshot_best *best, const struct frame *frame,
                       const struct frame *gray);

/* All objects have gone. */
void snapshot_best_end(struct snapshot_best *best);

/* The picture of an object that has gone, good until the next call; false: there is none. */
bool snapshot_best_take(struct snapshot_best *best, struct snapshot_picture *picture);

#endif
