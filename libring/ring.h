/*
 * The ring: one stream of messages from one writer to up to 64 readers, in
 * POSIX shared memory, read in place.
 *
 * Life story. A process creates the ring and owns it: the owner neither writes
 * nor reads, it only outlives those who do. A writer opens the ring by its name
 * (writer.h), acquires a free slot of the pool, fills it and publishes it under
 * the next sequence number. Readers attach by name (reader.h), each with a
 * policy of its own, take views of published slots and release them. When the
 * stream is over the writer finishes the ring, readers take what is left and
 * are told -EPIPE. Where a writer died for good, the owner opens the ring as the
 * next writer and finishes it. The owner destroys the ring: its name disappears,
 * and the memory goes when the last process lets go of it.
 *
 * A ring is a pool of slots and a queue of sequence numbers, not a row of cells
 * in rotation: a slot that somebody still looks at is simply not reused, and the
 * stream goes on in the others. What a view shows therefore never changes while
 * it is held. For the protocol itself see src/layout.h.
 *
 * Two shared-memory objects carry a ring named N: "/ring.N.control" (the
 * numbers; every participant writes its own part) and "/ring.N.frames" (the
 * slots; the writer writes, readers map them read-only). Beside them "/ring.N.hub"
 * is the owner's socket, where those who attach introduce themselves. Who takes part
 * opens all three when it comes, and needs no name any more.
 *
 * Errors. Every function returns 0 or one of these, negated:
 *   -EAGAIN     nothing now; try again when woken
 *   -ETIMEDOUT  the time given to a wait is over
 *   -EPIPE      the stream has ended and all of it was read
 *   -EBUSY      the role is taken: a writer lives, or an owner of that name
 *   -ENOENT     no ring of that name
 *   -EPROTO     not a ring, one of another version or machine word, or damaged
 *   -EMSGSIZE   the message does not fit into a slot
 *   -ENOSPC     not enough room in /dev/shm (see ring_memory)
 *   -ENOBUFS    the pool has too few slots to promise one more hold
 *   -EUSERS     all 64 reader places are taken
 *   -EINVAL     an argument breaks the rule given here
 *   -EPERM, -EACCES, -ENOMEM, -EMFILE, -ENFILE  as the system said them
 *   -EIO        the system lacks what a ring needs, such as /proc, or fails as it should not
 * One that fails changes nothing, and may be tried again when the reason is gone.
 *
 * Threads. A handle belongs to one thread at a time; different handles, of the
 * same ring too, are independent. libring starts no thread, installs no signal
 * handler and keeps no global state.
 *
 * Fork. A handle belongs to the process that opened it. The kernel's locks that
 * tell who is alive hang on descriptors which fork() copies: a child that goes
 * on running must close the descriptors that it inherited, or use exec. The mappings it
 * has not: so a child that is to be trusted less can't reach its parent's rings.
 */
#ifndef LIBRING_RING_H
#define LIBRING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libring/api.h"

RING_BEGIN

#define RING_READERS_MAX 64                 /* places in a ring's reader table */
#define RING_SLOTS_MIN 2                    /* one to show, one to fill */
#define RING_SLOTS_MAX 4096                 /* slots in a pool */
#define RING_NAME_MAX 64                    /* bytes of a ring's name, without the final NUL */
#define RING_NOTE_MAX 512                   /* bytes of the note beside each payload */
#define RING_SLOT_SIZE_MAX (1u << 30)       /* bytes of a payload */
#define RING_FIRST_SEQ_MAX (UINT64_MAX / 2) /* half are left: they never run out */

