#include "libring/writer.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "libring/src/lock.h"
#include "libring/src/map.h"
#include "libring/src/object.h"
#include "libring/src/pool.h"
#include "libring/src/spin.h"
#include "libring/src/system.h"
#include "libring/src/wake.h"

/* Between two looks for room, since each takes the readers' lines from them. */
#define LOOK_PAUSES 8

struct ring_writer {
    struct ring_map map;
    struct ring_frames_set frames;
    struct ring_pool pool;
    struct ring_spin spin;
    struct ring_link link;
    struct ring_bells bells; /* the readers' */
    struct ring *owner;      /* in our thread; NULL: elsewhere */
    int bell;                /* ours, for readers to ring */
    int epoll;               /* the bell, and the link, for its hang-up */
    bool polls;              /* the caller has asked for it */
    bool finished;           /* or orphaned */
};

/* The oldest generation in which something acquired may still be published or is held, or else
 * the newest: the owner may remove those before it. */
static void tell_generation(struct ring_writer *writer)
{
    uint32_t oldest = ring_frames_oldest(&writer->frames);
    if (!oldest)
        oldest = writer->frames.list->generation;
    /* Release: what was published in older ones is seen first. Pairs with the
     * acquire in remove_old_frames. */
    atomic_store_explicit(&writer->map.control->stream.writing, oldest, memory_order_release);
}

static int newest_frames(struct ring_writer *writer, struct ring_frames **frames)
{
    uint32_t generation =
        atomic_load_explicit(&writer->map.control->table.generation, memory_order_acquire);
    *frames = writer->frames.list;
    if (*frames && (*frames)->generation == generation)
        return 0;
    int error = ring_frames_get(&writer->frames, generation, frames);
    /* An owner lets be what we may come to write in. */
    if (error)
        return error == -ENOENT ? -EPROTO : error;
    ring_pool_fit(&writer->pool, (*frames)->geometry.slot_stride);
    tell_generation(writer);
    return 0;
}

/* Takes a descriptor out of a key. */
static int take(int *descriptor)
{
    int fd = *descriptor;
    *descriptor = -1;
    return fd;
}

static int open_role(struct ring_writer *writer, struct ring_key *key)
{
    int error = ring_map_take(&writer->map, take(&key->lock), take(&key->control));
    if (!error)
        error = ring_lock(writer->map.control_fd, RING_LOCK_WRITER);
    if (!error)
        error = ring_pool_init(&writer->pool, &writer->map);
    if (!error)
        error = ring_map_take_frames(&writer->map, take(&key->frames), &writer->frames);
    struct ring_frames *newest;
    return error ? error : newest_frames(writer, &newest);
}

static int make_descriptor(struct ring_writer *writer)
{
    writer->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (writer->epoll < 0)
        return ring_system_error(errno);
    int error = ring_system_watch(writer->epoll, EPOLL_CTL_ADD, writer->bell, EPOLLIN, NULL);
    if (error)
        return error;
    /* No events asked for: its hang-up only. */
    return ring_system_watch(writer->epoll, EPOLL_CTL_ADD, writer->link.socket, 0, NULL);
}

/* Says hello with our bell; from now on the readers' come in. */
static int introduce(struct ring_writer *writer, struct ring_key *key)
{
    writer->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (writer->bell < 0)
        return ring_system_error(errno);
    int error = ring_link_begin(&writer->link, take(&key->hub), RING_HELLO_WRITER);
    if (error)
        return error;
    uint32_t incarnation = atomic_fetch_add(&writer->map.control->room.incarnation, 1) + 1;
    ring_link_present(&writer->link, 0, incarnation);
    error = ring_link_give(&writer->link, writer->bell);
    if (error == -EPIPE)
        return -ENOENT; /* the owner has just died */
    return error ? error : make_descriptor(writer);
}

