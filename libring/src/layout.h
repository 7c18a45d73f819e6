/*
 * The protocol of a ring: what lies in shared memory, who writes what, and why
 * it holds together. Private to libring; this file is the ABI between processes.
 *
 * Roles. One owner (created it), at most one writer, up to 64 readers, each with
 * a place in the table. Each role is a kernel lock (lock.h) on a byte of the
 * control object, so that a dead process's role falls free by itself.
 *
 * A slot's life.
 *
 *          claim                  publish                 all pass, all let go
 *   free ---------> the writer's ---------> published(seq) -------------------> free
 *    ^                   | cancel                |
 *    +-------------------+        retire: still unread by a lossy reader, which
 *                                 finds another seq there and counts a skip
 *
 * In shared memory a slot is two words. `seq` is the message it carries, or
 * RING_NO_SEQ while it carries none. `holders` has one bit for each place: who
 * holds a view. Which slots are free, and in which order to reuse them, is the
 * writer's private knowledge (pool.h); a new writer rebuilds it from these words.
 *
 * Taking a view and claiming a slot exclude each other by announcing first and
 * looking second, both sides sequentially consistent:
 *
 *   reader: holders |= bit;  then seq still the one wanted?  else holders &= ~bit
 *   writer: seq = NO_SEQ;    then holders empty?             else seq = old
 *
 * In the single order of these operations one of the two comes second and sees
 * the other; if both see each other, both back off. So while a bit stands that
 * was confirmed, no writer fills that slot (invariant 1), and the bit says whose
 * it is (invariant 2). ABA: a reader that read an old queue entry finds a larger
 * seq in the slot; sequence numbers are 64 bits and never come again.
 *
 * Publishing seq s: fill, label (frames object), slot.seq = s, queue[s] = slot,
 * head = s + 1. A message exists from the store of head on; a writer that dies
 * before leaves a slot with seq >= head, which nobody asks for and which the next
 * writer reclaims (invariant 7).
 *
 * What may be claimed. Never the newest message. A message below every cursor of
 * lossless and lossy readers, freely; a message below every lossless cursor, only
 * when there is no other, oldest first. A lossless reader's cursor passes s only
 * after its bit stands in s's slot. A reader that attaches first stands in the
 * table and then reads head for its start; a writer publishes head and then reads
 * the table for the next claim: so either the writer sees the reader, or the
 * reader starts behind what the writer may claim (invariant 5).
 *
 * The writer's own holds. A writer may go on reading what it has published, as a
 * decoder does; it then passes over such slots when it claims. That a slot is held by
 * the writer stands in its private memory (pool.h) and nowhere else: only the writer
 * claims, so nobody else would ask. To readers such a slot is a message like any
 * other, which stays longer than its policy demands. The hold can't outlive its
 * holder: a dead writer reads no more, and the next one finds in the slots' words
 * what it finds of any published message (invariants 2, 7). Nor does it wait for one: how
 * many slots the writer may hold is fixed at creation, and readers are promised the rest
 * (place.c; invariant 6). A released slot is free for the claim that follows in the same
 * thread; there is no wake-up to give, since who would sleep is who releases.
 *
 * Sleeping, in three places with one rule: announce, look again, sleep; the other
 * side changes the state, then looks for the announcement, takes it back, wakes.
 * All four accesses are sequentially consistent, so no wake-up is lost (invariant
 * 3); one too many is possible and harmless, since who wakes looks again. The
 * announcement is taken back before the wake-up is given: the other way round, a
 * reader could sleep again on an announcement about to be erased. Before all that a
 * waiter may look for a while without announcing anything (spin.h). Who dies in
 * between owes a wake-up: a new writer wakes all readers once, and whoever takes
 * back what the dead held, or attaches, wakes the writer, announced or not.
 * Attaching has a reason of its own: between standing in the table and having read
 * head the place holds everything back, and a writer may go to sleep on that, or until
 * somebody attaches.
 * Hello is said to the owner before, so that it sees whoever dies there.
 *
 * Bells. A sleeper in poll() is rung by eventfd. Descriptors can't lie in shared
 * memory; the owner passes them on (hub.h). A bell is valid for one incarnation of a
 * place, or of the writer; a place has a new one with each reader, and with each waitset
 * that its reader comes to. Who should ring and has not got the bell leaves the
 * sleeper announced; the hub rings every bell that it passes on, after that, so the
 * sleeper looks again: it finds what happened before, and for what happens later the
 * other side has its bell. The incarnation is looked at again when the announcement has
 * been taken back: a place, or the writer's role, that changed hands just then had
 * announced itself anew, so the announcement is put back and its own bell is rung.
 * Who has no room for one more descriptor leaves the bell in its socket, for another
 * time, and calls the hub, which rings all.
 *
 * Deaths. Whoever dies, the kernel lets its locks fall, and the owner sees it by a
 * pidfd, which tells after all descriptors are closed; a connection that ends does not,
 * it may end before the locks fall. After one that ended without a goodbye it looks again,
 * since a process that executes another program lets its locks fall and lives. The owner
 * reaps the dead one's place under the place's lock, so exactly once; clears its bits, which
 * nobody else writes; and wakes all, since the dead may have taken an announcement back and
 * not given the wake-up. At each point of death:
 *   reader, between bit and second look    a bit on any slot: cleared
 *   reader, holding, or before a release   likewise
 *   reader, between release and wake-up    the writer is woken by the reaper
 *   reader, half attached                  known to the owner since before it took a
 *                                          place: cleared, whether or not its bit stands
 *   writer, slot claimed or being filled   NO_SEQ: free for the next writer
 *   writer, between slot.seq and head      seq >= head: likewise
 *   writer, between head and wake-up       all are woken by owner and next writer
 *   reaper, anywhere                       the place still counts as taken; again
 *   owner                                  the ring is over: its hub hangs up, which
 *                                          wakes who sleeps in poll(); who sleeps
 *                                          on a semaphore looks at its lock each second
 *
 * Generations. When slots must grow, the owner adds a generation of them to the frames
 * object, behind the others; a slot says in which one its message lies (frames.h, store.h).
 * The owner gives the memory of a generation back when no slot says so of it any more, and
 * the writer, by stream.writing, will publish none in it. A slot says so from before its
 * message is published until a claim of it has succeeded: its number alone would not do,
 * since a claim that is given back takes that away for a moment. A claim finds no holds, so
 * whose view is confirmed keeps what it shows (invariant 1), and the next message of a
 * lossless reader is there (invariant 5). A writer that dies after taking the number away
 * leaves a slot that says so although it is free: the next writer claims the free ones when
 * it comes, and at each new generation.
 * Who takes part has the object open from the beginning and maps a generation when it first
 * meets it. So neither the owner's death nor the names' end takes anything from those who
 * are behind; the memory goes with the last who has the object open.
 *
 * Accounting. A reader counts start, cursor and received; what was skipped is
 * cursor - start - received, so the sum can't be wrong (invariant 4). The place
 * has a copy of each figure, so that an observer needs no two of them at once.
 *
 * Shared fields. W: the writer, R: the reader of that place, O: the owner at
 * creation; "sc": sequentially consistent.
 *
 *   field             written by, how             read by, how; pairs with
 *   ----------------  --------------------------  -------------------------------
 *   header.magic      O release, last             all acquire: the header is there
 *   header, rest      O before magic              all, copied and checked at open; owner
 *                                                 by observers
 *   stream.head       W sc after queue, slot      R acquire: the message; sc after
 *                                                 announcing sleep or attaching
 *   stream.ended      W sc                        R acquire; sc as for head
 *   stream.writer     W relaxed                   observers
 *   queue[s]          W relaxed before head       R relaxed; the slot's seq decides
 *   slot.generation   W relaxed before seq; 0,    R relaxed after confirming its bit;
 *                     release, after a claim      O acquire, after stream.writing: looks
 *                                                 end before the memory goes
 *   published_ns      W relaxed before seq        observers
 *   slot.seq          W release (publish),        R acquire (first look),
 *                     W sc (claim, takeover)      R sc after setting its bit
 *   slot.holders      R sc |= bit, &= ~bit by R   W sc after seq = NO_SEQ, and after
 *                     or who reaps it             room.asleep; its acquire pairs
 *                                                 with the release in &=: looks
 *                                                 end before refills
 *   place.cursor      R sc                        W sc (what may be claimed)
 *   place.received,   R relaxed                   observers
 *   skipped
 *   place.holds       R sc, before it looks at    R sc: whether the pool has so many slots
 *                     that of all; 0 by R or      left; who reaps: whether the place is
 *                     who reaps it                in use
 *   place, rest       R, before table.attached    W, observers after attached
 *   table.attached    R sc |= bit; &= ~bit by R   W sc after head, and after
 *                     or who reaps it             room.asleep
 *   table.generation  O release, when it is made  W, R acquire
 *   table.slot_size,  O before generation         observers
 *   frames_bytes
 *   stream.writing    W release                   O acquire, before slot.generation
 *   place.incarnation R sc, before table.attached W sc after sleepers.doorbell
 *                     and before each bell it
 *                     hands over
 *   room.incarnation  W, before room.asleep       R sc after room.asleep
 *   sleepers.*        R sc |= bit; &= ~ by W, R   W sc after head, ended
 *                     or who reaps it; semaphore
 *                     = 0 by W, O that wake all
 *   room.asleep       W sc; R sc &= ~             R sc after holders, cursor,
 *                                                 attached
 *   semaphore.posted  0 by who sleeps there, sc   the kernel, for who sleeps there:
 *                     before announcing; 1 by     any other value is a post, and who
 *                     who wakes it, sc after      slept looks again
 *                     taking that back
 *   frames, labels    W before slot.seq           R after confirming its bit
 *   frames, identity  O before it has its name    all, as it is opened
 *   frames, part.*    O sc: generation = 0, the   W, R sc: generation, the others,
 *                     others, generation          generation again
 *
 * Trust. Everybody trusts the owner's user, whose processes could do worse than write
 * here. A group that is let in is trusted with the service alone: by writing to the
 * control object it can spoil a stream, wake, keep from sleeping or be counted for
 * others, and take back holds that are not its own, after which a view may change.
 * It can't crash or hang another process, or have it read out of bounds, since
 *   - the frames object is read-only for readers, and is taken for one only when it is
 *     the user's, who made the control object, and nobody else may write to it; where a
 *     generation lies in it stands in itself;
 *   - what is read from the control object is copied once and the copy checked before
 *     use; an index out of range, a head behind a cursor or a slot that never matches
 *     is -EPROTO, and so is a generation that is not there;
 *   - what a role can know by itself it never reads back: the writer its head and which
 *     slots are free, a reader its cursor and its views;
 *   - each search is bounded by the pool, or by a number, and each sleep but that in
 *     the caller's own poll() by a second, after which it looks again;
 *   - of any word that a system call or the C library works on every value is good,
 *     which is why semaphores here are no sem_t; and no pipe, socket, file or device is
 *     taken for a bell.
 * A few things are beyond this. A file in /dev/shm can't be sealed (fcntl(2): only
 * memfds can), so who may write the control object may also truncate it, and whoever
 * touches its mapping next dies of SIGBUS; nor can the owner tell that a slot is not as
 * unused as it says: it gives the memory back, which is zeroed for who touches it again,
 * or where /dev/shm is full is not there any more. Who has handed over a bell may make its
 * writes block again just between our looking and writing; or hand over a file of a file
 * system that is its own process (FUSE), which already blocks who looks. And anybody may put
 * files under the names of a ring that is not there yet; then it can't be created.
 */
