/* Finding a camera's ring among those on this machine. */
#ifndef TOOLS_RINGSIDE_FIND_H
#define TOOLS_RINGSIDE_FIND_H

#include <stdbool.h>

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

/* Whether find_ring may find that ring under that name. */
bool find_is_called(const char *ring, const char *camera);

/* Whether the ring is one of the cameras: its name, its camera's, or the pid of the run that made
 * it. The list ends with NULL; an empty one has all. */
bool find_is_among(const char *ring, char *const *cameras);

/* The camera's part of a ring's name, or all of it where no supervisor has made it. */
const char *find_camera_of(const char *ring);

#endif
