#include "libring/src/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "libring/src/lock.h"
#include "libring/src/object.h"
#include "libring/src/place.h"
#include "libring/src/wake.h"

/* How often a reader looks again when the writer laps it between two looks. An
 * honest writer can't keep that up; a damaged ring could for ever. */
#define LAPS_MAX 100000
/* Likewise for a newer generation, which an owner does not make every millisecond. */
#define GENERATIONS_TRIED 1000

static uint64_t own_bit(const struct ring_reader *reader)
{
    return UINT64_C(1) << reader->place;
}

static int take_place(struct ring_reader *reader)
{
    ring_place_reap(&reader->map);
    int place = ring_place_take(&reader->map, reader->policy, reader->holds);
    /* Both may have made room, the dead may have owed a wake-up, and a writer that
     * saw us stand in the table without a start yet may sleep on that. One that sleeps
     * in poll() is rung by us, or by the owner when it passes its bell on to us; and for
     * the dead by the owner, which has seen them die. */
    ring_wake_writer_anyway(&reader->map);
    ring_wake_writer(&reader->map, &reader->writer, &reader->link);
    if (place < 0)
        return place;
    reader->place = (unsigned)place;
    reader->own = &reader->map.control->place[place];
    reader->start = reader->cursor = atomic_load(&reader->own->start);
    ring_link_present(&reader->link, reader->place, atomic_load(&reader->own->incarnation));
    return 0;
}

/* Those of the newest generation, to know at once whether they can be opened. The one
 * just looked up may be gone when a newer one is there; but not for ever. */
static int open_frames(struct ring_reader *reader)
{
    const _Atomic uint32_t *newest = &reader->map.control->table.generation;
    struct ring_frames *frames;
    uint32_t generation;
    int error, tries = 0;
    do {
        generation = atomic_load(newest);
        error = ring_frames_get(&reader->frames, generation, &frames);
    } while (error == -ENOENT && atomic_load(newest) != generation && ++tries < GENERATIONS_TRIED);
    return error == -ENOENT ? -EPROTO : error;
}

static int attach(struct ring_reader *reader, const char *name)
{
    reader->views = calloc(reader->holds, sizeof *reader->views);
    if (!reader->views)
        return -ENOMEM;
    int error = ring_map_open(&reader->map, name);
    if (error)
        return error;
    error = ring_map_frames(&reader->map, name, false, &reader->frames);
    if (!error)
        error = open_frames(reader);
    /* Before a place is taken: who dies with it has to be known to the owner. */
    if (!error)
        error = ring_link_open(&reader->link, name, RING_HELLO_READER);
    /* Its names go before another ring has them, the control object's last: so the owner that
     * we have met is this ring's. */
    if (!error)
        error = ring_object_check_name(reader->map.control_fd);
    return error ? error : take_place(reader);
}

static void free_reader(struct ring_reader *reader)
{
    ring_link_close(&reader->link);
    if (reader->writer.eventfd >= 0)
        close(reader->writer.eventfd);
    ring_frames_close(&reader->frames);
    ring_map_close(&reader->map); /* the place's lock falls with it */
    free(reader->views);
    free(reader);
}

int ring_reader_attach(struct ring_reader **out, const char *name,
                       const struct ring_reader_config *config)
{
    *out = NULL;
    unsigned holds = config->holds ? config->holds : 1;
    if (config->policy > RING_LATEST || holds > RING_SLOTS_MAX)
        return -EINVAL;
    struct ring_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return -ENOMEM;
    *reader = (struct ring_reader){
        .map.control_fd = -1,
        .policy = config->policy,
        .holds = holds,
        .link.socket = -1,
        .writer.eventfd = -1,
    };
    ring_spin_init(&reader->spin);
    int error = attach(reader, name);
    if (error) {
        free_reader(reader);
        return error;
    }
    *out = reader;
    return 0;
}

void ring_reader_detach(struct ring_reader **pointer)
{
    struct ring_reader *reader = pointer ? *pointer : NULL;
    if (!reader)
        return;
    if (reader->set)
        ring_waitset_remove(reader->set, reader);
    ring_place_clear(&reader->map, reader->place);
    ring_wake_writer(&reader->map, &reader->writer, &reader->link);
    free_reader(reader);
    *pointer = NULL;
}

unsigned ring_reader_place(const struct ring_reader *reader)
{
    return reader->place;
}