#ifndef LIBRING_SRC_LAYOUT_H
#define LIBRING_SRC_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "libring/ring.h"

#define RING_MAGIC                                                                                 \
    UINT64_C(0x45444953474e4952) /* "RINGSIDE" in memory, on a little-endian machine */
#define RING_VERSION 2u
#define RING_CACHE_LINE 64
#define RING_PAGE 4096
#define RING_NO_SEQ UINT64_MAX

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared 64-bit words must be lock-free");

struct ring_header {
    _Atomic uint64_t magic;
    uint32_t version;
    uint32_t word;     /* machine word, see ring_word() */
    uint64_t identity; /* random; the same in the frames object, so that the two belong together */
    uint32_t slots;
    uint32_t note_size;
    uint64_t first_seq;
    int32_t owner; /* pid, for people to read */
    uint32_t writer_holds;
    uint8_t reserved[80];
};

/* The writer's line: readers only look at it. */
struct ring_stream {
    _Atomic uint64_t head; /* sequence number of the message published next */
    _Atomic uint32_t ended;
    _Atomic int32_t writer;   /* pid, 0: none; for people to read */
    _Atomic uint32_t writing; /* the oldest generation in which it may still publish */
    uint8_t reserved[44];
};

/* Readers asleep, a bit for each place, by how they are to be woken. */
struct ring_sleepers {
    _Atomic uint64_t semaphore;
    _Atomic uint64_t doorbell;
    uint8_t reserved[48];
};

