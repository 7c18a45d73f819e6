/*
 * The store: the owner's side of the frames object, in which the slots of all
 * generations lie (frames.h).
 *
 *     ring_store_create -> ring_store_add a generation, ring_store_drop one, …
 *     -> ring_store_close
 *
 * Each generation is added behind the last one, allocated, and entered into the table at
 * the object's head. What is dropped gives its memory back and leaves a hole. So
 * whoever has the object open has all that is in it, whatever became of its name and
 * of its owner.
 */
#ifndef LIBRING_SRC_STORE_H
#define LIBRING_SRC_STORE_H

#include <stdint.h>
#include <sys/types.h>

#include "libring/src/layout.h"

/* Zeroed: closed. */
struct ring_store {
    int fd;
    struct ring_frames_header *header;
    uint64_t end; /* where the next generation begins */
    /* Where each lies, by generation modulo that; the owner's own, not what is shared. */
    struct {
        uint64_t offset, size;
    } part[RING_GENERATIONS_MAX];
};

/* Makes the object with generation 1 in it, and names it. -ENOSPC, … */
int ring_store_create(struct ring_store *store, const char *path, uint64_t identity,
                      const struct ring_frames_geometry *geometry, gid_t group);

/* Adds a generation, in place of the one RING_GENERATIONS_MAX before it, which has been
 * dropped. -ENOSPC, …; then it is as before. */
int ring_store_add(struct ring_store *store, uint32_t generation,
                   const struct ring_frames_geometry *geometry);

/* Gives the memory of a generation back, which nobody may need any more. Returns how much
 * that is, or a negative errno, when it is still there. */
int64_t ring_store_drop(struct ring_store *store, uint32_t generation);

void ring_store_close(struct ring_store *store);

#endif
