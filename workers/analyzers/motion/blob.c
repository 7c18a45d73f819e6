#include "workers/analyzers/motion/blob.h"

#include <math.h>
#include <string.h>

#define TAKEN 3              /* activity of a cell that has been looked at */
#define GAP 1                /* cells between two blobs that are one */
#define CLEAR_SHARE 0.3F     /* of a blob's mean difference that its cells must have */
#define STRUCTURE_MIN 3.0F   /* levels, standard deviation of a background that has structure */
#define STRUCTURE_SHARE 0.9F /* correlation from which on the structure is still there */
#define EDGE_STEP 0.3F  /* of a blob's mean difference, from cell to cell, that makes an edge */
#define EDGE_SHARE 0.2F /* of a blob's outline, the least that an object has of edges */

/* Sums over the cells of a blob, for the correlation of level and background. */
struct sums {
    float n, level, mean, level_level, mean_mean, level_mean, distance;
};

/* Cells wait in `cells` until their neighbours have been looked at, and stay there. */
struct fill {
    struct motion_background *background;
    int *cells;
    int count;
    struct sums sums;
};

static void take(struct fill *fill, int index)
{
    const float level = fill->background->level[index], mean = fill->background->mean[index];
    fill->background->activity[index] = TAKEN;
    fill->cells[fill->count++] = index;
    fill->sums.n++;
    fill->sums.level += level;
    fill->sums.mean += mean;
    fill->sums.level_level += level * level;
    fill->sums.mean_mean += mean * mean;
    fill->sums.level_mean += level * mean;
    fill->sums.distance += fabsf(level - mean);
}

static void take_neighbours(struct fill *fill, int index)
{
    const struct vision_grid *grid = &fill->background->grid;
    const int column = index % grid->columns, row = index / grid->columns;
    const int left = column > 0 ? column - 1 : 0, top = row > 0 ? row - 1 : 0;
    const int right = column < grid->columns - 1 ? column + 1 : column;
    const int bottom = row < grid->rows - 1 ? row + 1 : row;
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            const int activity = fill->background->activity[y * grid->columns + x];
            if (activity == MOTION_WEAK || activity == MOTION_STRONG)
                take(fill, y * grid->columns + x);
        }
}

/* From a strong cell, all that hang together with it. */
static void fill_from(struct fill *fill, int first)
{
    fill->count = 0;
    fill->sums = (struct sums){0};
    take(fill, first);
    for (int i = 0; i < fill->count; i++)
        take_neighbours(fill, fill->cells[i]);
}

/* Without the cells at the edge that differ little when the others differ much: the object's
 * shadow and reflections. */
static struct motion_blob blob_of(const struct fill *fill)
{
    const struct motion_background *background = fill->background;
    const struct vision_grid *grid = &background->grid;
    const float least = fill->sums.distance / fill->sums.n * CLEAR_SHARE;
    struct motion_blob blob = {
        .left = grid->columns, .top = grid->rows, .zone = -1, .admitted = true};
    for (int i = 0; i < fill->count; i++) {
        const int index = fill->cells[i];
        const int column = index % grid->columns, row = index / grid->columns;
        if (fabsf(background->level[index] - background->mean[index]) < least)
            continue;
        blob.left = column < blob.left ? column : blob.left;
        blob.right = column > blob.right ? column : blob.right;
        blob.top = row < blob.top ? row : blob.top;
        blob.bottom = row > blob.bottom ? row : blob.bottom;
        blob.cells++;
    }
    return blob;
}

static bool is_light(const struct sums *sums)
{
    const float level = sums->level / sums->n, mean = sums->mean / sums->n;
    const float levels = sums->level_level / sums->n - level * level;
    const float means = sums->mean_mean / sums->n - mean * mean;
    const float common = sums->level_mean / sums->n - level * mean;
    return means > STRUCTURE_MIN * STRUCTURE_MIN && common > 0 &&
           common * common > STRUCTURE_SHARE * STRUCTURE_SHARE * levels * means;
}

/* How many edges there are between a cell and its neighbours, counted twice within the blob: steps
 * of the picture that the background does not have. */
