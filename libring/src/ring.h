/* The owner's handle. */
#ifndef LIBRING_SRC_RING_H
#define LIBRING_SRC_RING_H

#include "libring/ring.h"
#include "libring/src/hub.h"
#include "libring/src/map.h"
#include "libring/src/object.h"

#define RING_GENERATIONS_MAX 16 /* of the frames, that have a name at one time */

struct ring {
    struct ring_map map;
    struct ring_hub hub;
    gid_t group;
    uint32_t generation;                         /* of the frames, the newest */
    uint32_t oldest;                             /* the oldest that has a name */
    uint64_t frames_bytes[RING_GENERATIONS_MAX]; /* of each, by generation modulo that */
    char name[RING_NAME_MAX + 1];
};

#endif
