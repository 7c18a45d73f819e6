#include "workers/analyzers/motion/detector.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MIN 4            /* pixels */
#define JUMP_SHARE (1.0F / 3) /* of `light`, from one frame to the next */
#define CALM_SHARE 0.25F      /* of `light`, below which the picture is as it was */
#define LEAST_CELLS 2         /* in a blob */
#define NOMINAL_SECONDS 0.04  /* between frames whose times do not tell */
#define LIGHT_JUMP 6.0F       /* levels that the whole changes by from one frame to the next */
#define LIGHT_SECONDS 1.0     /* after that, in which things appear that are light */
#define GAP_SECONDS 10        /* more between two frames is taken for that */
#define LEARN_SECONDS_MAX 1.0 /* that a frame may stand for */

enum trust { CALIBRATING, STEADY, DISTURBED };

struct motion_detector {
    const struct motion_config *config;
    struct motion_zones *zones;
    struct motion_background background;
    uint32_t *sums;
    int *pending;
    enum trust trust;
    int frames;        /* averaged while calibrating */
    double now, since; /* seconds; since when `trust` is what it is */
    double last;       /* the last frame's own time */
    double unlit;      /* seconds: until when the light is not to be trusted */
    bool relit;        /* and what it left behind has been taken into the background */
    float active;      /* share of the cells, in the last frame */
    struct motion_tracker tracker;
};

int motion_detector_create(struct motion_detector **out, const struct motion_config *config,
                           struct motion_zones *zones)
{
    struct motion_detector *detector = calloc(1, sizeof *detector);
    *out = detector;
    if (!detector)
        return -ENOMEM;
    detector->config = config;
    detector->zones = zones;
    detector->last = NAN;
    detector->unlit = -1;
    detector->relit = true;
    return 0;
}

static void free_grid(struct motion_detector *detector)
{
    motion_background_fini(&detector->background);
    free(detector->sums);
    free(detector->pending);
    detector->sums = NULL;
    detector->pending = NULL;
}

void motion_detector_destroy(struct motion_detector **detector)
{
    if (!*detector)
        return;
    free_grid(*detector);
    free(*detector);
    *detector = NULL;
}

static int make_grid(struct motion_detector *detector, int width, int height)
{
    struct vision_grid grid;
    vision_grid_init(&grid, width, height, detector->config->detail, CELL_MIN);
    free_grid(detector);
    int error = motion_background_init(&detector->background, &grid, detector->config);
    if (!error && detector->zones)
        error = motion_zones_draw(detector->zones, &detector->background);
    detector->sums = malloc(vision_grid_sums(&grid) * sizeof *detector->sums);
    detector->pending = malloc((size_t)grid.cells * sizeof *detector->pending);
    if (error || !detector->sums || !detector->pending) {
        free_grid(detector);
        return -ENOMEM;
    }
    detector->trust = CALIBRATING;
    detector->frames = 0;
    return 0;
}

/* -- a frame ----------------------------------------------------------------------------------- */

static double advance(struct motion_detector *detector, double seconds)
{
    double passed = seconds - detector->last;
    if (!(passed > 0 && passed < GAP_SECONDS))
        passed = passed >= GAP_SECONDS ? GAP_SECONDS : NOMINAL_SECONDS;
    detector->last = seconds;
    detector->now += passed;
    return passed;
}

static void enter(struct motion_detector *detector, enum trust trust)
{
    detector->trust = trust;
    detector->since = detector->now;
}

/* True as long as there is only learning. */
static bool calibrate(struct motion_detector *detector)
{
    if (detector->trust != CALIBRATING)
        return false;
    if (detector->frames == 0)
        enter(detector, CALIBRATING);
    if (detector->frames > 0 &&
        detector->now - detector->since >= detector->config->learn_seconds) {
        enter(detector, STEADY);
        return false;
    }
    motion_background_calibrate(&detector->background, ++detector->frames);
    return true;
}

/* Whether this is no frame to tell anything by. */
static bool is_disturbed(struct motion_detector *detector)
{
    const float light = (float)detector->config->light / 100;
    const float active =
        (float)detector->background.strong /
        (float)(detector->background.looked_at ? detector->background.looked_at : 1);
    const bool jumped = active - detector->active > light * JUMP_SHARE;
    const double lasted = detector->now - detector->since;
    detector->active = active;
    const bool lit = fabsf(detector->background.light) > LIGHT_JUMP;
    if (lit || detector->trust == DISTURBED) {
        detector->unlit = detector->now + LIGHT_SECONDS;
        detector->relit = false;
    }
    if (detector->trust == STEADY && (active > light || jumped))
        enter(detector, DISTURBED);
    if (detector->trust == STEADY)
        return lit;
    if (active < light * CALM_SHARE * JUMP_SHARE) {
        enter(detector, STEADY);
        return false;
    }
    if (lasted >= detector->config->settle_seconds && detector->now > detector->since) {
        motion_background_restart(&detector->background);
        detector->active = 0;
        enter(detector, STEADY);
    }
    return true;
}

