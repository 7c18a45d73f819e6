/*
 * The writer of a ring: the one who fills slots and publishes them.
 *
 * Life story. A ring has at most one writer at a time. It opens the ring by
 * name, and repeats: acquire a slot, fill it, publish it (or cancel). Publishing
 * never waits and makes no system call unless a reader sleeps. When no slot is
 * free, acquire says -EAGAIN: a lossless reader is behind, or readers hold what
 * they may hold. The writer then sleeps, either in ring_writer_wait (on a
 * process-shared semaphore) or in its own poll loop on ring_writer_fd. At the end it finishes the
 * stream and closes; a writer that closes without finishing, or dies, can be followed by another
 * one, which continues the sequence. Nothing that was not published is ever seen by a reader.
 *
 * A writer may go on reading what it has published, as a video decoder does with
 * frames that later ones refer to: it holds the slot before it publishes, and releases
 * it when it has looked at it for the last time.
 *
 * Which slot acquire takes: of the slots that all readers are done with, the one
 * used longest ago, within a working set of a few megabytes so that slots stay
 * in the processor's cache; only when there is none, the oldest message that
 * some lossy reader has not read yet (it is told so). The newest message stays
 * until the next is published.
 *
 * Threads: a writer belongs to one thread at a time.
 */
#ifndef LIBRING_WRITER_H
#define LIBRING_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "libring/api.h"

RING_BEGIN

struct ring;
struct ring_writer;

/* A slot between acquire and publish or cancel. On the caller's stack; `data`
 * and `note` point into the ring and are the writer's alone for that time. */
struct ring_slot {
    void *data;  /* size bytes, 64-byte aligned */
    void *note;  /* note_size bytes, zeroed by acquire; NULL where the ring has none */
    size_t size; /* bytes the slot can hold */
    size_t note_size;
    unsigned index; /* which slot of the pool; for ring_writer_publish and _cancel */
};

/*
 * Opens the ring for writing. -EBUSY while another writer lives, -ENOENT when the
 * ring has no living owner, -EAGAIN when more have come than it has looked at, since it
 * is stopped or has no descriptor left. After a dead writer, what it had acquired goes back to
 * the pool and all sleepers are woken once, since the dead one may have owed them
 * that.
 *
 * `owner`: the ring's owner, where the same thread has it and leaves its work
 * (ring_dispatch) to the writer, who does it while it waits; it must outlive the
 * writer. NULL where the owner looks after itself.
 */
RING_API int ring_writer_open(struct ring_writer **out, const char *name, struct ring *owner);

/*
 * A key: all that is to be opened of a ring for writing, by who may open it, for a
 * process that may not, such as one that is confined before it reads what it is to
 * write. Its descriptors go over a socket; they give the right to write, and no
 * part in the ring before they are used. What they are worth ends with the owner.
 *
 * A key is for one writer. Who has sent it drops it: as long as there is a copy of
 * `lock` in any process, or on its way, that writer is taken for living; and two
 * that use copies of one key are not kept from writing at once.
 */
struct ring_key {
    int lock, control, frames, hub; /* descriptors; -1: none */
};

/* Errors as ring_writer_open, but that -EBUSY is for its user. On failure there is
 * nothing to drop. */
RING_API int ring_key_make(struct ring_key *key, const char *name);

/* Closes what is in it. */
RING_API void ring_key_drop(struct ring_key *key);

/* As ring_writer_open, without a call that names anything. The key is used up, on
 * failure too. -EPROTO where it is of no ring, or has gaps. */
RING_API int ring_writer_open_by_key(struct ring_writer **out, struct ring_key *key);

/* Lets go of the ring; slots still acquired go back to the pool. The stream does
 * not end by this. *writer becomes NULL; NULL and a pointer to NULL are accepted. */
RING_API void ring_writer_close(struct ring_writer **writer);

/*
 * The writer's descriptor, for a poll loop: readable when acquire said -EAGAIN and
 * there may be room again, when ring_writer_readers said 0 and there may be one, or the
 * owner has died. It is the writer's own and drained by these two.
 */
RING_API int ring_writer_fd(struct ring_writer *writer);

/*
 * Takes a free slot. -EAGAIN: none now; the descriptor of ring_writer_fd, where it
 * was asked for, will be readable when there is room. Any number of slots may be
 * acquired at once, as long as there are some. -EPIPE after ring_writer_finish, and
 * when the owner is dead and there is no room. -ENOMEM and the like: the slots
 * have another size now (ring_resize), and can't be mapped.
 */
RING_API int ring_writer_acquire(struct ring_writer *writer, struct ring_slot *slot);

/*
 * Publishes `used` bytes of the slot (0 is a message too) and returns through
 * `seq` (may be NULL) its sequence number. The slot is the ring's from here on,
 * and neither data nor note may be touched. -EMSGSIZE when used > slot->size,
 * -EPIPE after ring_writer_finish, -EINVAL when the slot is not one this writer
 * has acquired; the slot then stays acquired.
 */
RING_API int ring_writer_publish(struct ring_writer *writer, struct ring_slot *slot, size_t used,
                                 uint64_t *seq);

/* Gives an acquired slot back unpublished. -EINVAL when it is not acquired. */
RING_API int ring_writer_cancel(struct ring_writer *writer, struct ring_slot *slot);

/*
 * Holds an acquired slot: once published it stays as it is, readable at its `data`
 * as it was for readers, until ring_writer_release, whoever else has let go of it.
 * To remember: slot->index. Holds are the handle's: they end with it, and a writer
 * that takes over has none of the dead one's. -EINVAL when the slot is not acquired
 * or held already, -ENOBUFS when ring_writer_holds slots are held.
 */
RING_API int ring_writer_hold(struct ring_writer *writer, const struct ring_slot *slot);

/* Ends the hold, before or after the slot was published; to cancel the slot ends it,
 * too. -EINVAL when it is not held. */
RING_API int ring_writer_release(struct ring_writer *writer, unsigned index);

/* How many slots the writer may hold at once: ring_config.writer_holds. One that has
 * no more than these and one other acquired or held is never made to wait by lossy
 * or latest readers. */
RING_API unsigned ring_writer_holds(const struct ring_writer *writer);

/*
 * How many readers are attached; one that died counts until the owner has seen it. After
 * 0 the descriptor of ring_writer_fd, where it was asked for, will be readable when one
 * comes: so a writer can rest while nobody reads. -EPIPE when the owner is dead and there
 * is none.
 */
RING_API int ring_writer_readers(struct ring_writer *writer);

/*
 * Sleeps until acquire has a chance again, at most `timeout_ns` nanoseconds on
 * the monotonic clock (negative: without limit). 0: try again; -ETIMEDOUT.
 * Signals do not end it.
 */
RING_API int ring_writer_wait(struct ring_writer *writer, int64_t timeout_ns);

/* Says that no message will follow. Readers take the rest, then get -EPIPE. */
RING_API int ring_writer_finish(struct ring_writer *writer);

RING_END

#endif
