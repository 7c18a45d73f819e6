#include "workers/analyzers/vision/grid.h"

#include <string.h>

/* Columns summed at a time: constant, so that the compiler makes vectors of it, and at most
 * FRAME_PADDING bytes, so that the last block of a row may read on. */
#define BLOCK 32
#define CELL_MAX 256 /* pixels: the sums of that many samples squared, of 16 bits, fit into 32 */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int within(int index, int count)
{
    return index < 0 ? 0 : smaller(index, count - 1);
}

static size_t blocks(int width)
{
    return ((size_t)width + BLOCK - 1) / BLOCK;
}

void vision_grid_init(struct vision_grid *grid, int width, int height, int detail, int cell_min)
{
    int cell = height / detail > cell_min ? height / detail : cell_min;
    cell = smaller(cell, CELL_MAX);
    *grid = (struct vision_grid){.width = width, .height = height, .cell = cell};
    grid->columns = (width + cell - 1) / cell;
    grid->rows = (height + cell - 1) / cell;
    grid->cells = grid->columns * grid->rows;
}

size_t vision_grid_sums(const struct vision_grid *grid)
{
    return blocks(grid->width) * BLOCK;
}

struct vision_box vision_grid_box(const struct vision_grid *grid, int left, int top, int right,
                                  int bottom)
{
    left = within(left, grid->columns);
    right = within(right, grid->columns);
    top = within(top, grid->rows);
    bottom = within(bottom, grid->rows);
    struct vision_box box = {.x = left * grid->cell, .y = top * grid->cell};
    box.width = smaller((right + 1) * grid->cell, grid->width) - box.x;
    box.height = smaller((bottom + 1) * grid->cell, grid->height) - box.y;
    return box;
}

/* -- the sums of a block of columns, over some rows -------------------------------------------- */

/* Two bytes to a word, the even and the odd ones apart: at most CELL_MAX times 255 each. */
typedef uint16_t pairs __attribute__((vector_size(16)));
#define WORDS (BLOCK / sizeof(pairs))

static void sum_bytes(const uint8_t *data, ptrdiff_t stride, int rows, uint32_t sums[BLOCK])
{
    pairs even[WORDS] = {{0}}, odd[WORDS] = {{0}};
    for (int row = 0; row < rows; row++, data += stride)
        for (size_t i = 0; i < WORDS; i++) {
            pairs here;
            memcpy(&here, data + i * sizeof here, sizeof here);
            even[i] += here & 255;
            odd[i] += here >> 8;
        }
    for (int x = 0; x < BLOCK; x += 2) {
        const size_t i = (size_t)x / sizeof(pairs), at = (size_t)x % sizeof(pairs) / 2;
        sums[x] = even[i][at];
        sums[x + 1] = odd[i][at];
    }
}

static void sum_words(const uint8_t *data, ptrdiff_t stride, int rows,
                      const struct frame_luma *luma, uint32_t sums[BLOCK])
{
    const unsigned mask = (1U << luma->bits) - 1;
    const int shift = luma->shift;
    memset(sums, 0, BLOCK * sizeof *sums);
    for (int row = 0; row < rows; row++) {
        uint16_t words[BLOCK];
        memcpy(words, data + row * stride, sizeof words);
        for (int x = 0; x < BLOCK; x++)
            sums[x] += (unsigned)words[x] >> shift & mask;
    }
}

static unsigned sample(const struct frame_luma *luma, const uint8_t *at)
{
    const unsigned mask = (1U << luma->bits) - 1;
    return luma->bits == 8 ? at[0] : (unsigned)(at[0] | at[1] << 8) >> luma->shift & mask;
}

static void sum_samples(const uint8_t *data, int rows, int columns, const struct frame_luma *luma,
                        uint32_t sums[BLOCK])
{
    memset(sums, 0, BLOCK * sizeof *sums);
    for (int row = 0; row < rows; row++)
        for (int x = 0; x < columns; x++)
            sums[x] += sample(luma, data + row * luma->stride + (ptrdiff_t)x * luma->step);
}

/* Samples of one byte beside each other, of two bytes (or of one in every two), and others. Whole
 * blocks may be read where that stays within the padding. */
static void sum_rows(const struct frame_luma *luma, int top, int rows, uint32_t *sums)
{
    for (int x = 0; x < luma->width; x += BLOCK) {
        const uint8_t *data = luma->data + top * luma->stride + (ptrdiff_t)x * luma->step;
        if (luma->step == 1)
            sum_bytes(data, luma->stride, rows, sums + x);
        else if (luma->step == 2 && x + BLOCK <= luma->width)
            sum_words(data, luma->stride, rows, luma, sums + x);
        else
            sum_samples(data, rows, smaller(BLOCK, luma->width - x), luma, sums + x);
    }
}

/* -- cells ------------------------------------------------------------------------------------- */

struct scale {
    float factor, black;
};

static struct scale scale_of(const struct frame_luma *luma, enum frame_range range)
{
    const float full = (float)((1U << luma->bits) - 1), unit = (float)(1U << (luma->bits - 8));
    if (range == FRAME_RANGE_LIMITED)
        return (struct scale){255.0F / (219.0F * unit), 16.0F * unit};
    return (struct scale){255.0F / full, 0};
}

static inline void average_whole(int count, int cell, const uint32_t *sums, float share,
                                 struct scale scale, float *levels)
{
    for (int column = 0; column < count; column++) {
        uint32_t sum = 0;
        for (int x = 0; x < cell; x++)
            sum += sums[column * cell + x];
        levels[column] = ((float)sum * share - scale.black) * scale.factor;
    }
}

static void average(const struct vision_grid *grid, const uint32_t *sums, int rows,
                    struct scale scale, float *levels)
{
    const int whole = grid->width / grid->cell;
    const float share = 1.0F / (float)(rows * grid->cell);
    switch (grid->cell) { /* those of usual pictures, for the compiler to unroll */
    case 4:
        average_whole(whole, 4, sums, share, scale, levels);
        break;
    case 6:
        average_whole(whole, 6, sums, share, scale, levels);
        break;
    case 8:
        average_whole(whole, 8, sums, share, scale, levels);
        break;
    default:
        average_whole(whole, grid->cell, sums, share, scale, levels);
    }
    if (whole == grid->columns)
        return;
    uint32_t sum = 0;
    for (int x = whole * grid->cell; x < grid->width; x++)
        sum += sums[x];
    const float rest = 1.0F / (float)(rows * (grid->width - whole * grid->cell));
    levels[whole] = ((float)sum * rest - scale.black) * scale.factor;
}

void vision_reduce(const struct vision_grid *grid, const struct frame_luma *luma,
                   enum frame_range range, uint32_t *sums, float *levels)
{
    const struct scale scale = scale_of(luma, range);
    for (int row = 0; row < grid->rows; row++) {
        const int top = row * grid->cell;
        const int rows = smaller(grid->cell, grid->height - top);
        sum_rows(luma, top, rows, sums);
        average(grid, sums, rows, scale, levels + (ptrdiff_t)row * grid->columns);
    }
}
