#include "tools/ringside/find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libring/inspect.h"
#include "workers/supervisor.h"

struct search {
    const char *camera;
    char found[RING_NAME_MAX + 1];
    bool exact;
    unsigned count;
    char others[512]; /* the names, where there are several */
};

static bool is_live(const char *ring)
{
    struct ring_info info;
    return ring_inspect_name(ring, &info) == 0 && !info.stale;
}

static int look_at(void *user, const char *ring)
{
    struct search *search = user;
    const bool exact = strcmp(ring, search->camera) == 0;
    if (!exact && !supervisor_is_ring_of(ring, search->camera))
        return 0;
    if (!is_live(ring))
        return 0;
    search->count++;
    const size_t used = strlen(search->others);
    snprintf(search->others + used, sizeof search->others - used, " %s", ring);
    if (!search->exact)
        snprintf(search->found, sizeof search->found, "%s", ring);
    search->exact |= exact;
    return 0;
}

int find_ring(const char *command, const char *camera, char ring[RING_NAME_MAX + 1])
{
    struct search search = {.camera = camera};
    int error = ring_list(look_at, &search);
    memcpy(ring, search.found, sizeof search.found);
    if (error)
        fprintf(stderr, "ringside %s: /dev/shm: %s\n", command, strerror(-error));
    else if (search.count == 0)
        fprintf(stderr,
                "ringside %s: %s: no camera or ring of that name; 'ringside ls' lists them\n",
                command, camera);
    else if (search.count > 1 && !search.exact)
        fprintf(stderr, "ringside %s: %s: there are several; name one of%s\n", command, camera,
                search.others);
    if (error)
        return error;
    return search.count == 0 ? -ENOENT : search.count > 1 && !search.exact ? -EEXIST : 0;
}

int find_reader(const char *command, const char *camera, enum ring_policy policy,
                struct ring_reader **reader)
{
    char ring[RING_NAME_MAX + 1], reason[256];
    int error = find_ring(command, camera, ring);
    if (error)
        return error;
    error = ring_reader_attach(reader, ring, &(struct ring_reader_config){policy, 1});
    snprintf(reason, sizeof reason, "%s",
             error == -ENOBUFS ? "its slots are all promised to others; run it with more --slots"
                               : strerror(-error));
    if (error == -EPROTO)
        ring_explain(ring, reason, sizeof reason);
    if (error)
        fprintf(stderr, "ringside %s: %s: %s\n", command, ring, reason);
    return error;
}

bool find_is_called(const char *ring, const char *camera)
{
    return strcmp(ring, camera) == 0 || supervisor_is_ring_of(ring, camera);
}

static bool is_of_run(const char *ring, const char *pid)
{
    const size_t length = strlen(pid);
    return supervisor_camera_of(ring) && strncmp(ring, pid, length) == 0 && ring[length] == '-';
}

bool find_is_among(const char *ring, char *const *cameras)
{
    bool among = !*cameras;
    for (char *const *camera = cameras; *camera && !among; camera++)
        among = find_is_called(ring, *camera) || is_of_run(ring, *camera);
    return among;
}

const char *find_camera_of(const char *ring)
{
    const char *camera = supervisor_camera_of(ring);
    return camera ? camera : ring;
}
