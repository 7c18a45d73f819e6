#include "libring/src/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/src/object.h"
#include "libring/src/system.h"

/* Whether nobody but the ring's owner can have made and can change it: a group that may
 * write the control object could put a file of its own where the frames should be. */
static bool is_owners(const struct stat *status, uid_t owner)
{
    return S_ISREG(status->st_mode) && status->st_uid == owner &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static int check(int fd, const struct ring_frames_kin *kin)
{
    uint64_t identity;
    struct stat status;
    static_assert(offsetof(struct ring_frames_header, identity) == 0, "read there");
    if (fstat(fd, &status) < 0)
        return ring_system_error(errno);
    if (!is_owners(&status, kin->owner) || status.st_size < RING_PAGE ||
        pread(fd, &identity, sizeof identity, 0) != sizeof identity)
        return -EPROTO;
    /* Another ring's of the same name, which replaced ours. */
    return identity == kin->identity ? 0 : -ENOENT;
}

int ring_frames_take(struct ring_frames_set *set, int fd, const struct ring_frames_kin *kin,
                     bool writable)
{
    *set = (struct ring_frames_set){
        .slots = kin->slots, .note_size = kin->note_size, .writable = writable};
    int error = check(fd, kin);
    if (!error) {
        set->header = ring_object_map(fd, 0, RING_PAGE, false);
        error = set->header ? 0 : ring_system_error(errno);
    }
    if (error)
        close(fd);
    else
        set->fd = fd;
    return error;
}

int ring_frames_open(struct ring_frames_set *set, const char *path,
                     const struct ring_frames_kin *kin, bool writable)
{
    *set = (struct ring_frames_set){0};
    int fd = ring_object_open(path, writable ? O_RDWR : O_RDONLY);
    return fd < 0 ? fd : ring_frames_take(set, fd, kin, writable);
}

/* Where the generation lies, as a copy that belongs together: its place in the table may be
 * given to a later one at any time, unless somebody needs it. */
static int find_part(const struct ring_frames_set *set, uint32_t generation, uint64_t *offset,
                     uint64_t *slot_size)
{
    const struct ring_frames_part *part = &set->header->part[generation % RING_GENERATIONS_MAX];
    /* sc; pair with the stores in ring_store_add. */
    bool found = generation && atomic_load(&part->generation) == generation;
    *offset = atomic_load(&part->offset);
    *slot_size = atomic_load(&part->slot_size);
    return found && atomic_load(&part->generation) == generation ? 0 : -ENOENT;
}

/* Derives from the copy where everything lies, and sees that it is in the object. */
static int check_part(const struct ring_frames_set *set, uint64_t offset, uint64_t slot_size,
                      struct ring_frames_geometry *geometry)
{
    int64_t size = ring_object_size(set->fd);
    if (size < 0)
        return (int)size;
    if (ring_frames_geometry(geometry, slot_size, set->slots, set->note_size) != 0 ||
        offset < RING_PAGE || offset % RING_PAGE != 0 || offset > (uint64_t)size ||
        geometry->size > (uint64_t)size - offset)
        return -EPROTO;
    return 0;
}

static int map(const struct ring_frames_set *set, uint32_t generation, struct ring_frames *frames)
{
    uint64_t offset, slot_size;
    frames->generation = generation;
    int error = find_part(set, generation, &offset, &slot_size);
    if (!error)
        error = check_part(set, offset, slot_size, &frames->geometry);
    if (error)
        return error;
    frames->memory = ring_object_map(set->fd, offset, frames->geometry.size, set->writable);
    return frames->memory ? 0 : ring_system_error(errno);
}

static void close_unused(struct ring_frames_set *set)
{
    struct ring_frames **link = &set->list->next; /* all but the newest */
    while (*link) {
        struct ring_frames *frames = *link;
        if (frames->users > 0) {
            link = &frames->next;
            continue;
        }
        *link = frames->next;
        munmap(frames->memory, frames->geometry.size);
        free(frames);
    }
}

static int open_next(struct ring_frames_set *set, uint32_t generation)
{
    struct ring_frames *frames = calloc(1, sizeof *frames);
    if (!frames)
        return -ENOMEM;
    int error = map(set, generation, frames);
    if (error) {
        free(frames);
        return error;
    }
    frames->next = set->list;
    set->list = frames;
    close_unused(set);
    return 0;
}

int ring_frames_get(struct ring_frames_set *set, uint32_t generation, struct ring_frames **out)
{
    struct ring_frames *frames = set->list;
    while (frames && frames->generation != generation)
        frames = frames->next;
    if (!frames) {
        int error = open_next(set, generation);
        if (error)
            return error;
        frames = set->list;
    }
    *out = frames;
    return 0;
}

uint32_t ring_frames_oldest(const struct ring_frames_set *set)
{
    uint32_t oldest = 0;
    for (const struct ring_frames *frames = set->list; frames; frames = frames->next)
        if (frames->users > 0 && (!oldest || frames->generation < oldest))
            oldest = frames->generation;
    return oldest;
}

void ring_frames_close(struct ring_frames_set *set)
{
    while (set->list) {
        struct ring_frames *frames = set->list;
        set->list = frames->next;
        munmap(frames->memory, frames->geometry.size);
        free(frames);
    }
    if (!set->header)
        return;
    munmap((void *)set->header, RING_PAGE);
    close(set->fd);
    set->header = NULL;
}
