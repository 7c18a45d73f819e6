#include "libring/src/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/src/lock.h"
#include "libring/src/name.h"
#include "libring/src/object.h"
#include "libring/src/system.h"

int ring_map_remove_stale(const char *name)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, name);
    if (error)
        return error;
    int fd = ring_object_open(paths.control, O_RDWR);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    error = ring_lock(fd, RING_LOCK_OWNER);
    if (!error)
        error = ring_map_unlink(fd, name);
    close(fd);
    return error;
}

static int claim_name(const char *name, int control_fd)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, name);
    while (!error) {
        error = ring_object_name(control_fd, paths.control);
        if (error != -EEXIST)
            return error;
        error = ring_map_remove_stale(name);
    }
    return error;
}

/* Through `fd`, which it closes. */
static int map_control(struct ring_map *map, int fd, bool writable)
{
    if (fd < 0)
        return fd;
    uint8_t *memory = ring_object_map(fd, 0, map->geometry.control_size, writable);
    int error = memory ? 0 : ring_system_error(errno);
    close(fd);
    if (error)
        return error;
    map->control = (void *)memory;
    map->queue = (void *)(memory + map->geometry.queue_offset);
    return 0;
}

static void write_header(struct ring_map *map)
{
    const struct ring_geometry *g = &map->geometry;
    struct ring_control *control = map->control;
    struct ring_header *header = &control->header;

    header->version = RING_VERSION;
    header->word = ring_word();
    header->identity = map->identity;
    header->slots = g->slots;
    header->note_size = g->note_size;
    header->writer_holds = g->writer_holds;
    header->first_seq = map->first_seq;
    header->owner = getpid();
    atomic_store_explicit(&control->stream.head, map->first_seq, memory_order_relaxed);
    for (uint32_t i = 0; i < g->slots; i++)
        atomic_store_explicit(&control->slot[i].seq, RING_NO_SEQ, memory_order_relaxed);
}

static int fill_and_name(struct ring_map *map, const char *name)
{
    if (getentropy(&map->identity, sizeof map->identity) < 0)
        return ring_system_error(errno);
    int error = map_control(map, ring_object_reopen(map->control_fd), true);
    if (error)
        return error;
    write_header(map);
    error = ring_lock(map->control_fd, RING_LOCK_OWNER);
    return error ? error : claim_name(name, map->control_fd);
}

int ring_map_create(struct ring_map *map, const char *name, const struct ring_geometry *geometry,
                    uint64_t first_seq, gid_t group)
{
    *map = (struct ring_map){.control_fd = -1, .geometry = *geometry, .first_seq = first_seq};
    int fd = ring_object_create(geometry->control_size, group, 0660);
    if (fd < 0)
        return fd;
    map->control_fd = fd;
    int error = fill_and_name(map, name);
    if (error)
        ring_map_close(map);
    return error;
}

void ring_map_publish(struct ring_map *map)
{
    /* Pairs with the acquire load in check_header. */
    atomic_store_explicit(&map->control->header.magic, RING_MAGIC, memory_order_release);
}

/* Copies the header and derives everything from the copy: -ENOENT while the ring
 * is still being made, -EPROTO when it is none of ours. */
static int check_header(struct ring_map *map, int fd)
{
    int64_t size = ring_object_size(fd);
    if (size < (int64_t)sizeof(struct ring_control))
        return size < 0 ? (int)size : -EPROTO;
    void *memory = ring_object_map(fd, 0, sizeof(struct ring_control), false);
    if (!memory)
        return ring_system_error(errno);
    struct ring_header *shared = &((struct ring_control *)memory)->header;
    uint64_t magic = atomic_load_explicit(&shared->magic, memory_order_acquire);
    struct ring_header header;
    memcpy((void *)&header, (const void *)shared, sizeof header);
    munmap(memory, sizeof(struct ring_control));

    if (magic == 0)
        return -ENOENT;
    if (magic != RING_MAGIC || header.version != RING_VERSION || header.word != ring_word() ||
        ring_geometry(&map->geometry, header.slots, header.note_size, header.writer_holds) != 0 ||
        header.first_seq > RING_FIRST_SEQ_MAX || (uint64_t)size != map->geometry.control_size)
        return -EPROTO;
    map->first_seq = header.first_seq;
    map->identity = header.identity;
    return 0;
}