static void free_writer(struct ring_writer *writer)
{
    ring_link_close(&writer->link);
    ring_bells_close(&writer->bells);
    if (writer->bell >= 0)
        close(writer->bell);
    if (writer->epoll >= 0)
        close(writer->epoll);
    ring_pool_finish(&writer->pool);
    ring_frames_close(&writer->frames);
    ring_map_close(&writer->map); /* the role's lock falls with it */
    free(writer);
}

static int open_writer(struct ring_writer **out, struct ring_key *key, struct ring *owner)
{
    *out = NULL;
    struct ring_writer *writer = malloc(sizeof *writer);
    if (!writer)
        return -ENOMEM;
    *writer = (struct ring_writer){
        .map.control_fd = -1, .link.socket = -1, .owner = owner, .bell = -1, .epoll = -1};
    ring_bells_init(&writer->bells);
    ring_spin_init(&writer->spin);
    int error = open_role(writer, key);
    if (!error)
        error = introduce(writer, key);
    if (error) {
        free_writer(writer);
        return error;
    }
    struct ring_stream *stream = &writer->map.control->stream;
    writer->finished = atomic_load(&stream->ended);
    atomic_store_explicit(&stream->writer, getpid(), memory_order_relaxed);
    ring_wake_all_readers(&writer->map);
    *out = writer;
    return 0;
}

int ring_writer_open(struct ring_writer **out, const char *name, struct ring *owner)
{
    struct ring_key key;
    *out = NULL;
    int error = ring_key_make(&key, name);
    if (error)
        return error;
    error = open_writer(out, &key, owner);
    ring_key_drop(&key);
    return error;
}

int ring_writer_open_by_key(struct ring_writer **out, struct ring_key *key)
{
    *out = NULL;
    const bool whole = key->lock >= 0 && key->control >= 0 && key->frames >= 0 && key->hub >= 0;
    int error = whole ? ring_object_check_same(key->lock, key->control) : -EPROTO;
    if (error == -ENOENT)
        error = -EPROTO; /* nobody replaces what is open */
    if (!error)
        error = open_writer(out, key, NULL);
    ring_key_drop(key);
    return error;
}

void ring_writer_close(struct ring_writer **pointer)
{
    struct ring_writer *writer = pointer ? *pointer : NULL;
    if (!writer)
        return;
    atomic_store_explicit(&writer->map.control->stream.writer, 0, memory_order_relaxed);
    atomic_store(&writer->map.control->room.asleep, 0);
    free_writer(writer);
    *pointer = NULL;
}

int ring_writer_fd(struct ring_writer *writer)
{
    writer->polls = true;
    return writer->epoll;
}

static void wake_readers(struct ring_writer *writer)
{
    if (ring_wake_readers(&writer->map, &writer->bells))
        return;
    if (writer->owner)
        ring_dispatch(writer->owner);
    int error = ring_bells_collect(&writer->bells, &writer->link);
    if (!ring_wake_readers(&writer->map, &writer->bells) && error)
        ring_link_call(&writer->link);
}

/* Whether the owner hung up: it is dead, or serves us no more. */
static bool is_orphaned(const struct ring_writer *writer)
{
    struct pollfd link = {.fd = writer->link.socket};
    return poll(&link, 1, 0) == 1;
}

/* Asks to be rung; what it is about is to be looked at again. */
static int announce(struct ring_writer *writer)
{
    if (!ring_bell_drain(writer->bell) && is_orphaned(writer)) {
        writer->finished = true;
        return -EPIPE;
    }
    /* sc store, then a second look: pairs with ring_wake_writer. */
    atomic_store(&writer->map.control->room.asleep, RING_ASLEEP_DOORBELL);
    return 0;
}

static int acquire_or_announce(struct ring_writer *writer, uint32_t *index)
{
    int error = announce(writer);
    if (error)
        return error;
    error = ring_pool_acquire(&writer->pool, index);
    if (!error)
        atomic_store(&writer->map.control->room.asleep, 0);
    return error;
}

