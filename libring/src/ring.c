#include "libring/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "libring/src/lock.h"
#include "libring/src/name.h"
#include "libring/src/place.h"
#include "libring/src/ring.h"
#include "libring/src/system.h"
#include "libring/src/wake.h"

static int check_config(const struct ring_config *config, struct ring_geometry *geometry,
                        struct ring_frames_geometry *frames)
{
    if (config->first_seq > RING_FIRST_SEQ_MAX)
        return -EINVAL;
    int error = ring_geometry(geometry, config->slots, config->note_size, config->writer_holds);
    return error
               ? error
               : ring_frames_geometry(frames, config->slot_size, config->slots, config->note_size);
}

int ring_memory(const struct ring_config *config, struct ring_memory *memory)
{
    struct ring_geometry geometry;
    struct ring_frames_geometry frames;
    int error = check_config(config, &geometry, &frames);
    if (error)
        return error;
    struct statvfs status;
    if (statvfs(RING_DIRECTORY, &status) < 0)
        return ring_system_error(errno);
    *memory = (struct ring_memory){
        .needed = geometry.control_size + RING_PAGE + frames.size,
        .available = (uint64_t)status.f_bavail * status.f_frsize,
    };
    return 0;
}

/* Lets writers, readers and observers know of the newest generation. */
static void show_generation(struct ring *ring, const struct ring_frames_geometry *frames)
{
    struct ring_table *table = &ring->map.control->table;
    atomic_store(&table->slot_size, frames->slot_size);
    atomic_fetch_add(&table->frames_bytes, frames->size);
    /* Pairs with the acquire in newest_frames. */
    atomic_store_explicit(&table->generation, ring->generation, memory_order_release);
}

/* Under the protection of the control object's name, which is ours already. */
static int complete(struct ring *ring, const struct ring_frames_geometry *frames)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, ring->name);
    if (!error)
        error =
            ring_store_create(&ring->frames, paths.frames, ring->map.identity, frames, ring->group);
    if (error)
        return error;
    unlink(paths.hub); /* a dead owner's */
    error = ring_hub_open(&ring->hub, paths.hub, ring->group);
    if (error)
        return error;
    atomic_store(&ring->map.control->stream.writing, 1);
    atomic_store(&ring->map.control->table.frames_bytes, RING_PAGE);
    show_generation(ring, frames);
    ring_map_publish(&ring->map);
    return 0;
}

static int create(struct ring *ring, const struct ring_config *config)
{
    struct ring_geometry geometry;
    struct ring_frames_geometry frames;
    int error = check_config(config, &geometry, &frames);
    if (!error)
        error = ring_map_create(&ring->map, ring->name, &geometry, config->first_seq, ring->group);
    if (error)
        return error;
    error = complete(ring, &frames);
    if (error) {
        ring_map_unlink(ring->map.control_fd,
                        ring->name); /* what stays is as a dead owner leaves it */
        ring_store_close(&ring->frames);
        ring_map_close(&ring->map);
    }
    return error;
}

int ring_create(struct ring **out, const char *name, const struct ring_config *config)
{
    *out = NULL;
    int error = ring_name_check(name);
    if (error)
        return error;
    struct ring *ring = malloc(sizeof *ring);
    if (!ring)
        return -ENOMEM;
    *ring = (struct ring){
        .map.control_fd = -1,
        .group = config->has_group ? config->group : RING_NO_GROUP,
        .generation = 1,
        .oldest = 1,
    };
    strcpy(ring->name, name);
    error = create(ring, config);
    if (error) {
        free(ring);
        return error;
    }
    *out = ring;
    return 0;
}

int ring_fd(const struct ring *ring)
{
    return ring->hub.epoll;
}

/* The oldest generation that a message may lie in, or still come to lie in. */
static uint32_t oldest_in_use(const struct ring *ring)
{
    const struct ring_control *control = ring->map.control;
    /* Acquire: what was published before it is seen below. */
    uint32_t oldest = atomic_load_explicit(&control->stream.writing, memory_order_acquire);
    for (uint32_t i = 0; i < ring->map.geometry.slots; i++) {
        /* Acquire: pairs with the release in claim(). */
        uint32_t generation =
            atomic_load_explicit(&control->slot[i].generation, memory_order_acquire);
        if (generation && generation < oldest)
            oldest = generation;
    }
    return oldest;
}

static void remove_old_frames(struct ring *ring)
{
    if (ring->oldest == ring->generation)
        return;
    uint32_t in_use = oldest_in_use(ring);
    for (; ring->oldest < in_use && ring->oldest < ring->generation; ring->oldest++) {
        int64_t bytes = ring_store_drop(&ring->frames, ring->oldest);
        if (bytes < 0)
            return; /* another time */
        atomic_fetch_sub(&ring->map.control->table.frames_bytes, (uint64_t)bytes);
    }
}

int ring_resize(struct ring *ring, size_t slot_size)
{
    const struct ring_geometry *geometry = &ring->map.geometry;
    struct ring_frames_geometry frames;
    remove_old_frames(ring);
    if (ring->generation - ring->oldest + 1 == RING_GENERATIONS_MAX)
        return -EAGAIN;
    int error = ring_frames_geometry(&frames, slot_size, geometry->slots, geometry->note_size);
    if (!error)
        error = ring_store_add(&ring->frames, ring->generation + 1, &frames);
    if (error)
        return error;
    ring->generation++;
    show_generation(ring, &frames);
    return 0;
}

void ring_dispatch(struct ring *ring)
{
    remove_old_frames(ring);
    if (!ring_hub_dispatch(&ring->hub))
        return;
    /* Reader or writer, it may have owed a wake-up. */
    ring_wake_all_readers(&ring->map);
    ring_reap(ring);
}

int ring_reap(struct ring *ring)
{
    int reaped = ring_place_reap(&ring->map);
    ring_wake_writer_anyway(&ring->map);
    ring_hub_ring_all(&ring->hub);
    return reaped;
}

void ring_destroy(struct ring **pointer)
{
    struct ring *ring = pointer ? *pointer : NULL;
    if (!ring)
        return;
    ring_map_unlink(ring->map.control_fd, ring->name); /* what stays is as a dead owner leaves it */
    /* The lock falls before those are woken who will look for it. */
    ring_unlock(ring->map.control_fd, RING_LOCK_OWNER);
    ring_wake_writer_anyway(&ring->map);
    ring_wake_all_readers(&ring->map);
    ring_hub_close(&ring->hub);
    ring_store_close(&ring->frames);
    ring_map_close(&ring->map);
    free(ring);
    *pointer = NULL;
}

const char *ring_name(const struct ring *ring)
{
    return ring->name;
}
