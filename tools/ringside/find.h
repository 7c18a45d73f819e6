/* Finding a camera's ring among those on this machine. */
#ifndef TOOLS_RINGSIDE_FIND_H
#define TOOLS_RINGSIDE_FIND_H

#include "libring/reader.h"
#include "libring/ring.h"

/*
 * The ring of that name, or else the one that `ringside run` has made for the camera of that
 * name. Only those whose owner lives are looked at. -ENOENT: there is none; -EEXIST: there are
 * several. Says on standard error what is wrong, as `command`.
 */
int find_ring(const char *command, const char *camera, char ring[RING_NAME_MAX + 1]);

/* Attaches to the ring that find_ring finds, to hold one view at a time. Says what is wrong, too.
 */
int find_reader(const char *command, const char *camera, enum ring_policy policy,
                struct ring_reader **reader);

/* The camera's part of a ring's name, or all of it where no supervisor has made it. */
const char *find_camera_of(const char *ring);

#endif
