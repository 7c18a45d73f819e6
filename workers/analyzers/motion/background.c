#include "workers/analyzers/motion/background.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEAK_SHARE 0.5F     /* of what makes a cell strong */
#define RESTLESS_STEP 0.15F /* for each time that a cell was active for a moment */
#define RESTLESS_MAX 4.0F
#define RESTLESS_SECONDS 30 /* time constant of its decay */
#define NOISE_SECONDS 4     /* time constant */
#define NOISE_MAX 24.0F     /* levels; what varies more is no noise */

int motion_background_init(struct motion_background *background, const struct vision_grid *grid,
                           const struct motion_config *config)
{
    *background = (struct motion_background){.grid = *grid, .config = config, .scale = 1};
    float **const arrays[] = {
        &background->level, &background->mean,   &background->noise,
        &background->low,   &background->high,   &background->restless,
        &background->rest,  &background->rested, &background->sensitivity,
    };
    bool complete = true;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc((size_t)grid->cells, sizeof **arrays[i]);
        complete &= *arrays[i] != NULL;
    }
    background->activity = calloc((size_t)grid->cells, 1);
    if (!complete || !background->activity) {
        motion_background_fini(background);
        return -ENOMEM;
    }
    for (int i = 0; i < grid->cells; i++)
        background->sensitivity[i] = 1;
    background->looked_at = grid->cells;
    return 0;
}

void motion_background_fini(struct motion_background *background)
{
    free(background->level);
    free(background->mean);
    free(background->noise);
    free(background->low);
    free(background->high);
    free(background->restless);
    free(background->rest);
    free(background->rested);
    free(background->sensitivity);
    free(background->activity);
    *background = (struct motion_background){0};
}

void motion_background_restart(struct motion_background *background)
{
    const size_t cells = (size_t)background->grid.cells;
    memcpy(background->mean, background->level, cells * sizeof *background->mean);
    memset(background->rested, 0, cells * sizeof *background->rested);
    memset(background->activity, MOTION_STILL, cells);
    background->strong = 0;
}

void motion_background_absorb(struct motion_background *background, int left, int top, int right,
                              int bottom)
{
    for (int row = top; row < bottom; row++) {
        const ptrdiff_t first = (ptrdiff_t)row * background->grid.columns;
        for (ptrdiff_t i = first + left; i < first + right; i++) {
            background->mean[i] = background->level[i];
            background->rested[i] = 0;
            background->activity[i] = MOTION_STILL;
        }
    }
}

/* The first frame has nothing to differ from. */
void motion_background_calibrate(struct motion_background *background, int count)
{
    if (count == 1) {
        motion_background_restart(background);
        memset(background->noise, 0, (size_t)background->grid.cells * sizeof *background->noise);
        return;
    }
    const float share = 1.0F / (float)count, noise_share = 1.0F / (float)(count - 1);
    for (int i = 0; i < background->grid.cells; i++) {
        float difference = background->level[i] - background->mean[i];
        float distance = fabsf(difference) < NOISE_MAX ? fabsf(difference) : NOISE_MAX;
        background->mean[i] += difference * share;
        background->noise[i] += (distance - background->noise[i]) * noise_share;
    }
}

/* -- comparing --------------------------------------------------------------------------------- */

static float lesser(float a, float b)
{
    return a < b ? a : b;
}

static float greater(float a, float b)
{
    return a > b ? a : b;
}

/* The lowest and highest mean of three rows, then of three columns of those. */
static void find_neighbours_of_row(struct motion_background *background, int row)
{
    const int columns = background->grid.columns, last = background->grid.rows - 1;
    const float *restrict here = background->mean + (ptrdiff_t)row * columns;
    const float *restrict above = row > 0 ? here - columns : here;
    const float *restrict below = row < last ? here + columns : here;
    float *restrict low = background->low + (ptrdiff_t)row * columns;
    float *restrict high = background->high + (ptrdiff_t)row * columns;
    for (int i = 0; i < columns; i++) {
        low[i] = lesser(here[i], lesser(above[i], below[i]));
        high[i] = greater(here[i], greater(above[i], below[i]));
    }
}

