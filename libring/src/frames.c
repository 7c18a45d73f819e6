#include "libring/src/frames.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/src/name.h"
#include "libring/src/object.h"
#include "libring/src/system.h"

struct frames_path {
    char text[sizeof RING_DIRECTORY + RING_NAME_MAX + 32];
};

static struct frames_path path_of(const char *name, uint32_t generation)
{
    struct frames_path path;
    snprintf(path.text, sizeof path.text, RING_DIRECTORY "/ring.%s.frames.%u", name, generation);
    return path;
}

int ring_frames_create(const char *name, uint64_t identity, uint32_t generation,
                       const struct ring_frames_geometry *geometry, gid_t group)
{
    const struct ring_frames_header header = {
        .identity = identity, .generation = generation, .slot_size = geometry->slot_size};
    const struct frames_path path = path_of(name, generation);
    int fd = ring_object_create(geometry->size, group, 0640);
    if (fd < 0)
        return fd;
    int error = 0;
    if (pwrite(fd, &header, sizeof header, 0) != sizeof header)
        error = -EIO;
    /* What has that name is a dead owner's: we have the lock of the living one. */
    unlink(path.text);
    if (!error)
        error = ring_object_name(fd, path.text);
    close(fd);
    return error;
}

int ring_frames_unlink(const char *name, uint32_t generation)
{
    if (unlink(path_of(name, generation).text) == 0 || errno == ENOENT)
        return 0;
    return ring_system_error(errno);
}

int ring_frames_unlink_all(const char *name)
{
    char prefix[sizeof(struct frames_path)];
    const int length = snprintf(prefix, sizeof prefix, "ring.%s.frames.", name);
    DIR *directory = opendir(RING_DIRECTORY);
    if (!directory)
        return ring_system_error(errno);
    int error = 0;
    const struct dirent *entry;
    while (!error && (entry = readdir(directory)))
        if (strncmp(entry->d_name, prefix, (size_t)length) == 0 &&
            unlinkat(dirfd(directory), entry->d_name, 0) < 0)
            error = ring_system_error(errno);
    closedir(directory);
    return error;
}

/* Whether nobody but the ring's owner can have made and can change it: a group that may
 * write the control object could put a file of its own where it says a generation is. */
static bool is_owners(const struct ring_frames_set *set, const struct stat *status)
{
    return S_ISREG(status->st_mode) && status->st_uid == set->owner &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Reads the header and derives from the copy where everything lies in the object. */
static int check(const struct ring_frames_set *set, int fd, uint32_t generation,
                 struct ring_frames_geometry *geometry)
{
    struct ring_frames_header header;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return ring_system_error(errno);
    if (!is_owners(set, &status) || pread(fd, &header, sizeof header, 0) != sizeof header)
        return -EPROTO;
    /* Another ring's of the same name, which replaced ours. */
    if (header.identity != set->identity)
        return -ENOENT;
    if (header.generation != generation ||
        ring_frames_geometry(geometry, header.slot_size, set->slots, set->note_size) != 0 ||
        (uint64_t)status.st_size != geometry->size)
        return -EPROTO;
    return 0;
}

static int map(const struct ring_frames_set *set, uint32_t generation, struct ring_frames *frames)
{
    const struct frames_path path = path_of(set->name, generation);
    int fd = ring_object_open(path.text, set->writable ? O_RDWR : O_RDONLY);
    if (fd < 0)
        return fd;
    frames->generation = generation;
    int error = check(set, fd, generation, &frames->geometry);
    if (!error) {
        frames->memory = ring_object_map(fd, frames->geometry.size, set->writable);
        error = frames->memory ? 0 : ring_system_error(errno);
    }
    close(fd);
    return error;
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
}
