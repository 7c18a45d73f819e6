#include <errno.h>
#include <poll.h>

#include "libring/inspect.h"
#include "libring/ring.h"
#include "tests/support/require.h"
#include "tests/torture/part.h"

static size_t any_slot_size(struct torture_part *part)
{
    unsigned sizes = 0;
    while (torture_slot_sizes[sizes])
        sizes++;
    return torture_slot_sizes[torture_roll(part, sizes)];
}

/* Whatever the last owner left, and wherever it was killed: there is a ring again. */
static struct ring *create(struct torture_part *part)
{
    struct torture_ring *entry = &part->ledger->ring[part->ring];
    struct ring *ring;
    const unsigned epoch = atomic_fetch_add(&entry->tried, 1) + 1;
    support_require(epoch < TORTURE_EPOCHS);
    const unsigned slots = 2 + (unsigned)torture_roll(part, 5);
    const struct ring_config config = {
        .slot_size = any_slot_size(part),
        .slots = slots,
        .writer_holds = (unsigned)torture_roll(part, slots - 1),
        .note_size = TORTURE_NOTE_SIZE,
        .first_seq = torture_first_seq(part->ring, epoch),
    };
    atomic_store(&entry->epochs[epoch].begun, config.first_seq);
    atomic_store(&entry->epochs[epoch].published, config.first_seq);
    support_require(ring_create(&ring, entry->name, &config) == 0);
    atomic_store(&entry->epoch, epoch);
    return ring;
}

static void resize(struct torture_part *part, struct ring *ring)
{
    int error = ring_resize(ring, any_slot_size(part));
    support_require(error == 0 || error == -EAGAIN);
    if (!error)
        atomic_fetch_add(&part->ledger->resizes, 1);
}

/* Until there is something to do, or for a little while. */
static void serve(struct torture_part *part, struct ring *ring)
{
    struct pollfd fds[] = {
        {.fd = ring_fd(ring), .events = POLLIN},
        {.fd = part->ledger->over_bell, .events = POLLIN},
    };
    const nfds_t count = atomic_load(&part->ledger->over) ? 1 : 2;
    support_require(poll(fds, count, (int)torture_roll(part, 30)) >= 0);
    ring_dispatch(ring);
    torture_step(part);
}

static bool all_have_left(struct ring *ring)
{
    struct ring_info info;
    support_require(ring_inspect(ring, &info) == 0);
    return info.ended && info.readers == 0 && info.writer == 0;
}

void torture_own(struct torture_part *part)
{
    struct ring *ring = create(part);
    while (!all_have_left(ring)) {
        serve(part, ring);
        if (atomic_load(&part->ledger->over))
            torture_finish(part, ring);
        else if (torture_roll(part, 16) == 0)
            resize(part, ring);
        else if (torture_roll(part, 64) == 0)
            torture_write_a_while(part, ring);
    }
    ring_destroy(&ring);
}
