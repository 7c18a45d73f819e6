/*
 * The frames of a ring: one object in which its slots lie, in one or more
 * generations.
 *
 * A ring begins with generation 1. When a message comes that does not fit, the
 * owner adds the next one to the object, with larger slots; the numbers of the slots stay the
 * same. The writer fills slots of the newest generation it knows; a published slot
 * says which generation it lies in, and a reader maps that when it first meets it.
 * So readers pass from one to the next in the order of the messages, each at its
 * own time. A generation's memory is given back when no slot carries a message in it or is
 * held, and the writer will publish none any more.
 *
 * Each participant opens the object once, when it comes, and keeps it: what a message needs
 * is in its reach then, after the owner's death and without the object's name as well.
 */
#ifndef LIBRING_SRC_FRAMES_H
#define LIBRING_SRC_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/src/layout.h"

/* One generation, mapped. */
struct ring_frames {
    struct ring_frames *next; /* older */
    uint32_t generation;
    unsigned users; /* slots acquired or views held in it */
    uint8_t *memory;
    struct ring_frames_geometry geometry;
};

/* The object as a participant has it open, and what it has mapped of it, newest first.
 * Zeroed: closed. */
struct ring_frames_set {
    int fd;
    const struct ring_frames_header *header;
    uint32_t slots, note_size;
    bool writable;
    struct ring_frames *list;
};

/* What the control object says of its frames. */
struct ring_frames_kin {
    uint64_t identity;
    uid_t owner; /* of the control object */
    uint32_t slots, note_size;
};

/* Opens the object, for a reader not `writable`. -ENOENT when there is none, or another ring's;
 * -EPROTO when it is not what a ring's owner makes. */
int ring_frames_open(struct ring_frames_set *set, const char *path,
                     const struct ring_frames_kin *kin, bool writable);

/* Likewise, where it is open already: the descriptor is the set's from here on, or closed. */
int ring_frames_take(struct ring_frames_set *set, int fd, const struct ring_frames_kin *kin,
                     bool writable);

/* The generation, mapped if it is not yet. -ENOENT when there is none of that number, -EPROTO
 * when it is not what the ring says. Those that are not in use and older are unmapped. */
int ring_frames_get(struct ring_frames_set *set, uint32_t generation, struct ring_frames **out);

/* The oldest generation that is in use; 0: none is. */
uint32_t ring_frames_oldest(const struct ring_frames_set *set);

void ring_frames_close(struct ring_frames_set *set);

static inline struct ring_label *ring_frames_label(const struct ring_frames *frames, uint32_t slot)
{
    return (void *)(frames->memory + (uint64_t)slot * frames->geometry.label_stride);
}

static inline uint8_t *ring_frames_data(const struct ring_frames *frames, uint32_t slot)
{
    const struct ring_frames_geometry *g = &frames->geometry;
    return frames->memory + g->slots_offset + (uint64_t)slot * g->slot_stride;
}

#endif
