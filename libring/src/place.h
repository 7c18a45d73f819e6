/* A reader's place in the table: taking it, giving it back, taking it back. */
#ifndef LIBRING_SRC_PLACE_H
#define LIBRING_SRC_PLACE_H

#include "libring/reader.h"
#include "libring/src/map.h"

/* Takes a free place, or one whose reader is dead, under its lock. Returns the
 * place, or -EUSERS, -ENOBUFS. */
int ring_place_take(struct ring_map *map, enum ring_policy policy, unsigned holds);

/* Clears every trace of the place's reader: its holds, its sleep, its entry. The
 * caller has the place's lock. Doing it twice, or the rest of it after somebody
 * died halfway, comes to the same. */
void ring_place_clear(struct ring_map *map, unsigned place);

/* Clears every place whose reader is dead; returns how many, or a negative errno. */
int ring_place_reap(struct ring_map *map);

#endif
