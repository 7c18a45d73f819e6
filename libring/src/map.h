/*
 * The control object as this process sees it: opened, checked and mapped.
 *
 * Every role (owner, writer, reader) has a map of its own, and with it a file
 * description of its own for its lock. The numbers in `geometry` are this
 * process's checked copy; the header in shared memory is not looked at again.
 */
#ifndef LIBRING_SRC_MAP_H
#define LIBRING_SRC_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/src/frames.h"
#include "libring/src/layout.h"

struct ring_map {
    int control_fd;
    struct ring_control *control;
    _Atomic uint32_t *queue;
    struct ring_geometry geometry;
    uint64_t identity, first_seq;
};

/* Makes the control object, allocated and complete, under the owner's lock and its
 * name. Nobody can open the ring before ring_map_publish. */
int ring_map_create(struct ring_map *map, const char *name, const struct ring_geometry *geometry,
                    uint64_t first_seq, gid_t group);
void ring_map_publish(struct ring_map *map);

/* Opens an existing ring. -ENOENT, also while it is being made; -EPROTO. */
int ring_map_open(struct ring_map *map, const char *name);

/* Likewise, where the control object is open already, by two descriptions: one for the locks, one
 * to be mapped through. Both are the map's from here on, or closed. -ENOENT also when they are of
 * two objects. */
int ring_map_take(struct ring_map *map, int control_fd, int again);

/* Only to look at it: the mapping is read-only. */
int ring_map_observe(struct ring_map *map, const char *name);

/* Unmaps and closes; locks held through the map fall. One with control_fd -1 and
 * nothing else is accepted. */
void ring_map_close(struct ring_map *map);

/* Removes the ring's names, the control object's last, so that what could not be removed
 * can still be found by it. Only for who holds the owner's lock. What has those names when
 * the control object has lost its own is another ring's, and stays. -EPERM, -EACCES where
 * that is somebody else's file. */
int ring_map_unlink(int control_fd, const char *name);

/* Removes what a dead owner left under this name. 0: the name is free now, or was a
 * moment ago; -EBUSY: its owner lives; otherwise as ring_map_unlink. */
int ring_map_remove_stale(const char *name);

/* Says in a line why opening a ring gave `error`. */
void ring_map_explain(const char *name, int error, char *text, size_t size);

/* Opens the frames of this ring, as ring_frames_open does. */
int ring_map_frames(const struct ring_map *map, const char *name, bool writable,
                    struct ring_frames_set *set);
/* Likewise, by ring_frames_take and to write. */
int ring_map_take_frames(const struct ring_map *map, int fd, struct ring_frames_set *set);

#endif
