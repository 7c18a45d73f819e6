/* The limit: a plain loop around libavcodec, whose frames nobody looks at. */
#include <errno.h>

#include "bench/ringbench/pipeline/stage.h"

/* The count is what it costs beside decoding; the digest is taken, too, as it costs less. */
static void see(void *user, const struct digest_picture *picture)
{
    stage_see(user, picture, 0);
}

static int decode(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    return clip_decode(stage->job.clip->path, stage->job.threads, see,
                       stage_note(stage, part->camera, 0), NULL);
}

static int start(struct stage *stage, struct cast *cast)
{
    int error = 0;
    for (unsigned i = 0; i < stage->job.cameras && !error; i++)
        error = cast_start(cast, decode, &(struct cast_part){.stage = stage, .camera = i});
    return error;
}

extern const struct way way_decode;
const struct way way_decode = {
    .name = "decode",
    .summary = "decode alone: a plain loop around libavcodec",
    .kind = BENCH_LIMIT,
    .start = start,
};
