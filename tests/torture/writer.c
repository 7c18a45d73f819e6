#include "libring/writer.h"

#include <errno.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/torture/part.h"

enum {
    TERM_MAX = 400, /* messages that one writer publishes */
    HOLDS_MAX = 5,  /* slots that it holds */
};

struct author {
    struct torture_part *part;
    struct ring_writer *writer;
    struct torture_epoch *epoch;
    unsigned number; /* of the epoch */
    uint64_t next;
    bool polls;
    struct ring_view held[HOLDS_MAX]; /* what a reader would have of them */
    size_t held_slot_size[HOLDS_MAX];
    unsigned held_count;
};

/* Where the stream goes on: exactly where the last writer, dead or not, left it. -ENOENT when the
 * ring of that name is not the one that was opened. */
static int take_over(struct author *author)
{
    struct torture_ledger *ledger = author->part->ledger;
    const unsigned ring = author->part->ring;
    struct ring_info info;
    int error = ring_inspect_name(ledger->ring[ring].name, &info);
    if (error || info.writer != getpid()) {
        support_require(error == 0 || error == -ENOENT);
        return -ENOENT;
    }
    author->next = info.first_seq + info.published;
    author->epoch = torture_epoch_of(ledger, ring, author->next);
    author->number = torture_epoch_number(author->next);
    support_require(author->next >= atomic_load(&author->epoch->published));
    support_require(author->next <= atomic_load(&author->epoch->begun));
    atomic_store(&author->epoch->begun, author->next);
    atomic_store(&author->epoch->published, author->next);
    if (info.published > 0)
        atomic_fetch_add(&ledger->takeovers, 1);
    return 0;
}

static int open_ring(struct author *author, struct ring *owner)
{
    struct torture_ledger *ledger = author->part->ledger;
    int error = ring_writer_open(&author->writer, ledger->ring[author->part->ring].name, owner);
    if (error == -EBUSY)
        atomic_fetch_add(&ledger->refused, 1);
    else if (error)
        torture_require_fate(error);
    if (error)
        return error;
    error = take_over(author);
    if (error)
        ring_writer_close(&author->writer);
    return error;
}

/* A slot more, that is begun and given up, now and then. */
static bool scribble(struct author *author, struct ring_slot *waste)
{
    *waste = (struct ring_slot){0};
    if (torture_roll(author->part, 16))
        return false;
    if (ring_writer_acquire(author->writer, waste) == 0)
        support_message_fill(waste, ~author->next);
    return true;
}

/* Holds the slot, now and then, to read later what is published in it. */
static void hold(struct author *author, const struct ring_slot *slot, size_t used)
{
    if (torture_roll(author->part, 4))
        return;
    int error = ring_writer_hold(author->writer, slot);
    const bool may = author->held_count < ring_writer_holds(author->writer);
    support_require(error == (may ? 0 : -ENOBUFS));
    if (!may)
        return;
    author->held_slot_size[author->held_count] = slot->size;
    author->held[author->held_count++] = (struct ring_view){
        .data = slot->data,
        .note = slot->note,
        .size = used,
        .note_size = slot->note_size,
        .seq = author->next,
        .index = slot->index,
    };
}

/* Some of what is held, in any order: it is as it was published. */
static void release(struct author *author)
{
    while (author->held_count > 0 && torture_roll(author->part, 4) == 0) {
        const unsigned i = (unsigned)torture_roll(author->part, author->held_count);
        support_require(support_message_check(&author->held[i], author->held_slot_size[i]));
        support_require(ring_writer_release(author->writer, author->held[i].index) == 0);
        author->held_count--;
        author->held[i] = author->held[author->held_count];
        author->held_slot_size[i] = author->held_slot_size[author->held_count];
    }
}

static int publish(struct author *author, struct ring_slot *slot)
{
    uint64_t seq;
    size_t used = support_message_fill(slot, author->next);
    hold(author, slot, used);
    torture_linger(author->part);
    atomic_store(&author->epoch->begun, author->next + 1);
    int error = ring_writer_publish(author->writer, slot, used, &seq);
    if (error)
        return error;
    support_require(seq == author->next);
    atomic_store(&author->epoch->published, ++author->next);
    return 0;
}

static int write_one(struct author *author)
{
    struct ring_slot slot, waste;
    int error = support_acquire(author->writer, author->polls, &slot);
    if (error)
        return error;
    const bool asked = scribble(author, &waste);
    release(author);
    error = publish(author, &slot);
    support_require(error == 0 || asked); /* and was told that the owner is dead */
    if (waste.data)
        support_require(ring_writer_cancel(author->writer, &waste) == 0);
    return error;
}

/* It has been replaced with its ring, or is to end. */
static bool is_dismissed(const struct author *author)
{
    const struct torture_ledger *ledger = author->part->ledger;
    return atomic_load(&ledger->over) ||
           atomic_load(&ledger->ring[author->part->ring].tried) != author->number;
}

int torture_write_a_while(struct torture_part *part, struct ring *owner)
{
    struct author author = {.part = part, .polls = !owner && torture_roll(part, 2)};
    int error = open_ring(&author, owner);
    if (error)
        return error;
    for (uint64_t i = 1 + torture_roll(part, TERM_MAX); i > 0 && !error; i--) {
        error = is_dismissed(&author) ? -EPIPE : write_one(&author);
        torture_step(part);
        if (torture_roll(part, 64) == 0)
            torture_rest(part);
    }
    support_require(error == 0 || error == -EPIPE);
    if (!atomic_load(&part->ledger->calm) && torture_roll(part, 256) == 0)
        ring_writer_finish(author.writer);
    ring_writer_close(&author.writer);
    return error;
}

void torture_finish(struct torture_part *part, struct ring *owner)
{
    struct author author = {.part = part};
    if (open_ring(&author, owner) != 0)
        return;
    support_require(ring_writer_finish(author.writer) == 0);
    ring_writer_close(&author.writer);
}

void torture_write(struct torture_part *part)
{
    do {
        torture_step(part);
        if (torture_write_a_while(part, NULL) != 0)
            torture_rest(part); /* others are on their way */
    } while (!atomic_load(&part->ledger->over) && torture_roll(part, 4));
}
