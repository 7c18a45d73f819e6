/*
 * The frames of a ring: the objects in which its slots lie, one for each
 * generation.
 *
 * A ring begins with generation 1. When a message comes that does not fit, the
 * owner makes the next one, with larger slots; the numbers of the slots stay the
 * same. The writer fills slots of the newest generation it knows; a published slot
 * says which generation it lies in, and a reader opens that when it first meets it.
 * So readers pass from one to the next in the order of the messages, each at its
 * own time. A generation's name goes when no slot carries a message in it or is
 * held, and the writer will publish none any more; who has it mapped keeps it as long as it holds
 * a view in it.
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

/* Those that a participant has mapped, newest first. */
struct ring_frames_set {
    char name[RING_NAME_MAX + 1];
    uint64_t identity;
    uid_t owner; /* of the control object */
    uint32_t slots, note_size;
    bool writable;
    struct ring_frames *list;
};

/* Makes and names the object of a generation. -ENOSPC, … */
int ring_frames_create(const char *name, uint64_t identity, uint32_t generation,
                       const struct ring_frames_geometry *geometry, gid_t group);

/* Removes a generation's name, where there is one. */
int ring_frames_unlink(const char *name, uint32_t generation);
/* Removes those of all, for who doesn't know which there are. */
int ring_frames_unlink_all(const char *name);

/* The generation, opened if it is not yet. -EPROTO when it is not what the ring says,
 * -ENOENT when it is gone. Those that are not in use and older are closed. */
int ring_frames_get(struct ring_frames_set *set, uint32_t generation, struct ring_frames **out);

/* The oldest generation that is in use; 0: none is. */
uint32_t ring_frames_oldest(const struct ring_frames_set *set);

void ring_frames_close(struct ring_frames_set *set);

static inline struct ring_label *ring_frames_label(const struct ring_frames *frames, uint32_t slot)
{
    const struct ring_frames_geometry *g = &frames->geometry;
    return (void *)(frames->memory + g->labels_offset + (uint64_t)slot * g->label_stride);
}

static inline uint8_t *ring_frames_data(const struct ring_frames *frames, uint32_t slot)
{
    const struct ring_frames_geometry *g = &frames->geometry;
    return frames->memory + g->slots_offset + (uint64_t)slot * g->slot_stride;
}

#endif