int ring_writer_acquire(struct ring_writer *writer, struct ring_slot *slot)
{
    if (writer->finished)
        return -EPIPE;
    struct ring_frames *frames;
    uint32_t index;
    int error = newest_frames(writer, &frames);
    if (error)
        return error;
    error = ring_pool_acquire(&writer->pool, &index);
    if (error == -EAGAIN && writer->polls)
        error = acquire_or_announce(writer, &index);
    if (error)
        return error;

    const uint32_t note_size = writer->map.geometry.note_size;
    struct ring_label *label = ring_frames_label(frames, index);
    if (note_size)
        memset(label->note, 0, note_size);
    *slot = (struct ring_slot){
        .data = ring_frames_data(frames, index),
        .note = note_size ? label->note : NULL,
        .size = frames->geometry.slot_size,
        .note_size = note_size,
        .index = index,
    };
    writer->pool.acquired[index] = frames;
    frames->users++;
    return 0;
}

static int count_readers(const struct ring_writer *writer)
{
    return __builtin_popcountll(atomic_load(&writer->map.control->table.attached));
}

int ring_writer_readers(struct ring_writer *writer)
{
    int readers = count_readers(writer);
    if (readers || !writer->polls)
        return readers;
    int error = announce(writer);
    if (error)
        return error;
    readers = count_readers(writer);
    if (readers)
        atomic_store(&writer->map.control->room.asleep, 0);
    return readers;
}

static bool is_acquired(const struct ring_writer *writer, const struct ring_slot *slot)
{
    return slot->data && slot->index < writer->pool.slots && writer->pool.acquired[slot->index];
}

static void let_go(struct ring_writer *writer, struct ring_frames *frames)
{
    frames->users--;
    if (frames != writer->frames.list)
        tell_generation(writer);
}

/* Good to a few milliseconds, and almost free. */
static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int ring_writer_publish(struct ring_writer *writer, struct ring_slot *slot, size_t used,
                        uint64_t *seq_out)
{
    if (!is_acquired(writer, slot))
        return -EINVAL;
    if (writer->finished)
        return -EPIPE;
    struct ring_map *map = &writer->map;
    struct ring_frames *frames = writer->pool.acquired[slot->index];
    if (used > frames->geometry.slot_size)
        return -EMSGSIZE;

    struct ring_stream *stream = &map->control->stream;
    const uint64_t seq = writer->pool.head;
    struct ring_slot_state *state = &map->control->slot[slot->index];
    struct ring_label *label = ring_frames_label(frames, slot->index);
    label->seq = seq;
    label->used = used;
    atomic_store_explicit(&state->generation, frames->generation, memory_order_relaxed);
    atomic_store_explicit(&state->published_ns, now_ns(), memory_order_relaxed);
    /* Release: all of the above before it; pairs with the loads in take(). */
    atomic_store_explicit(&state->seq, seq, memory_order_release);
    atomic_store_explicit(&map->queue[ring_queue_index(&map->geometry, seq)], slot->index,
                          memory_order_relaxed);
    /* From here on the message exists. sc: pairs with the announcements of
     * readers that go to sleep, and with attaching. */
    atomic_store(&stream->head, seq + 1);
    ring_pool_carry(&writer->pool, slot->index, seq);
    let_go(writer, frames);
    wake_readers(writer);

    if (seq_out)
        *seq_out = seq;
    *slot = (struct ring_slot){.index = UINT32_MAX};
    return 0;
}

int ring_writer_hold(struct ring_writer *writer, const struct ring_slot *slot)
{
    struct ring_pool *pool = &writer->pool;
    if (!is_acquired(writer, slot) || pool->held[slot->index])
        return -EINVAL;
    if (pool->held_count == ring_writer_holds(writer))
        return -ENOBUFS;
    pool->held[slot->index] = pool->acquired[slot->index];
    pool->held[slot->index]->users++;
    pool->held_count++;
    return 0;
}