/* Where one process sleeps, on a futex: wake.h. Not 0: posted. */
struct ring_semaphore {
    _Atomic uint32_t posted;
};

/* Where the writer sleeps until a slot may be free. */
enum { RING_ASLEEP_SEMAPHORE = 1, RING_ASLEEP_DOORBELL = 2 };
struct ring_room {
    _Atomic uint32_t asleep;
    _Atomic uint32_t incarnation; /* of the writer, whose bell is to be rung */
    struct ring_semaphore semaphore;
    uint8_t reserved[52];
};

struct ring_table {
    _Atomic uint64_t attached; /* a bit for each place */
    /* Of the frames, the owner's to change. */
    _Atomic uint32_t generation; /* the newest */
    uint32_t padding;
    _Atomic uint64_t slot_size;    /* in it; for observers */
    _Atomic uint64_t frames_bytes; /* of all that are there; likewise */
    uint8_t reserved[32];
};

struct ring_place {
    _Atomic uint64_t start;    /* first message that counts for this reader */
    _Atomic uint64_t cursor;   /* next message it has not passed */
    _Atomic uint64_t received; /* views it took */
    _Atomic uint64_t skipped;  /* messages it lost */
    _Atomic uint32_t policy;
    _Atomic uint32_t holds; /* views it may hold at once */
    _Atomic int32_t pid;
    _Atomic uint32_t incarnation; /* counts its readers and their bells; see bell.h */
    uint8_t padding[16];
    struct ring_semaphore semaphore; /* where it sleeps; a line of its own */
    uint8_t reserved[60];
};