static int count_edges(const struct fill *fill, int at, const int neighbours[4], float least)
{
    const float *level = fill->background->level, *mean = fill->background->mean;
    int edges = 0;
    for (int j = 0; j < 4; j++) {
        const int other = neighbours[j];
        const float step = level[at] - level[other];
        const bool is_edge = fabsf(step) > least && fabsf(step - mean[at] + mean[other]) > least;
        edges += is_edge + (is_edge && fill->background->activity[other] != TAKEN);
    }
    return edges;
}

/* A thing has an outline, or some structure within. Light without either fades away, into what it
 * has been learned to be at its dim end; and where a thing was taken away, only the background has
 * any. */
static bool has_edges(const struct fill *fill)
{
    const struct vision_grid *grid = &fill->background->grid;
    const float least = fill->sums.distance / fill->sums.n * EDGE_STEP;
    int outline = 0, edges = 0;
    for (int i = 0; i < fill->count; i++) {
        const int at = fill->cells[i], column = at % grid->columns;
        const int neighbours[4] = {
            column > 0 ? at - 1 : at,
            column < grid->columns - 1 ? at + 1 : at,
            at >= grid->columns ? at - grid->columns : at,
            at < grid->cells - grid->columns ? at + grid->columns : at,
        };
        for (int j = 0; j < 4; j++)
            outline += fill->background->activity[neighbours[j]] != TAKEN;
        edges += count_edges(fill, at, neighbours, least);
    }
    return (float)edges >= 2 * EDGE_SHARE * (float)outline;
}

/* -- lists of blobs ---------------------------------------------------------------------------- */

static bool near(const struct motion_blob *a, const struct motion_blob *b)
{
    return a->left <= b->right + 1 + GAP && b->left <= a->right + 1 + GAP &&
           a->top <= b->bottom + 1 + GAP && b->top <= a->bottom + 1 + GAP;
}

static void join(struct motion_blob *into, const struct motion_blob *other)
{
    into->left = other->left < into->left ? other->left : into->left;
    into->top = other->top < into->top ? other->top : into->top;
    into->right = other->right > into->right ? other->right : into->right;
    into->bottom = other->bottom > into->bottom ? other->bottom : into->bottom;
    into->cells += other->cells;
}

/* Until no two are near each other. */
static int join_near(struct motion_blob *blobs, int count)
{
    for (int i = 0; i < count; i++) {
        for (int j = i + 1; j < count; j++) {
            if (!near(&blobs[i], &blobs[j]))
                continue;
            join(&blobs[i], &blobs[j]);
            blobs[j] = blobs[--count];
            i = -1; /* the larger box may be near one that was not */
            break;
        }
    }
    return count;
}

/* Adds a blob; in a full list the smallest gives way. */
static int insert(struct motion_blob *blobs, int count, const struct motion_blob *blob)
{
    if (count < MOTION_BLOBS_MAX) {
        blobs[count] = *blob;
        return count + 1;
    }
    int smallest = 0;
    for (int i = 1; i < count; i++)
        if (blobs[i].cells < blobs[smallest].cells)
            smallest = i;
    if (blob->cells > blobs[smallest].cells)
        blobs[smallest] = *blob;
    return count;
}

int motion_blobs_find(struct motion_background *background, int least, int *pending,
                      struct motion_blob blobs[MOTION_BLOBS_MAX])
{
    struct fill fill = {.background = background};
    fill.cells = pending;
    const uint8_t *activity = background->activity, *end = activity + background->grid.cells;
    int count = 0;
    for (const uint8_t *at = activity; (at = memchr(at, MOTION_STRONG, (size_t)(end - at))); at++) {
        fill_from(&fill, (int)(at - activity));
        const struct motion_blob blob = blob_of(&fill);
        if (fill.count > 1 && !is_light(&fill.sums) && has_edges(&fill))
            count = insert(blobs, count, &blob);
    }
    count = join_near(blobs, count);
    for (int i = 0; i < count;) {
        if (blobs[i].cells < least)
            blobs[i] = blobs[--count];
        else
            i++;
    }
    return count;
}