/* What appeared with the light, where the picture is burnt out for instance, is background; what
 * goes on from there is an object like any that appears now. */
static void absorb_light(struct motion_detector *detector)
{
    if (detector->relit || detector->now <= detector->unlit)
        return;
    detector->relit = true;
    for (int i = 0; i < detector->tracker.count; i++) {
        struct motion_object *object = &detector->tracker.objects[i];
        if (object->id)
            continue;
        motion_background_absorb(&detector->background, (int)object->area.left,
                                 (int)object->area.top, (int)object->area.right,
                                 (int)object->area.bottom);
        *object = (struct motion_object){.area = object->area,
                                         .home = object->area,
                                         .born = detector->now,
                                         .seen = detector->now};
    }
}

static void follow(struct motion_detector *detector, bool trusted, double seconds)
{
    const struct motion_config *config = detector->config;
    const struct vision_grid *grid = &detector->background.grid;
    struct motion_blob blobs[MOTION_BLOBS_MAX];
    const double least = motion_zones_min_area(detector->zones, config) / 100 * grid->cells;
    int count = 0;
    if (trusted)
        count = motion_blobs_find(&detector->background,
                                  (int)ceil(least > LEAST_CELLS ? least : LEAST_CELLS),
                                  detector->pending, blobs);
    for (int i = 0; i < count; i++)
        motion_zones_place(detector->zones, config, grid, &blobs[i]);
    const struct motion_moment moment = {
        .now = detector->now,
        .columns = grid->columns,
        .rows = grid->rows,
        .travel = (float)(config->travel / 100 * grid->height / grid->cell),
        .linger_seconds = config->linger_seconds,
        .stop_seconds = isnan(seconds) ? 0 : config->stop_seconds,
        .unlit = detector->unlit,
        .start_frames = config->start_frames,
    };
    motion_tracker_follow(&detector->tracker, blobs, count, &moment);
}

int motion_detector_look(struct motion_detector *detector, const struct frame_luma *luma,
                         enum frame_range range, double seconds)
{
    struct motion_background *background = &detector->background;
    if (luma->width != background->grid.width || luma->height != background->grid.height) {
        int error = make_grid(detector, luma->width, luma->height);
        if (error)
            return error;
    }
    const bool is_new = detector->frames == 0 && detector->trust == CALIBRATING;
    const double passed = advance(detector, seconds);
    bool trusted = false;
    vision_reduce(&background->grid, luma, range, detector->sums, background->level);
    if (!calibrate(detector)) {
        motion_background_follow_light(background);
        motion_background_compare(background);
        trusted = !is_disturbed(detector);
        if (trusted)
            absorb_light(detector);
        if (trusted)
            motion_background_learn(background, (float)fmin(passed, LEARN_SECONDS_MAX));
    }
    /* Objects of another grid are nowhere in this one. */
    if (is_new)
        motion_tracker_end(&detector->tracker);
    else
        follow(detector, trusted, seconds);
    return 0;
}

void motion_detector_end(struct motion_detector *detector)
{
    motion_tracker_end(&detector->tracker);
}

/* -- what it found ----------------------------------------------------------------------------- */

const struct motion_object *motion_detector_objects(const struct motion_detector *detector,
                                                    int *count)
{
    *count = detector->tracker.count;
    return detector->tracker.objects;
}

struct vision_box motion_detector_box(const struct motion_detector *detector,
                                      const struct motion_object *object)
{
    const struct motion_area *area = &object->area;
    return vision_grid_box(&detector->background.grid, (int)area->left, (int)area->top,
                           (int)area->right - 1, (int)area->bottom - 1);
}

double motion_detector_score(const struct motion_detector *detector, int cells)
{
    return (double)cells / detector->background.grid.cells;
}

double motion_detector_duration(const struct motion_detector *detector,
                                const struct motion_object *object)
{
    return detector->now - object->started;
}

const struct motion_background *motion_detector_background(const struct motion_detector *detector)
{
    return detector->background.grid.cells ? &detector->background : NULL;
}
