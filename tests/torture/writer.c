#include "libring/writer.h"

#include <errno.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/sleep.h"
#include "tests/torture/part.h"

enum { TERM_MAX = 400 }; /* messages that one writer publishes */

struct author {
    struct torture_part *part;
    struct ring_writer *writer;
    struct torture_epoch *epoch;
    unsigned number; /* of the epoch */
    uint64_t next;
    bool polls;
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

static int publish(struct author *author, struct ring_slot *slot)
{
    uint64_t seq;
    size_t used = support_message_fill(slot, author->next);
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
