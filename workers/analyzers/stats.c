/* stats: how bright, how rich in contrast and how sharp the picture was, for each interval. It is
 * told with the first frame after it, and at the end. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "workers/analyzers/vision/clock.h"
#include "workers/analyzers/vision/measure.h"
#include "workers/analyzers/vision/reduced.h"
#include "workers/back.h"

#define BINS_MAX VISION_LEVELS
#define ROUNDING VISION_CLOCK_ROUNDING

struct stats {
    double interval_seconds;
    int bins;

    struct vision_reduced reduced;
    struct vision_clock clock;
    double due; /* on the clock: when the interval is over */
    int frames; /* in it so far, and the sums of what they were */
    double mean, contrast, sharpness, darkest, brightest;
    double histogram[BINS_MAX]; /* parts */
};

static void add_levels(struct stats *stats, const struct vision_measure *measure)
{
    const double cells = stats->reduced.grid.cells;
    for (int level = 0; level < VISION_LEVELS; level++)
        stats->histogram[level * stats->bins / VISION_LEVELS] += measure->histogram[level] / cells;
}

static void add(struct stats *stats, const struct vision_measure *measure)
{
    stats->frames++;
    stats->mean += measure->mean;
    stats->contrast += measure->contrast;
    stats->sharpness += measure->sharpness;
    if (stats->frames == 1 || measure->mean < stats->darkest)
        stats->darkest = measure->mean;
    if (stats->frames == 1 || measure->mean > stats->brightest)
        stats->brightest = measure->mean;
    add_levels(stats, measure);
}

static int tell(struct worker_camera *camera, struct stats *stats)
{
    const double frames = stats->frames;
    json_t *histogram = json_array();
    for (int i = 0; i < stats->bins; i++)
        json_array_append_new(histogram, json_real(stats->histogram[i] / frames));
    int error = worker_event__(
        camera, "stats", "{s:i, s:f, s:f, s:f, s:f, s:f, s:o}", "frames", stats->frames, "mean",
        stats->mean / frames, "darkest", stats->darkest, "brightest", stats->brightest, "contrast",
        stats->contrast / frames, "sharpness", stats->sharpness / frames, "histogram", histogram);
    stats->frames = 0;
    stats->mean = stats->contrast = stats->sharpness = 0;
    memset(stats->histogram, 0, sizeof stats->histogram);
    return error;
}

/* Intervals begin with the video, so that a late frame does not move the next ones. */
static double end_of_interval(const struct stats *stats)
{
    const double interval = stats->interval_seconds;
    return interval > 0
               ? (floor((stats->clock.now + ROUNDING) / interval) + 1) * interval - ROUNDING
               : 0;
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct stats *stats = state;
    struct vision_measure measure;
    int error = vision_reduced_take(&stats->reduced, frame, VISION_DETAIL);
    if (error)
        return error;
    vision_clock_advance(&stats->clock, frame_pts_seconds(&frame->descriptor));
    if (stats->frames > 0 && stats->clock.now >= stats->due)
        error = tell(camera, stats);
    if (stats->frames == 0)
        stats->due = end_of_interval(stats);
    vision_measure(&stats->reduced, &measure);
    add(stats, &measure);
    if (!error && stats->interval_seconds <= 0)
        error = tell(camera, stats);
    return error;
}

static void close__(struct worker_camera *camera, void *state)
{
    struct stats *stats = state;
    if (stats->frames > 0)
        tell(camera, stats);
    vision_reduced_fini(&stats->reduced);
}

static const struct worker_option options[] = {
    {.key = "interval_seconds",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct stats, interval_seconds),
     .initial = 1,
     .maximum = 86400,
     .help = "seconds from one event to the next; 0: one for each frame"},
    {.key = "bins",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct stats, bins),
     .initial = 16,
     .minimum = 2,
     .maximum = BINS_MAX,
     .help = "parts of the histogram, from black to white"},
    {.key = NULL},
};

extern const struct worker_class worker_stats;
const struct worker_class worker_stats = {
    .name = "stats",
    .summary = "measures brightness, contrast and sharpness",
    .state_size = sizeof(struct stats),
    .options = options,
    .wants = {.luma = true},
    .frame__ = frame__,
    .close__ = close__,
};
