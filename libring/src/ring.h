/* The owner's handle. */
#ifndef LIBRING_SRC_RING_H
#define LIBRING_SRC_RING_H

#include "libring/ring.h"
#include "libring/src/hub.h"
#include "libring/src/map.h"
#include "libring/src/object.h"
#include "libring/src/store.h"

struct ring {
    struct ring_map map;
    struct ring_hub hub;
    gid_t group;
    struct ring_store frames;
    uint32_t generation; /* of the frames, the newest */
    uint32_t oldest;     /* the oldest that is there */
    char name[RING_NAME_MAX + 1];
};

#endif
