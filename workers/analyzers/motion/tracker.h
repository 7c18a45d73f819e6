/*
 * The tracker: which blob of this frame is which object of the last one.
 *
 * Life of an object. A blob that belongs to none is a new one, unconfirmed. Each frame
 * the tracker foretells where every object should be, and gives it the blobs found
 * there; an object whose parts are seen apart is around them all. It is confirmed, that
 * is, known as an object, when it has been seen in `start_frames` frames in a row and
 * has either travelled, not just to and fro, or lingered where it was: leaves, rain and
 * noise do neither. It ends when it has not been seen for `stop_seconds`, or soon if it
 * never was confirmed.
 *
 *     unconfirmed --seen, and travelled or lingered--> confirmed --not seen--> ended
 *
 * A confirmed one is MOTION_START in one frame, MOTION_UPDATE in those after it where it
 * is seen and MOTION_HIDDEN in others, and MOTION_STOP in its last.
 *
 * Nothing is allocated; beyond MOTION_OBJECTS_MAX there are no new ones.
 */
#ifndef WORKERS_ANALYZERS_MOTION_TRACKER_H
#define WORKERS_ANALYZERS_MOTION_TRACKER_H

#include <stdbool.h>

#include "workers/analyzers/motion/blob.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOTION_OBJECTS_MAX 32

enum motion_state {
    MOTION_UNCONFIRMED,
    MOTION_START,
    MOTION_UPDATE,
    MOTION_HIDDEN,
    MOTION_STOP,
};

struct motion_area {
    float left, top, right, bottom; /* cells; right and bottom are just behind it */
};

struct motion_object {
    unsigned id; /* from 1, in the order of confirmation; 0 before */
    enum motion_state state;
    struct motion_area area;    /* where it was last seen */
    struct motion_area home;    /* where it was first seen */
    float speed_x, speed_y;     /* cells a second */
    float path;                 /* cells that its middle went, to and fro */
    int frames;                 /* seen in a row */
    int cells;                  /* active, when last seen */
    int cells_max;              /* since it was confirmed */
    double born, started, seen; /* seconds: first seen, confirmed, last seen */
    int zone;                   /* that it was last seen in, negative: none */
    bool admitted;              /* as its blobs were */
};

struct motion_tracker {
    struct motion_object objects[MOTION_OBJECTS_MAX];
    int count;
    unsigned last_id;
};

/* A frame's time, and what makes and ends an object in it. */
struct motion_moment {
    double now;        /* seconds, growing */
    int columns, rows; /* of the grid */
    float travel;      /* cells */
    double linger_seconds, stop_seconds;
    double unlit; /* seconds: what was first seen by then may be light, and is not confirmed */
    int start_frames;
};

/* Takes the blobs of a frame in. Objects that ended in the last one are forgotten. */
void motion_tracker_follow(struct motion_tracker *tracker, const struct motion_blob *blobs,
                           int count, const struct motion_moment *moment);

/* Ends all objects. */
void motion_tracker_end(struct motion_tracker *tracker);

#ifdef __cplusplus
}
#endif

#endif
