#include "workers/analyzers/health/examination.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLACK_LEVEL 20      /* up to which a cell is black */
#define WHITE_LEVEL 240     /* from which on it is white */
#define BLACK_CONTRAST 10.0 /* levels; a picture with more is dark, not black */
#define FIRST_SECONDS 2.0   /* in which it learns how things are, and can't say that they are not */
#define VIEW_SECONDS 0.5    /* from one look at the view to the next, after that */
#define LEARNED_LEVELS 60.0F /* that a cell has gone at most after learn_seconds */
#define BLUR_CONTRAST 6.0    /* levels; a picture with less has no edges to be sharp */

static size_t size_of(const struct health_examination *examination)
{
    return (size_t)examination->picture.grid.cells * sizeof *examination->usual;
}

static int begin(struct health_examination *examination)
{
    free(examination->usual);
    examination->usual = malloc(size_of(examination));
    examination->learned = 0;
    if (!examination->usual)
        return -ENOMEM;
    health_examination_accept(examination);
    return 0;
}

static void see(struct health_examination *examination, enum health_kind kind, bool wrong,
                double value)
{
    examination->wrong[kind] = wrong;
    examination->value[kind] = value;
}

/* What is black has neither edges nor anything to be compared. */
static void look_at_light(struct health_examination *examination,
                          const struct vision_measure *measure)
{
    const struct health_config *config = examination->config;
    const double dark = 100 * vision_measure_part(measure, 0, BLACK_LEVEL);
    const double bright = 100 * vision_measure_part(measure, WHITE_LEVEL, VISION_LEVELS - 1);
    const bool black = measure->mean < config->black && measure->contrast < BLACK_CONTRAST;
    see(examination, HEALTH_BLACK, black, measure->mean);
    see(examination, HEALTH_DARK, !black && dark > config->dark, dark);
    see(examination, HEALTH_BRIGHT, bright > config->bright, bright);
    see(examination, HEALTH_BLURRED,
        measure->contrast >= BLUR_CONTRAST && measure->sharpness < config->blur,
        measure->sharpness);
}

static void look_at_change(struct health_examination *examination)
{
    const struct vision_reduced *picture = &examination->picture;
    const double difference = vision_difference(&picture->grid, picture->previous, picture->levels);
    see(examination, HEALTH_FROZEN, !picture->fresh && difference < examination->config->frozen,
        difference);
}

static void look_at_view(struct health_examination *examination,
                         const struct vision_measure *measure)
{
    const struct health_config *config = examination->config;
    const struct vision_reduced *picture = &examination->picture;
    see(examination, HEALTH_COVERED, false, 100);
    see(examination, HEALTH_MOVED, false, 100);
    if (examination->learned < FIRST_SECONDS || examination->contrast < BLUR_CONTRAST)
        return;
    const double contrast = 100 * measure->contrast / examination->contrast;
    const double likeness = 100 * vision_likeness(picture, examination->usual);
    const bool seen = !examination->wrong[HEALTH_BLACK];
    const bool covered = seen && contrast < config->covered && likeness < config->moved;
    see(examination, HEALTH_COVERED, covered, contrast);
    see(examination, HEALTH_MOVED, seen && !covered && likeness < config->moved, likeness);
}

/* The mean of the first seconds; from then on by steps of one size, and so towards the median: what
 * passes by leaves no trace. */
static void learn(struct health_examination *examination, const struct vision_measure *measure,
                  double passed)
{
    for (int kind = 0; kind < HEALTH_KINDS; kind++)
        if (kind != HEALTH_FROZEN && kind != HEALTH_SLOW && examination->wrong[kind])
            return;
    const bool begins = examination->learned < FIRST_SECONDS;
    examination->learned += passed;
    const double known = begins ? examination->learned : examination->config->learn_seconds;
    const float share = known > passed ? (float)(passed / known) : 1;
    const float step = begins ? VISION_LEVELS : LEARNED_LEVELS * share;
    const float part = begins ? share : 1;
    float *usual = examination->usual;
    const float *levels = examination->picture.levels;
    for (int i = 0; i < examination->picture.grid.cells; i++)
        usual[i] += fminf(fmaxf((levels[i] - usual[i]) * part, -step), step);
    examination->contrast += (measure->contrast - examination->contrast) * share;
}

int health_examine(struct health_examination *examination, const struct frame *frame, double passed)
{
    struct vision_measure measure;
    int error = vision_reduced_take(&examination->picture, frame, VISION_DETAIL);
    if (!error && examination->picture.fresh)
        error = begin(examination);
    if (error)
        return error;
    vision_measure(&examination->picture, &measure);
    if (examination->learned <= 0)
        examination->contrast = measure.contrast;
    look_at_light(examination, &measure);
    look_at_change(examination);
    examination->unseen += passed;
    if (examination->learned >= FIRST_SECONDS && examination->unseen < VIEW_SECONDS)
        return 0;
    look_at_view(examination, &measure);
    learn(examination, &measure, examination->unseen);
    examination->unseen = 0;
    return 0;
}

void health_examination_accept(struct health_examination *examination)
{
    memcpy(examination->usual, examination->picture.levels, size_of(examination));
    examination->learned = 0;
}

void health_examination_fini(struct health_examination *examination)
{
    vision_reduced_fini(&examination->picture);
    free(examination->usual);
    examination->usual = NULL;
}
