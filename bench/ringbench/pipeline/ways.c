#include <string.h>

#include "bench/ringbench/pipeline/way.h"

extern const struct way way_ringside, way_decode, way_bare_wake, way_ffmpeg_null, way_ffmpeg_pipe,
    way_gst_null, way_gst_shm;

const struct way *const ways[] = {
    &way_ringside,  &way_decode,  &way_ffmpeg_null, &way_ffmpeg_pipe,
#ifdef BENCH_HAVE_GST_SHM
    &way_gst_null,  &way_gst_shm,
#endif
    &way_bare_wake, NULL,
};

const struct way *way_find(const char *name)
{
    for (unsigned i = 0; ways[i]; i++)
        if (strcmp(ways[i]->name, name) == 0)
            return ways[i];
    return NULL;
}
