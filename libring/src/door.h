/*
 * The hub's door: the socket at which it listens, and who is let in: processes of the
 * user that made the ring, of root, and of the ring's group.
 */
#ifndef LIBRING_SRC_DOOR_H
#define LIBRING_SRC_DOOR_H

#include <sys/types.h>

struct ring_door {
    int listener;
    uid_t user;
    gid_t group; /* RING_NO_GROUP: none */
};

/* Listens at `path`, which must be free. */
int ring_door_open(struct ring_door *door, const char *path, gid_t group);
void ring_door_close(struct ring_door *door);

/* The connection of the next who waits and is welcome. -EAGAIN: there was none. -EMFILE, … when
 * one can't be let in now; it waits on. */
int ring_door_accept(const struct ring_door *door);

#endif
