/*
 * A reader of a ring: takes views of published messages and gives them back.
 *
 * Life story. A reader attaches to a ring by name; from then on every message
 * counts for it: each is either received or skipped, and never both. It asks for
 * the next view, looks at it in place for as long as it likes, and releases it.
 * When there is nothing, `next` says -EAGAIN and the reader sleeps: in
 * ring_reader_wait (on a process-shared semaphore), or in poll() on the
 * descriptor of its waitset (waitset.h). After the writer has finished and
 * everything was read it gets -EPIPE, detaches, and is done. When it dies, the
 * kernel knows, and what it held is taken back.
 *
 * Policies, each reader's own:
 *   lossless  gets every message; the writer waits for it
 *   lossy     gets what it can; behind by more than the pool, it loses the oldest
 *   latest    always gets the newest
 *
 * Threads: a reader belongs to one thread at a time.
 */
#ifndef LIBRING_READER_H
#define LIBRING_READER_H

#include <stddef.h>
#include <stdint.h>

#include "libring/api.h"

RING_BEGIN

enum ring_policy {
    RING_LOSSLESS = 0,
    RING_LOSSY = 1,
    RING_LATEST = 2,
};

struct ring_reader;

struct ring_reader_config {
    enum ring_policy policy;
    /* Views this reader may hold at once; 0 means 1. For a lossy or latest reader
     * they are promised: the pool must have a slot for each beside the one being
     * filled and the newest, else attach says -ENOBUFS. That is why such a
     * reader can never make the writer wait. A lossless reader is promised one
     * less than it may hold, so that it can wait for the next message while it
     * holds others; one that holds all it may is waited for. */
    unsigned holds;
};

/* A message being looked at. On the caller's stack; data and note are read-only
 * memory of the ring and stay as they are until the view is released. */
struct ring_view {
    const void *data; /* size bytes, 64-byte aligned */
    const void *note; /* note_size bytes as the writer wrote them; NULL where there is none */
    size_t size;
    size_t note_size;
    uint64_t seq;     /* sequence number; grows by 1 + skipped from view to view */
    uint64_t skipped; /* messages this reader lost just before this one */
    unsigned index;   /* which slot; for ring_reader_release */
};

/* received + skipped = messages published since attach and already passed. */
struct ring_reader_counts {
    uint64_t received;
    uint64_t skipped;
    uint64_t pending; /* published and not yet passed */
    unsigned held;
};

/*
 * Attaches to the ring: takes a place in its table, and starts with the message
 * that is published next. -ENOENT also when the ring has no living owner; -EPROTO,
 * -EUSERS, -ENOBUFS as in ring.h; -EAGAIN when more have come than the owner has
 * looked at, since it is stopped or has no descriptor left. On failure *out is NULL and the ring is
 * as before.
 */
RING_API int ring_reader_attach(struct ring_reader **out, const char *name,
                                const struct ring_reader_config *config);

/* Releases all views, gives the place back and frees the handle; a waitset
 * loses it. *reader becomes NULL; NULL and a pointer to NULL are accepted. */
RING_API void ring_reader_detach(struct ring_reader **reader);

/* This reader's place in the ring's table, 0 to RING_READERS_MAX - 1, as in
 * ring_inspect. */
RING_API unsigned ring_reader_place(const struct ring_reader *reader);

/*
 * Takes the next view by the reader's policy. Never blocks. -EAGAIN: nothing
 * now; -ENOBUFS: this reader holds as many views as it may; -EPIPE: the stream
 * has ended and this reader is through; -EPROTO: the ring is damaged. -ENOMEM and
 * the like: the message lies in slots of another size than those before (ring_resize), which
 * can't be mapped now; nothing is lost, it is still the next.
 */
RING_API int ring_reader_next(struct ring_reader *reader, struct ring_view *view);

/* Gives a view back; in any order. The view is zeroed. -EINVAL when this reader
 * does not hold it. */
RING_API int ring_reader_release(struct ring_reader *reader, struct ring_view *view);

/*
 * Sleeps until `next` has something to say (a view, or -EPIPE), at most
 * `timeout_ns` nanoseconds on the monotonic clock (negative: without limit).
 * 0: ask next; -ETIMEDOUT. Signals do not end it. That the owner died, and with it
 * all who could tell, is noticed within a second.
 */
RING_API int ring_reader_wait(struct ring_reader *reader, int64_t timeout_ns);

RING_API void ring_reader_counts(const struct ring_reader *reader,
                                 struct ring_reader_counts *counts);

RING_END

#endif