struct comparison {
    float reach; /* how much of the step to a neighbour is allowed */
    float threshold, noises;
};

static int compare_row(const struct motion_background *background, int row,
                       const struct comparison *by)
{
    const ptrdiff_t first = (ptrdiff_t)row * background->grid.columns;
    const int columns = background->grid.columns;
    const float *restrict level = background->level + first, *restrict mean =
                                                                 background->mean + first;
    const float *restrict low = background->low + first, *restrict high = background->high + first;
    const float *restrict noise = background->noise + first;
    const float *restrict restless = background->restless + first;
    const float *restrict sensitivity = background->sensitivity + first;
    uint8_t *restrict activity = background->activity + first;
    int strong = 0;
    for (int i = 0; i < columns; i++) {
        const int left = i > 0 ? i - 1 : 0, right = i < columns - 1 ? i + 1 : i;
        const float lowest = lesser(low[i], lesser(low[left], low[right]));
        const float highest = greater(high[i], greater(high[left], high[right]));
        const float over = level[i] - mean[i] - by->reach * (highest - mean[i]);
        const float under = mean[i] - level[i] - by->reach * (mean[i] - lowest);
        const float excess = greater(over, under) * sensitivity[i];
        const float tolerance = greater(by->threshold, by->noises * noise[i]) * (1 + restless[i]);
        const int is_strong = excess > tolerance, is_weak = excess > tolerance * WEAK_SHARE;
        activity[i] = (uint8_t)(is_strong + is_weak);
        strong += is_strong;
    }
    return strong;
}

void motion_background_compare(struct motion_background *background)
{
    const struct motion_config *config = background->config;
    const float shake = (float)(config->shake / 100 * background->grid.height);
    const struct comparison by = {
        .reach = lesser(1, shake / (float)background->grid.cell),
        .threshold = (float)config->threshold * background->scale,
        .noises = (float)config->noises,
    };
    for (int row = 0; row < background->grid.rows; row++)
        find_neighbours_of_row(background, row);
    background->strong = 0;
    for (int row = 0; row < background->grid.rows; row++)
        background->strong += compare_row(background, row, &by);
}

/* -- learning ---------------------------------------------------------------------------------- */

static float share_of(float seconds, double constant)
{
    return constant > 0 ? 1 - expf(-seconds / (float)constant) : 1;
}

void motion_background_learn(struct motion_background *background, float seconds)
{
    const struct motion_config *config = background->config;
    const float adapt = share_of(seconds, config->adapt_seconds);
    const float noise_share = share_of(seconds, NOISE_SECONDS);
    const float calm = expf(-seconds / RESTLESS_SECONDS);
    const float until = (float)config->static_seconds;
    const float least = (float)config->threshold * background->scale;
    const float noises = (float)config->noises;
    for (int i = 0; i < background->grid.cells; i++) {
        const float level = background->level[i];
        const float difference = level - background->mean[i];
        const float distance = fabsf(difference);
        const int activity = background->activity[i];
        const float learned = activity == MOTION_STRONG ? 0.0F : 1.0F;
        background->mean[i] += difference * adapt * learned;
        background->noise[i] +=
            (lesser(distance, NOISE_MAX) - background->noise[i]) * noise_share * learned;

        /* It rests while it is active at one level, and was active for a moment only if it ceases
         * to be so before it has rested for long. */
        const float tolerance = greater(least, noises * background->noise[i]);
        const float strayed = level - background->rest[i];
        const bool active = activity == MOTION_STRONG;
        const bool resting = active && fabsf(strayed) < tolerance;
        const float rested = resting ? background->rested[i] + seconds : active ? seconds : 0;
        const bool ceased = !active && background->rested[i] > 0;
        background->rest[i] = resting ? background->rest[i] + strayed * 0.1F : level;
        background->restless[i] =
            lesser(background->restless[i] * calm + (ceased ? RESTLESS_STEP : 0.0F), RESTLESS_MAX);
        const bool settled = rested >= until;
        background->mean[i] = settled ? background->rest[i] : background->mean[i];
        background->rested[i] = settled ? 0 : rested;
    }
}
