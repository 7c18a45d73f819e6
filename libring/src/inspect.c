#include "libring/inspect.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libring/src/lock.h"
#include "libring/src/name.h"
#include "libring/src/ring.h"
#include "libring/src/system.h"

static unsigned count_holds(const struct ring_map *map, unsigned place)
{
    unsigned held = 0;
    for (uint32_t i = 0; i < map->geometry.slots; i++)
        held +=
            atomic_load_explicit(&map->control->slot[i].holders, memory_order_relaxed) >> place & 1;
    return held;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The age of the oldest message from `cursor` on. */
static uint64_t age_from(const struct ring_map *map, uint64_t cursor)
{
    const uint64_t now = now_ns();
    uint64_t oldest = now;
    for (uint32_t i = 0; i < map->geometry.slots; i++) {
        const struct ring_slot_state *state = &map->control->slot[i];
        uint64_t seq = atomic_load(&state->seq);
        uint64_t published = atomic_load(&state->published_ns);
        if (seq != RING_NO_SEQ && seq >= cursor && published < oldest)
            oldest = published;
    }
    return now - oldest;
}

/* What stays in a place until its next reader comes. */
static void inspect_figures(const struct ring_map *map, unsigned place,
                            struct ring_reader_info *info)
{
    const struct ring_place *shared = &map->control->place[place];
    *info = (struct ring_reader_info){
        .pid = atomic_load(&shared->pid),
        .policy = (enum ring_policy)atomic_load(&shared->policy),
        .received = atomic_load(&shared->received),
        .skipped = atomic_load(&shared->skipped),
    };
}

/* Cursor before head: then the lag is never negative. */
static void inspect_reader(const struct ring_map *map, unsigned place,
                           struct ring_reader_info *info)
{
    uint64_t cursor = atomic_load(&map->control->place[place].cursor);
    uint64_t head = atomic_load(&map->control->stream.head);

    info->attached = true;
    info->alive = ring_lock_is_held(map->control_fd, RING_LOCK_PLACE + (int)place);
    info->held = count_holds(map, place);
    info->lag = head > cursor ? head - cursor : 0;
    if (info->lag)
        info->lag_ns = age_from(map, cursor);
}

static void inspect_map(const struct ring_map *map, struct ring_info *info)
{
    const struct ring_control *control = map->control;
    const bool has_writer = ring_lock_is_held(map->control_fd, RING_LOCK_WRITER);

    *info = (struct ring_info){
        .owner = control->header.owner,
        .writer = has_writer ? atomic_load(&control->stream.writer) : 0,
        .ended = atomic_load(&control->stream.ended),
        .published = atomic_load(&control->stream.head) - map->first_seq,
        .first_seq = map->first_seq,
        .slots = map->geometry.slots,
        .slot_size = atomic_load(&control->table.slot_size),
        .bytes = map->geometry.control_size + atomic_load(&control->table.frames_bytes),
    };
    uint64_t attached = atomic_load(&control->table.attached);
    for (unsigned place = 0; place < RING_READERS_MAX; place++) {
        inspect_figures(map, place, &info->reader[place]);
        if (!(attached >> place & 1))
            continue;
        inspect_reader(map, place, &info->reader[place]);
        info->readers++;
    }
}

int ring_inspect(const struct ring *ring, struct ring_info *info)
{
    inspect_map(&ring->map, info);
    return 0;
}

int ring_inspect_name(const char *name, struct ring_info *info)
{
    struct ring_map map;
    int error = ring_map_observe(&map, name);
    if (error)
        return error;
    inspect_map(&map, info);
    info->stale = !ring_lock_is_held(map.control_fd, RING_LOCK_OWNER);
    ring_map_close(&map);
    return 0;
}

int ring_list(int (*each)(void *user, const char *name), void *user)
{
    DIR *directory = opendir(RING_DIRECTORY);
    if (!directory)
        return ring_system_error(errno);
    int result = 0;
    const struct dirent *entry;
    while (!result && (entry = readdir(directory))) {
        char name[RING_NAME_MAX + 1];
        if (ring_name_of_control(entry->d_name, name) == 0)
            result = each(user, name);
    }
    closedir(directory);
    return result;
}

int ring_remove(const char *name)
{
    struct ring_paths paths;
    int error = ring_paths(&paths, name);
    if (!error && access(paths.control, F_OK) < 0)
        error = errno == ENOENT ? -ENOENT : ring_system_error(errno);
    return error ? error : ring_map_remove_stale(name);
}

static int try_frames(const struct ring_map *map, const char *name)
{
    struct ring_frames_set set;
    int error = ring_map_frames(map, name, false, &set);
    if (!error)
        ring_frames_close(&set);
    return error;
}

void ring_explain(const char *name, char *text, size_t size)
{
    struct ring_map map;
    int error = ring_map_observe(&map, name);
    int frames = error;
    if (!error) {
        frames = try_frames(&map, name);
        ring_map_close(&map);
    }
    if (!error && frames == -EPROTO)
        snprintf(text, size, "its frames are damaged, or somebody else's");
    else
        ring_map_explain(name, error, text, size);
}