static void let_go(struct ring_reader *reader, uint32_t slot)
{
    /* sc, also release: our looks at the slot end before it; pairs with claim(). */
    atomic_fetch_and(&reader->map.control->slot[slot].holders, ~own_bit(reader));
    ring_wake_writer(&reader->map, &reader->writer, &reader->link);
}

/* Takes a confirmed hold on the slot that carries `seq`: announce, then look (see
 * layout.h). -ESTALE: no slot carries it any more. */
static int take(struct ring_reader *reader, uint64_t seq, uint32_t *slot)
{
    struct ring_map *map = &reader->map;
    uint32_t index = atomic_load_explicit(&map->queue[ring_queue_index(&map->geometry, seq)],
                                          memory_order_relaxed);
    if (index >= map->geometry.slots)
        return -EPROTO;
    struct ring_slot_state *state = &map->control->slot[index];
    if (atomic_load_explicit(&state->seq, memory_order_acquire) != seq)
        return -ESTALE;
    atomic_fetch_or(&state->holders, own_bit(reader));
    if (atomic_load(&state->seq) != seq) {
        let_go(reader, index);
        return -ESTALE;
    }
    *slot = index;
    return 0;
}

/* The oldest message from the cursor on that is still there, of the newest `most`. */
static int take_oldest(struct ring_reader *reader, uint64_t head, uint64_t most, uint64_t *seq,
                       uint32_t *slot)
{
    uint64_t from = head - reader->cursor > most ? head - most : reader->cursor;
    for (*seq = from; *seq < head; ++*seq) {
        int error = take(reader, *seq, slot);
        if (error != -ESTALE)
            return error;
    }
    return -ESTALE;
}

/* Takes what the policy asks for. A message that went while we looked is no
 * error unless the reader is lossless: the newest is always there, so when it is
 * gone there is a newer one, and we look again. */
static int take_by_policy(struct ring_reader *reader, uint64_t *seq, uint32_t *slot)
{
    struct ring_stream *stream = &reader->map.control->stream;
    /* There can't be more messages than slots. Lapped, a reader looks through half as
     * many the next time, so that it gets ahead of the writer, and comes to an end. */
    uint64_t most = reader->map.geometry.slots;

    /* What was there is still there for who must not lose it: the line on which the
     * writer counts is left to it. */
    if (reader->policy == RING_LOSSLESS && reader->cursor < reader->head) {
        *seq = reader->cursor;
        int error = take(reader, *seq, slot);
        return error == -ESTALE ? -EPROTO : error;
    }
    for (int laps = 0; laps < LAPS_MAX; laps++) {
        /* `ended` first: what was published before the end is seen after it. */
        bool ended = atomic_load_explicit(&stream->ended, memory_order_acquire);
        uint64_t head = atomic_load_explicit(&stream->head, memory_order_acquire);
        if (head < reader->cursor)
            return -EPROTO;
        reader->head = head;
        if (head == reader->cursor)
            return ended || reader->orphaned ? -EPIPE : -EAGAIN;

        int error;
        if (reader->policy == RING_LOSSY) {
            error = take_oldest(reader, head, most, seq, slot);
            most = most > 1 ? most / 2 : 1;
        } else {
            *seq = reader->policy == RING_LATEST ? head - 1 : reader->cursor;
            error = take(reader, *seq, slot);
        }
        if (error != -ESTALE)
            return error;
        if (reader->policy == RING_LOSSLESS)
            break;
    }
    return -EPROTO;
}

static uint64_t skipped(const struct ring_reader *reader)
{
    return reader->cursor - reader->start - reader->received;
}

static void pass(struct ring_reader *reader, uint64_t seq)
{
    reader->cursor = seq + 1;
    reader->received++;
    atomic_store_explicit(&reader->own->received, reader->received, memory_order_relaxed);
    atomic_store_explicit(&reader->own->skipped, skipped(reader), memory_order_relaxed);
    /* After the hold; sc, so that a writer that goes to sleep sees it or is woken
     * by our release: pairs with read_cursors. */
    atomic_store(&reader->own->cursor, reader->cursor);
}

/* Where a message lies whose slot is held, and how long it is. */
static int find_message(struct ring_reader *reader, uint64_t seq, uint32_t slot,
                        struct ring_frames **frames, uint64_t *used)
{
    uint32_t generation =
        atomic_load_explicit(&reader->map.control->slot[slot].generation, memory_order_relaxed);
    int error = ring_frames_get(&reader->frames, generation, frames);
    /* While it carries a message it is there. */
    if (error)
        return error == -ENOENT ? -EPROTO : error;
    /* Only a writer can write there, and it may not now; a copy needs no trust in that. */
    const volatile struct ring_label *shared = ring_frames_label(*frames, slot);
    *used = shared->used;
    return shared->seq == seq && *used <= (*frames)->geometry.slot_size ? 0 : -EPROTO;
}

