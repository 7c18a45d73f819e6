/*
 * Sharpness. Across a step from one level to another, the squared differences of cells
 * beside each other sum up to a quarter of those of cells four apart; across a ramp that is
 * wider than four cells, to a sixteenth. So their quotient tells steps from ramps,
 * whatever the contrast.
 */
#include "workers/analyzers/vision/measure.h"

#include <math.h>
#include <string.h>

#define APART 4
#define OF_STEP (1.0 / APART)
#define OF_RAMP (1.0 / (APART * APART))
#define LEAST_ENERGY 0.05 /* squared levels a cell, below which there is no edge */

#define ROW_STEP 2       /* of all rows, those that sharpness is measured in */
#define NOISE_STRIDE 5   /* of all cells, those that noise is measured in */
#define STEPS_A_LEVEL 32 /* a noise is as exact as that */
#define NOISE_STEPS (16 * STEPS_A_LEVEL)
#define MEDIAN_OF_NORMAL 0.6745 /* of a normal distribution's absolute deviation */

#define BLOCK 12       /* cells, either side */
#define BLOCKS_LEAST 4 /* to compare two pictures by */
#define STRUCTURE 3.0F /* levels, standard deviation of a block with something to see */
#define ALIKE 0.5F     /* correlation of blocks that show the same */

static void count(const struct vision_grid *grid, const float *levels,
                  struct vision_measure *measure)
{
    memset(measure->histogram, 0, sizeof measure->histogram);
    for (int i = 0; i < grid->cells; i++)
        measure->histogram[(int)levels[i]]++;
}

/* Eight sums at a time, so that the compiler makes vectors of them. */
#define LANES 8

static void find_mean(const struct vision_grid *grid, const float *levels,
                      struct vision_measure *measure)
{
    const float near = levels[0]; /* sums of squares are exact where they are small */
    double sum = 0, square = 0;
    for (int row = 0; row < grid->rows; row++) {
        const float *at = levels + (ptrdiff_t)row * grid->columns;
        float sums[LANES] = {0}, squares[LANES] = {0};
        int i = 0;
        for (; i + LANES <= grid->columns; i += LANES)
            for (int j = 0; j < LANES; j++) {
                const float level = at[i + j] - near;
                sums[j] += level;
                squares[j] += level * level;
            }
        for (; i < grid->columns; i++) {
            sums[0] += at[i] - near;
            squares[0] += (at[i] - near) * (at[i] - near);
        }
        for (int j = 0; j < LANES; j++) {
            sum += sums[j];
            square += squares[j];
        }
    }
    const double mean = sum / grid->cells;
    measure->mean = near + mean;
    measure->contrast = sqrt(fmax(square / grid->cells - mean * mean, 0));
}

/* The squared differences of cells `apart`, along every other row. */
static double energy(const struct vision_grid *grid, const float *levels, int apart)
{
    double total = 0;
    for (int row = 0; row < grid->rows; row += ROW_STEP) {
        const float *at = levels + (ptrdiff_t)row * grid->columns;
        float sums[LANES] = {0};
        int i = 0;
        for (; i + LANES <= grid->columns - apart; i += LANES)
            for (int j = 0; j < LANES; j++) {
                const float difference = at[i + j + apart] - at[i + j];
                sums[j] += difference * difference;
            }
        for (; i < grid->columns - apart; i++)
            sums[0] += (at[i + apart] - at[i]) * (at[i + apart] - at[i]);
        for (int j = 0; j < LANES; j++)
            total += sums[j];
    }
    return total;
}

/* The variance of a cell by itself: in half of the picture or more, nothing else changes from one
 * frame to the next. */
static double noise_of(const struct vision_reduced *reduced)
{
    uint32_t steps[NOISE_STEPS] = {0}, seen = 0, cells = 0;
    int step = 0;
    for (int i = 0; i < reduced->grid.cells; i += NOISE_STRIDE, cells++) {
        const int distance =
            (int)(fabsf(reduced->levels[i] - reduced->previous[i]) * STEPS_A_LEVEL);
        steps[distance < NOISE_STEPS ? distance : NOISE_STEPS - 1]++;
    }
    while ((seen += steps[step]) * 2 < cells)
        step++;
    const double median = step > 0 ? (step + 0.5) / STEPS_A_LEVEL : 0;
    return median * median / (2 * MEDIAN_OF_NORMAL * MEDIAN_OF_NORMAL);
}

