/*
 * A plug-in: tells how bright each frame is. Against an installation:
 *
 *     cc -shared -fPIC $(pkg-config --cflags ringside) brightness.c -o brightness.so
 *     ringside run -w ./brightness.so:every=25 clip.mp4
 */
#include <workers/back.h>

struct brightness {
    int every;
    unsigned frames;
};

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct brightness *brightness = state;
    struct frame_luma luma;
    double sum = 0;
    if (brightness->frames++ % (unsigned)brightness->every != 0)
        return 0;
    int error = frame_luma(frame, &luma); /* no surprise: it is wanted below */
    if (error)
        return error;
    for (int y = 0; y < luma.height; y++)
        for (int x = 0; x < luma.width; x++)
            sum += luma.data[y * luma.stride + x * luma.step];
    return worker_event__(camera, "brightness", "{s:f}", "mean",
                          sum / ((double)luma.width * luma.height));
}

static const struct worker_option options[] = {
    {.key = "every",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct brightness, every),
     .initial = 1,
     .minimum = 1,
     .maximum = 1000000,
     .help = "one frame of so many is looked at"},
    {.key = NULL},
};

static const struct worker_class brightness = {
    .name = "brightness",
    .summary = "tells how bright each frame is, of 0 to 255",
    .state_size = sizeof(struct brightness),
    .options = options,
    .wants = {.luma = true},
    .frame__ = frame__,
};

WORKER_PLUGIN(brightness);