int ring_writer_release(struct ring_writer *writer, unsigned index)
{
    struct ring_pool *pool = &writer->pool;
    if (index >= pool->slots || !pool->held[index])
        return -EINVAL;
    struct ring_frames *frames = pool->held[index];
    pool->held[index] = NULL;
    pool->held_count--;
    let_go(writer, frames);
    return 0;
}

unsigned ring_writer_holds(const struct ring_writer *writer)
{
    return writer->map.geometry.writer_holds;
}

int ring_writer_cancel(struct ring_writer *writer, struct ring_slot *slot)
{
    if (!is_acquired(writer, slot))
        return -EINVAL;
    ring_writer_release(writer, slot->index); /* where it is held */
    struct ring_frames *frames = writer->pool.acquired[slot->index];
    ring_pool_cancel(&writer->pool, slot->index);
    let_go(writer, frames);
    *slot = (struct ring_slot){.index = UINT32_MAX};
    return 0;
}

/* Asleep on the semaphore; deaths are the owner's to see. */
static int sleep_alone(struct ring_writer *writer, const struct ring_deadline *deadline)
{
    struct ring_room *room = &writer->map.control->room;
    uint32_t index;
    int error = 0;
    ring_semaphore_drain(&room->semaphore);
    /* sc store, then a second look: pairs with ring_wake_writer. */
    atomic_store(&room->asleep, RING_ASLEEP_SEMAPHORE);
    if (ring_pool_acquire(&writer->pool, &index) == 0)
        ring_pool_cancel(&writer->pool, index);
    else
        error = ring_semaphore_sleep(&room->semaphore, deadline);
    atomic_store(&room->asleep, 0);
    return error;
}

/* Asleep in poll() on our bell, doing the owner's work meanwhile: nobody else
 * would see a reader die. A second at most, as on a semaphore: a peer that writes where
 * it should not can take the announcement back. */
static int sleep_as_owner(struct ring_writer *writer, const struct ring_deadline *deadline)
{
    uint32_t index;
    int error = acquire_or_announce(writer, &index);
    if (!error)
        ring_pool_cancel(&writer->pool, index);
    if (error != -EAGAIN)
        return 0;
    struct pollfd fds[] = {
        {.fd = writer->bell, .events = POLLIN},
        {.fd = ring_fd(writer->owner), .events = POLLIN},
    };
    int64_t left = ring_deadline_left(deadline);
    struct timespec slice = {.tv_sec = 1};
    if (left >= 0 && left < 1000000000)
        slice = (struct timespec){.tv_nsec = left};
    ppoll(fds, 2, &slice, NULL);
    ring_dispatch(writer->owner);
    return left == 0 ? -ETIMEDOUT : 0;
}

/* Whether acquire would say something else than -EAGAIN: tries, and gives back. */
static bool has_room(void *user)
{
    struct ring_writer *writer = user;
    uint32_t index;
    if (writer->finished)
        return true;
    if (ring_pool_acquire(&writer->pool, &index) != 0)
        return false;
    ring_pool_cancel(&writer->pool, index);
    return true;
}

int ring_writer_wait(struct ring_writer *writer, int64_t timeout_ns)
{
    if (ring_spin(&writer->spin, LOOK_PAUSES, has_room, writer))
        return 0;
    const struct ring_deadline deadline = ring_deadline_in(timeout_ns);
    int error = 0;
    for (bool slept = false; !has_room(writer); slept = true) {
        if (slept && !writer->owner && !ring_lock_is_held(writer->map.control_fd, RING_LOCK_OWNER))
            writer->finished = true;
        if (error || writer->finished)
            return writer->finished ? 0 : error;
        ring_spin_sleeps(&writer->spin);
        error = writer->owner ? sleep_as_owner(writer, &deadline) : sleep_alone(writer, &deadline);
    }
    ring_spin_wakes(&writer->spin);
    return 0;
}

int ring_writer_finish(struct ring_writer *writer)
{
    writer->finished = true;
    atomic_store(&writer->map.control->stream.ended, 1);
    wake_readers(writer);
    return 0;
}