int ring_reader_next(struct ring_reader *reader, struct ring_view *view)
{
    if (reader->held == reader->holds)
        return -ENOBUFS;
    uint64_t seq;
    uint32_t slot;
    int error = take_by_policy(reader, &seq, &slot);
    if (error)
        return error;

    struct ring_frames *frames;
    uint64_t used;
    error = find_message(reader, seq, slot, &frames, &used);
    if (error) {
        let_go(reader, slot);
        return error;
    }
    const struct ring_label *label = ring_frames_label(frames, slot);
    const uint32_t note_size = reader->map.geometry.note_size;
    *view = (struct ring_view){
        .data = ring_frames_data(frames, slot),
        .note = note_size ? label->note : NULL,
        .size = used,
        .note_size = note_size,
        .seq = seq,
        .skipped = seq - reader->cursor,
        .index = slot,
    };
    reader->views[reader->held++] = (struct ring_hold){.slot = slot, .frames = frames};
    frames->users++;
    pass(reader, seq);
    return 0;
}

int ring_reader_release(struct ring_reader *reader, struct ring_view *view)
{
    for (unsigned i = 0; i < reader->held; i++) {
        if (!view->data || reader->views[i].slot != view->index)
            continue;
        reader->views[i].frames->users--;
        reader->views[i] = reader->views[--reader->held];
        let_go(reader, view->index);
        if (reader->set && reader->left_out) {
            reader->left_out = false;
            ring_waitset_ring(reader->set);
        }
        *view = (struct ring_view){.index = UINT32_MAX};
        return 0;
    }
    return -EINVAL;
}

bool ring_reader_has_something(const struct ring_reader *reader)
{
    const struct ring_stream *stream = &reader->map.control->stream;
    return atomic_load(&stream->head) != reader->cursor || atomic_load(&stream->ended) ||
           reader->orphaned;
}

int ring_reader_give_bell(struct ring_reader *reader, int eventfd)
{
    /* Anew each time, or a writer that has the bell of the set before would ring that. */
    const uint32_t incarnation = reader->link.self.incarnation + 1;
    ring_link_present(&reader->link, reader->place, incarnation);
    /* sc, before any announcement: pairs with the load in known_among. */
    atomic_store(&reader->own->incarnation, incarnation);
    return ring_link_give(&reader->link, eventfd);
}

bool ring_reader_announce(struct ring_reader *reader)
{
    /* sc, then look: pairs with the sc store of head and ended before
     * ring_wake_readers. */
    atomic_fetch_or(&reader->map.control->sleepers.doorbell, own_bit(reader));
    return ring_reader_has_something(reader);
}

void ring_reader_check_owner(struct ring_reader *reader)
{
    if (!ring_lock_is_held(reader->map.control_fd, RING_LOCK_OWNER))
        reader->orphaned = true;
}

static bool look(void *reader)
{
    return ring_reader_has_something(reader);
}

int ring_reader_wait(struct ring_reader *reader, int64_t timeout_ns)
{
    struct ring_sleepers *sleepers = &reader->map.control->sleepers;
    if (ring_spin(&reader->spin, 1, look, reader))
        return 0;
    const struct ring_deadline deadline = ring_deadline_in(timeout_ns);
    int error = 0;

    while (!ring_reader_has_something(reader)) {
        if (error)
            return error;
        ring_spin_sleeps(&reader->spin);
        ring_semaphore_drain(&reader->own->semaphore);
        /* sc, then look: pairs with the sc store of head and ended before
         * ring_wake_readers. */
        atomic_fetch_or(&sleepers->semaphore, own_bit(reader));
        if (!ring_reader_has_something(reader))
            error = ring_semaphore_sleep(&reader->own->semaphore, &deadline);
        atomic_fetch_and(&sleepers->semaphore, ~own_bit(reader));
        if (!ring_reader_has_something(reader))
            ring_reader_check_owner(reader);
    }
    ring_spin_wakes(&reader->spin);
    return 0;
}

void ring_reader_counts(const struct ring_reader *reader, struct ring_reader_counts *counts)
{
    uint64_t head = atomic_load(&reader->map.control->stream.head);
    *counts = (struct ring_reader_counts){
        .received = reader->received,
        .skipped = skipped(reader),
        .pending = head - reader->cursor,
        .held = reader->held,
    };
}