void vision_measure(const struct vision_reduced *reduced, struct vision_measure *measure)
{
    const struct vision_grid *grid = &reduced->grid;
    count(grid, reduced->levels, measure);
    find_mean(grid, reduced->levels, measure);
    const int rows = (grid->rows + ROW_STEP - 1) / ROW_STEP;
    const double cells = (double)rows * grid->columns;
    const double noise = 2 * noise_of(reduced) * cells;
    const double near = energy(grid, reduced->levels, 1) - noise;
    const double far = energy(grid, reduced->levels, APART) - noise;
    measure->sharpness = 0;
    if (far > LEAST_ENERGY * cells)
        measure->sharpness = fmin(fmax((near / far - OF_RAMP) / (OF_STEP - OF_RAMP), 0), 1);
}

double vision_measure_part(const struct vision_measure *measure, int from, int to)
{
    double part = 0, all = 0;
    for (int i = 0; i < VISION_LEVELS; i++) {
        all += measure->histogram[i];
        part += i >= from && i <= to ? measure->histogram[i] : 0;
    }
    return part / all;
}

double vision_difference(const struct vision_grid *grid, const float *a, const float *b)
{
    float sums[LANES] = {0};
    const int whole = grid->cells - grid->cells % LANES;
    double sum = 0;
    for (int i = 0; i < whole; i += LANES)
        for (int j = 0; j < LANES; j++)
            sums[j] += fabsf(a[i + j] - b[i + j]);
    for (int i = whole; i < grid->cells; i++)
        sum += fabsf(a[i] - b[i]);
    for (int j = 0; j < LANES; j++)
        sum += sums[j];
    return sum / grid->cells;
}

double vision_differing(const struct vision_grid *grid, const float *a, const float *b,
                        float levels)
{
    int count = 0;
    for (int i = 0; i < grid->cells; i++)
        count += fabsf(a[i] - b[i]) > levels;
    return (double)count / grid->cells;
}

/* Sums over a block, for the correlation of two pictures. */
struct sums {
    float n, a, b, aa, bb, ab;
};

static struct sums sum_block(const struct vision_grid *grid, const float *a, const float *b,
                             ptrdiff_t first)
{
    struct sums sums = {.n = BLOCK * BLOCK};
    for (int row = 0; row < BLOCK; row++)
        for (int column = 0; column < BLOCK; column++) {
            const ptrdiff_t i = first + (ptrdiff_t)row * grid->columns + column;
            const float x = a[i] - 128, y = b[i] - 128;
            sums.a += x;
            sums.b += y;
            sums.aa += x * x;
            sums.bb += y * y;
            sums.ab += x * y;
        }
    return sums;
}

double vision_likeness(const struct vision_reduced *reduced, const float *known)
{
    const struct vision_grid *grid = &reduced->grid;
    const float noise = (float)noise_of(reduced);
    int blocks = 0, alike = 0;
    for (int row = 0; row + BLOCK <= grid->rows; row += BLOCK)
        for (int column = 0; column + BLOCK <= grid->columns; column += BLOCK) {
            const struct sums sums =
                sum_block(grid, known, reduced->levels, (ptrdiff_t)row * grid->columns + column);
            const float of_known = sums.aa / sums.n - sums.a / sums.n * sums.a / sums.n;
            const float of_levels = sums.bb / sums.n - sums.b / sums.n * sums.b / sums.n - noise;
            const float common = sums.ab / sums.n - sums.a / sums.n * sums.b / sums.n;
            if (of_known < STRUCTURE * STRUCTURE)
                continue;
            blocks++;
            alike += common > 0 && of_levels > 0 &&
                     common * common > ALIKE * ALIKE * of_known * of_levels;
        }
    return blocks >= BLOCKS_LEAST ? (double)alike / blocks : 1;
}