static void explain_header(const char *name, char *text, size_t size)
{
    struct ring_paths paths;
    struct ring_header header;
    ssize_t bytes = -1;
    int fd = ring_paths(&paths, name) == 0 ? ring_object_open(paths.control, O_RDONLY) : -1;
    if (fd >= 0) {
        bytes = pread(fd, (void *)&header, sizeof header, 0);
        close(fd);
    }
    if (bytes != sizeof header || atomic_load(&header.magic) != RING_MAGIC)
        snprintf(text, size, "it is no ring");
    else if (header.version != RING_VERSION)
        snprintf(text, size, "it is of version %u, and this library of version %u", header.version,
                 RING_VERSION);
    else if (header.word != ring_word())
        snprintf(text, size, "it is of a machine with %u-bit words, and this one has %u-bit words",
                 8 * (header.word >> 16), 8 * (ring_word() >> 16));
    else
        snprintf(text, size, "it is damaged: its size is not what its header says");
}

void ring_map_explain(const char *name, int error, char *text, size_t size)
{
    if (error == -EPROTO)
        explain_header(name, text, size);
    else if (error == -ENOENT)
        snprintf(text, size, "there is no ring of that name");
    else
        snprintf(text, size, "%s", error ? strerror(-error) : "it is in order");
}

/* `fd` for the locks, `again` for the mappings: see lock.h. */
static int take_control(struct ring_map *map, int fd, int again, bool writable)
{
    *map = (struct ring_map){.control_fd = fd};
    int error = check_header(map, again);
    if (!error)
        error = ring_object_check_same(fd, again);
    if (!error)
        error = map_control(map, again, writable);
    else
        close(again);
    if (error)
        ring_map_close(map);
    return error;
}

/* Twice by its name, so that who attaches needs no /proc. */
static int open_control(struct ring_map *map, const char *name, bool writable)
{
    struct ring_paths paths;
    *map = (struct ring_map){.control_fd = -1};
    int error = ring_paths(&paths, name);
    if (error)
        return error;
    const int access = writable ? O_RDWR : O_RDONLY;
    int fd = ring_object_open(paths.control, access);
    if (fd < 0)
        return fd;
    int again = ring_object_open(paths.control, access);
    if (again >= 0)
        return take_control(map, fd, again, writable);
    close(fd);
    return again;
}

int ring_map_open(struct ring_map *map, const char *name)
{
    return open_control(map, name, true);
}

int ring_map_take(struct ring_map *map, int control_fd, int again)
{
    return take_control(map, control_fd, again, true);
}

int ring_map_observe(struct ring_map *map, const char *name)
{
    return open_control(map, name, false);
}

void ring_map_close(struct ring_map *map)
{
    if (map->control)
        munmap(map->control, map->geometry.control_size);
    if (map->control_fd >= 0)
        close(map->control_fd);
    *map = (struct ring_map){.control_fd = -1};
}

/* Only who holds the lock on an object that still has its name removes it, so that two who
 * clean up can't remove a third's ring. */
int ring_map_unlink(int control_fd, const char *name)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, name);
    if (!error)
        error = ring_object_check_name(control_fd);
    if (error)
        return error == -ENOENT ? 0 : error;
    const char *const all[] = {paths.frames, paths.hub, paths.control};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (unlink(all[i]) < 0 && errno != ENOENT)
            return ring_system_error(errno);
    return 0;
}

static int find_kin(const struct ring_map *map, struct ring_frames_kin *kin)
{
    struct stat status;
    if (fstat(map->control_fd, &status) < 0)
        return ring_system_error(errno);
    *kin = (struct ring_frames_kin){
        .identity = map->identity,
        .owner = status.st_uid,
        .slots = map->geometry.slots,
        .note_size = map->geometry.note_size,
    };
    return 0;
}

int ring_map_frames(const struct ring_map *map, const char *name, bool writable,
                    struct ring_frames_set *set)
{
    struct ring_paths paths;
    struct ring_frames_kin kin;
    int error = ring_paths(&paths, name);
    if (!error)
        error = find_kin(map, &kin);
    return error ? error : ring_frames_open(set, paths.frames, &kin, writable);
}

int ring_map_take_frames(const struct ring_map *map, int fd, struct ring_frames_set *set)
{
    struct ring_frames_kin kin;
    int error = find_kin(map, &kin);
    if (!error)
        return ring_frames_take(set, fd, &kin, true);
    close(fd);
    return error;
}
