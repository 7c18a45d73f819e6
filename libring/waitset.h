/*
 * A waitset: one descriptor for any number of readers.
 *
 * Life story. A process that reads several rings puts its readers into a waitset
 * and sleeps in poll() on the waitset's one eventfd, beside its other
 * descriptors. The descriptor is level-triggered: it is readable while any of
 * the readers may have something. ring_waitset_next hands out one view at a
 * time, from the readers in turn, so that a busy ring can't starve a quiet one;
 * when none has anything it drains the descriptor, asks every writer to ring,
 * looks once more, and says -EAGAIN: only then is it right to go to sleep.
 *
 * Behind the descriptor is one eventfd, which the ring's owner hands to the writers,
 * related or not, now or later (see ring_dispatch). The descriptor also tells that
 * an owner has died.
 *
 * Threads: a waitset and all its readers belong to one thread at a time.
 */
#ifndef LIBRING_WAITSET_H
#define LIBRING_WAITSET_H

#include "libring/api.h"
#include "libring/reader.h"

RING_BEGIN

struct ring_waitset;

/*
 * Makes a waitset. `eventfd`: an eventfd (EFD_NONBLOCK) of the caller's, which
 * is duplicated, such as one made before a fork; -1: one is made here. -EINVAL when it is
 * no descriptor.
 */
RING_API int ring_waitset_create(struct ring_waitset **out, int eventfd);

/* Frees the waitset; its readers stay attached, outside of any set. NULL-safe. */
RING_API void ring_waitset_destroy(struct ring_waitset **set);

/* The descriptor to poll for POLLIN; the set's own. Never read it, ring_waitset_next
 * does. */
RING_API int ring_waitset_fd(const struct ring_waitset *set);

/* Puts a reader into the set. `user` is the caller's, see ring_waitset_next.
 * -EBUSY when it already is in one; -ENOMEM; -EPIPE when the ring's owner is dead, -EAGAIN
 * when it is so busy that its connection to this reader is full. */
RING_API int ring_waitset_add(struct ring_waitset *set, struct ring_reader *reader, void *user);

/* Takes a reader out of the set; -ENOENT when it is not in it. */
RING_API int ring_waitset_remove(struct ring_waitset *set, struct ring_reader *reader);

/*
 * Takes the next view of the reader whose turn it is.
 *   0        *view is one of *reader, to be released there
 *   -EAGAIN  none has anything; *reader is NULL; poll the descriptor
 *   other    what ring_reader_next said of *reader: -EPIPE at its end, -EPROTO
 *            when damaged, … It is said again at each turn until it is removed or
 *            detached.
 * Readers that hold as many views as they may are passed over. `user` (may be
 * NULL) gets what was given to ring_waitset_add.
 */
RING_API int ring_waitset_next(struct ring_waitset *set, struct ring_reader **reader, void **user,
                               struct ring_view *view);

RING_END

#endif