struct ring_slot_state {
    _Atomic uint64_t seq;
    _Atomic uint64_t holders;
    _Atomic uint64_t published_ns; /* CLOCK_MONOTONIC_COARSE; for observers */
    _Atomic uint32_t generation;   /* in which the message lies; 0: there is none */
    uint8_t reserved[36];
};

/* Beside each payload, in the frames object, where only the writer can write. */
struct ring_label {
    uint64_t seq;
    uint64_t used; /* bytes of payload */
    uint8_t note[];
};

/* Where a generation lies in the frames object. */
struct ring_frames_part {
    _Atomic uint32_t generation; /* 0: nothing lies here */
    uint32_t padding;
    _Atomic uint64_t offset; /* whole pages */
    _Atomic uint64_t slot_size;
};

/* At the head of the frames object, in a page of its own. */
#define RING_GENERATIONS_MAX 16 /* that are there at one time */
struct ring_frames_header {
    uint64_t identity;
    struct ring_frames_part part[RING_GENERATIONS_MAX]; /* by generation modulo that */
};

static_assert(sizeof(struct ring_header) == 128, "layout");
static_assert(offsetof(struct ring_header, first_seq) == 32, "layout");
static_assert(sizeof(struct ring_stream) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_sleepers) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_room) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_table) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_place) == 128, "layout");
static_assert(offsetof(struct ring_place, semaphore) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_slot_state) == RING_CACHE_LINE, "layout");
static_assert(sizeof(struct ring_label) == 16, "layout");
static_assert(sizeof(struct ring_frames_part) == 24, "layout");
static_assert(sizeof(struct ring_frames_header) == 8 + 24UL * RING_GENERATIONS_MAX, "layout");
static_assert(sizeof(struct ring_frames_header) <= RING_PAGE, "layout");

/* The head of the control object; behind it the slot states, then the queue. */
struct ring_control {
    struct ring_header header;
    struct ring_stream stream;
    struct ring_sleepers sleepers;
    struct ring_room room;
    struct ring_table table;
    struct ring_place place[RING_READERS_MAX];
    struct ring_slot_state slot[];
};

static_assert(offsetof(struct ring_control, slot) == 384 + 128UL * RING_READERS_MAX, "layout");

/* Where everything lies in the control object, derived from the numbers in its
 * header and nothing else. */
struct ring_geometry {
    uint32_t slots, queue_length; /* a power of two, at least slots */
    uint32_t note_size;
    uint32_t writer_holds;
    uint64_t queue_offset, control_size;
};

static inline uint32_t ring_queue_index(const struct ring_geometry *geometry, uint64_t seq)
{
    return (uint32_t)seq & (geometry->queue_length - 1);
}

/* Likewise in one generation of the frames: first the labels, then the slots. */
struct ring_frames_geometry {
    uint64_t slot_size, slot_stride;
    uint32_t label_stride;
    uint64_t slots_offset, size;
};

/* -EINVAL when the numbers are outside the limits of ring.h. */
int ring_geometry(struct ring_geometry *geometry, uint64_t slots, uint64_t note_size,
                  uint64_t writer_holds);
int ring_frames_geometry(struct ring_frames_geometry *geometry, uint64_t slot_size, uint64_t slots,
                         uint64_t note_size);

static inline uint32_t ring_word(void)
{
    return (uint32_t)(sizeof(void *) << 16);
}

#endif
