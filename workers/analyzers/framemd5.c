/* framemd5: one event for each frame, with the MD5 of its picture. Two runs, or a
 * run and FFmpeg's framemd5 muxer, can so be compared to the byte. */
#include "libframe/md5.h"
#include "workers/back.h"

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    char hex[FRAME_MD5_SIZE];
    (void)state;
    int error = frame_md5(frame, hex);
    return error ? error : worker_event__(camera, "frame", "{s:s}", "md5", hex);
}

extern const struct worker_class worker_framemd5;
const struct worker_class worker_framemd5 = {
    .name = "framemd5",
    .summary = "prints the MD5 of each frame, equal to FFmpeg's framemd5",
    .frame__ = frame__,
};
