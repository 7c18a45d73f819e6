#include "bench/ringbench/pipeline/footage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    struct clip_scene scene;
} scenes[] = {
    {"1080p", {.size = "1920x1080", .bits = "4M", .rate = 25}},
    {"360p", {.size = "640x360", .bits = "800k", .rate = 25}},
    {"5fps", {.size = "640x360", .bits = "400k", .rate = 5}},
};

int footage_make(struct footage *footage, const char *name, unsigned frames)
{
    *footage = (struct footage){.base.fd = -1};
    snprintf(footage->name, sizeof footage->name, "%s", name);
    for (unsigned i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct clip_scene scene = scenes[i].scene;
        scene.frames = frames;
        if (strcmp(scenes[i].name, name) == 0)
            return clip_make(&footage->base, &scene);
    }
    return -EINVAL;
}

int footage_cut(struct footage *footage, const char *path, unsigned frames)
{
    const char *slash = strrchr(path, '/');
    *footage = (struct footage){.base.fd = -1};
    snprintf(footage->name, sizeof footage->name, "%s", slash ? slash + 1 : path);
    return clip_cut(&footage->base, path, frames);
}

const struct clip *footage_repeated(struct footage *footage, unsigned times, int *error)
{
    for (unsigned i = 0; i < footage->count; i++)
        if (footage->times[i] == times)
            return &footage->repeated[i];
    if (footage->count == FOOTAGE_LENGTHS_MAX) {
        *error = -ENOSPC;
        return NULL;
    }
    struct clip *clip = &footage->repeated[footage->count];
    *error = clip_repeat(clip, &footage->base, times);
    if (*error)
        return NULL;
    footage->times[footage->count++] = times;
    return clip;
}

void footage_close(struct footage *footage)
{
    clip_close(&footage->base);
    for (unsigned i = 0; i < footage->count; i++)
        clip_close(&footage->repeated[i]);
    footage->count = 0;
}