/* How a ring is made. Zeroed fields take the defaults named. */
struct ring_config {
    /* Bytes of payload a slot can hold; required. */
    size_t slot_size;
    /* Slots in the pool. Besides the message being filled and the newest one, it
     * has to hold what the readers hold (see ring_reader_config.holds), and the
     * writer. */
    unsigned slots;
    /* Slots that the writer may hold beside the one being filled: see
     * ring_writer_hold. At most slots - RING_SLOTS_MIN; they are promised, and not
     * promised to readers. */
    unsigned writer_holds;
    /* Bytes of the note: a small fixed record beside each payload, such as a
     * frame's descriptor. 0: none. */
    size_t note_size;
    /* Sequence number of the first message; 0 unless it continues another ring. At
     * most RING_FIRST_SEQ_MAX. */
    uint64_t first_seq;
    /* Lets a group take part beside the owner's user: gid, where has_group is set. */
    bool has_group;
    gid_t group;
};

/* What a ring takes from /dev/shm and what there is, in bytes. */
struct ring_memory {
    uint64_t needed;    /* both objects, in whole pages */
    uint64_t available; /* free in the file system behind /dev/shm now */
};

struct ring;

/*
 * 0 when `name` can name a ring, -EINVAL when not: 1 to RING_NAME_MAX bytes of
 * ASCII letters, digits, '-' and '_'. A dot or a slash is never part of a name,
 * so that no name leaves the directory and no two names share an object.
 */
RING_API int ring_name_check(const char *name);

/* Fills `memory` for a ring of that configuration, without making it. For a
 * program's own budget, and for its message after -ENOSPC. -EINVAL when
 * ring_create would say so. */
RING_API int ring_memory(const struct ring_config *config, struct ring_memory *memory);

/*
 * Makes a ring and owns it. All its memory is allocated here: where /dev/shm is
 * too small this fails with -ENOSPC, and no later access raises SIGBUS.
 * Only for the owner's user, and the group given. The ring appears under its name only when
 * it is complete. A ring of that name whose owner is dead is replaced; a live owner's is left
 * alone (-EBUSY), and so is another user's file (-EPERM). A process that changes its user
 * later still owns the ring, which stays the former user's; it may be unable to remove the
 * names. On failure nothing is left behind and *out is NULL.
 */
RING_API int ring_create(struct ring **out, const char *name, const struct ring_config *config);

/*
 * Makes the slots larger, or smaller, for messages to come. The writer acquires slots
 * of the new size from its next acquire on; readers pass over in the order of the
 * messages, without losing one and without doing anything about it. The memory of
 * the old slots goes when nobody needs them. -EINVAL, -ENOSPC; -EAGAIN when readers
 * still need 15 earlier sizes.
 */
RING_API int ring_resize(struct ring *ring, size_t slot_size);

/*
 * The owner's descriptor: readable when ring_dispatch has something to do, for
 * any poll loop. The ring's own.
 */
RING_API int ring_fd(const struct ring *ring);

/*
 * Does the owner's work; never blocks. It introduces those to each other who sleep
 * in poll(), and takes back what the dead held. An owner has to call this when its
 * descriptor is readable: deaths are noticed here, and a reader that attached is
 * woken in poll() only from then on. Who comes while this process has no descriptor
 * left, or serves twice as many as can take part, waits until that is over; so the
 * descriptor may become readable once a second for that. An owner that writes too, in one thread,
 * can leave it to its writer: see ring_writer_open.
 */
RING_API void ring_dispatch(struct ring *ring);

/*
 * Takes back what dead readers held: the holds, the place in the table, and with
 * it the claim of a lossless reader on messages it will never read. Which readers
 * are dead is what the kernel says of their locks, not a guess. ring_dispatch calls
 * it when a process died. The writer is woken even when there is nothing to take
 * back, since one that died while detaching may have owed it that. Returns how
 * many were taken back, or a negative errno.
 */
RING_API int ring_reap(struct ring *ring);

/* Removes the ring's name, ends it and frees the handle. Readers take what was
 * published, then get -EPIPE; the memory goes with the last who has it open. An
 * owner's death ends the ring too, and takes as little from them, also when another
 * process removes what it left.
 * *ring becomes NULL; NULL and a pointer to NULL are accepted. */
RING_API void ring_destroy(struct ring **ring);

/* The name given to ring_create; lives as long as the handle. */
RING_API const char *ring_name(const struct ring *ring);

RING_END

#endif
