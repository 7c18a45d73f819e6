#include <fcntl.h>
#include <unistd.h>

#include "libring/src/link.h"
#include "libring/src/map.h"
#include "libring/src/name.h"
#include "libring/src/object.h"
#include "libring/writer.h"

/* A descriptor, or a negative errno; *fd stays -1 then. */
static int put(int *fd, int opened)
{
    if (opened >= 0)
        *fd = opened;
    return opened < 0 ? opened : 0;
}

/* Says what is wrong where there is no ring, or not yet. */
static int look(const char *name)
{
    struct ring_map map;
    int error = ring_map_observe(&map, name);
    ring_map_close(&map);
    return error;
}

int ring_key_make(struct ring_key *key, const char *name)
{
    struct ring_paths paths;
    *key = (struct ring_key){.lock = -1, .control = -1, .frames = -1, .hub = -1};
    int error = ring_paths(&paths, name);
    if (!error)
        error = look(name);
    if (!error)
        error = put(&key->lock, ring_object_open(paths.control, O_RDWR));
    if (!error)
        error = put(&key->control, ring_object_open(paths.control, O_RDWR));
    if (!error)
        error = put(&key->frames, ring_object_open(paths.frames, O_RDWR));
    if (!error)
        error = put(&key->hub, ring_link_connect(name));
    /* Then the owner behind the hub is this ring's: see attach() in reader.c. */
    if (!error)
        error = ring_object_check_name(key->control);
    if (error)
        ring_key_drop(key);
    return error;
}

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void ring_key_drop(struct ring_key *key)
{
    drop(&key->lock);
    drop(&key->control);
    drop(&key->frames);
    drop(&key->hub);
}
