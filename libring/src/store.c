#include "libring/src/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/src/object.h"
#include "libring/src/system.h"

static int map_header(struct ring_store *store, uint64_t identity)
{
    store->header = ring_object_map(store->fd, 0, RING_PAGE, true);
    if (!store->header)
        return ring_system_error(errno);
    store->header->identity = identity;
    store->end = RING_PAGE;
    return 0;
}

int ring_store_create(struct ring_store *store, const char *path, uint64_t identity,
                      const struct ring_frames_geometry *geometry, gid_t group)
{
    *store = (struct ring_store){0};
    int fd = ring_object_create(RING_PAGE, group, 0640);
    if (fd < 0)
        return fd;
    store->fd = fd;
    int error = map_header(store, identity);
    if (error) {
        close(fd);
        return error;
    }
    error = ring_store_add(store, 1, geometry);
    /* What has that name is a dead owner's: we have the lock of the living one. */
    if (!error)
        unlink(path);
    if (!error)
        error = ring_object_name(fd, path);
    if (error)
        ring_store_close(store);
    return error;
}

int ring_store_add(struct ring_store *store, uint32_t generation,
                   const struct ring_frames_geometry *geometry)
{
    const uint32_t index = generation % RING_GENERATIONS_MAX;
    struct ring_frames_part *part = &store->header->part[index];
    int error = ring_object_allocate(store->fd, store->end, geometry->size);
    if (error)
        return error;
    store->part[index].offset = store->end;
    store->part[index].size = geometry->size;
    /* sc; pairs with the loads in find_part. */
    atomic_store(&part->generation, 0);
    atomic_store(&part->offset, store->end);
    atomic_store(&part->slot_size, geometry->slot_size);
    atomic_store(&part->generation, generation);
    store->end += geometry->size;
    return 0;
}

int64_t ring_store_drop(struct ring_store *store, uint32_t generation)
{
    const uint32_t index = generation % RING_GENERATIONS_MAX;
    const uint64_t size = store->part[index].size;
    if (fallocate(store->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)store->part[index].offset, (off_t)size) < 0)
        return ring_system_error(errno);
    atomic_store(&store->header->part[index].generation, 0);
    return (int64_t)size;
}

void ring_store_close(struct ring_store *store)
{
    if (!store->header)
        return;
    munmap(store->header, RING_PAGE);
    close(store->fd);
    *store = (struct ring_store){0};
}
