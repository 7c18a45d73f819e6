/*
 * What the light does to the whole picture.
 *
 * The cells are parted into dark and bright ones by their background. The median of
 * the differences from it, in either part, does not care for whatever covers less than
 * half of the part, and the two give a line: so much brighter for a cell of such a
 * level. That is what exposure (a factor), fog and glare (an offset) look like.
 */
#include <math.h>

#include "workers/analyzers/motion/background.h"

#define STEP 7          /* every so manyth cell is looked at; prime, so that no row is left out */
#define STEPS_A_LEVEL 4 /* the median is as exact as that */
#define DIFFERENCE_MAX 255 /* levels */
#define BINS (2 * DIFFERENCE_MAX * STEPS_A_LEVEL + 1)
#define PART_LEAST 16 /* of all cells, a part with less may be one thing's and not the light's */
#define PARTED 8.0F   /* levels between dark and bright, below which there is no telling */
#define CONTRAST_NONE 8.0F /* levels; a picture with less has nothing to compare with */
#define SCALE_MIN 0.5F
#define SCALE_SHARE 0.02F /* of a new contrast taken over each frame */

struct part {
    int bins[BINS];
    int count;
    float mean; /* of the background */
};

static void add(struct part *part, float background, float difference)
{
    const int bin = (int)lrintf(difference * STEPS_A_LEVEL) + DIFFERENCE_MAX * STEPS_A_LEVEL;
    part->bins[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    part->count++;
    part->mean += background;
}

static float median(const struct part *part)
{
    int bin = 0;
    for (int seen = part->bins[0]; seen * 2 < part->count; seen += part->bins[bin])
        bin++;
    return (float)(bin - DIFFERENCE_MAX * STEPS_A_LEVEL) / STEPS_A_LEVEL;
}

/* What a cell of level m has become: offset + factor * m. */
struct change {
    float offset, factor;
};

static struct change line_through(struct part *dark, struct part *bright)
{
    const int least = (dark->count + bright->count) / PART_LEAST;
    if (dark->count <= least || bright->count <= least) {
        const struct part *only = dark->count > bright->count ? dark : bright;
        return (struct change){only->count ? median(only) : 0, 1};
    }
    dark->mean /= (float)dark->count;
    bright->mean /= (float)bright->count;
    const float of_dark = median(dark), of_bright = median(bright);
    if (bright->mean - dark->mean < PARTED)
        return (struct change){(of_dark + of_bright) / 2, 1};
    const float slope = (of_bright - of_dark) / (bright->mean - dark->mean);
    return (struct change){of_dark - slope * dark->mean, 1 + slope};
}

struct contrast {
    float middle; /* of the background's levels */
    float spread; /* levels between the 4th and the 96th percentile */
};

static struct contrast contrast_of(const struct motion_background *background)
{
    int levels[256] = {0}, count = 0, level = 0, low, seen;
    float sum = 0;
    for (int i = 0; i < background->grid.cells; i += STEP) {
        const float mean = background->mean[i];
        levels[mean < 0 ? 0 : mean > 255 ? 255 : (int)mean]++;
        sum += mean;
        count++;
    }
    for (seen = levels[0]; seen * 25 <= count; seen += levels[level])
        level++;
    for (low = level; seen * 25 < count * 24; seen += levels[level])
        level++;
    return (struct contrast){sum / (float)count, (float)(level - low)};
}

/* Where there is little contrast, differences are small as well. */
static void follow_contrast(struct motion_background *background, float spread)
{
    const float full = (float)background->config->contrast;
    float scale = 1;
    if (spread < full && spread >= CONTRAST_NONE)
        scale = spread / full > SCALE_MIN ? spread / full : SCALE_MIN;
    background->scale += (scale - background->scale) * SCALE_SHARE;
}

/* How far, on the whole, the picture is from the background once that is changed. Large
 * differences count no more than the threshold: they are what moves. */
static float distance_after(const struct motion_background *background, struct change change)
{
    const float most = (float)background->config->threshold;
    float distance = 0;
    for (int i = 0; i < background->grid.cells; i += STEP) {
        const float here =
            fabsf(background->level[i] - change.offset - change.factor * background->mean[i]);
        distance += here < most ? here : most;
    }
    return distance;
}

void motion_background_follow_light(struct motion_background *background)
{
    const struct contrast contrast = contrast_of(background);
    struct part dark = {0}, bright = {0};
    for (int i = 0; i < background->grid.cells; i += STEP) {
        const float mean = background->mean[i];
        if (background->sensitivity[i] > 0)
            add(mean < contrast.middle ? &dark : &bright, mean, background->level[i] - mean);
    }
    follow_contrast(background, contrast.spread);
    const struct change change = line_through(&dark, &bright);
    background->light = 0;
    if (distance_after(background, change) >= distance_after(background, (struct change){0, 1}))
        return;
    background->light = change.offset + (change.factor - 1) * contrast.middle;
    for (int i = 0; i < background->grid.cells; i++) {
        background->mean[i] = change.offset + change.factor * background->mean[i];
        background->rest[i] = change.offset + change.factor * background->rest[i];
    }
}
