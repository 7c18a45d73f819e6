/*
 * A grid: a picture's luma reduced by area, one level for each square cell of it.
 *
 * Most of what an analyzer wants to know of a picture does not need every pixel. The
 * mean of a cell of n x n pixels has an n-th of the sensor's noise, and there are n*n
 * times fewer of them. Levels are on one scale whatever the frame's depth and range:
 * 0 is black and 255 is white.
 *
 * Life story. vision_grid_init chooses the geometry for a size of picture. The owner
 * allocates arrays of `cells` floats as it likes, and one vision_grid_sums; from then
 * on vision_reduce fills such an array from each frame. Nothing is allocated here.
 *
 * Threads. No hidden state.
 */
#ifndef WORKERS_ANALYZERS_VISION_GRID_H
#define WORKERS_ANALYZERS_VISION_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "libframe/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vision_grid {
    int width, height; /* pixels, of the picture */
    int cell;          /* pixels, either side; cells at the right and lower edge may be cut */
    int columns, rows;
    int cells; /* columns * rows; the cell at (column, row) is row * columns + column */
};

/* A box in pixels of the picture. */
struct vision_box {
    int x, y, width, height;
};

/* A grid of about `detail` rows, or fewer, for cells are at least `cell_min` pixels wide; in very
 * large pictures more, for they are 256 at most. */
void vision_grid_init(struct vision_grid *grid, int width, int height, int detail, int cell_min);

/* How many numbers vision_reduce wants to work with. */
size_t vision_grid_sums(const struct vision_grid *grid);

/*
 * The mean level of each cell. `range` as frame_effective_range says. `sums` has
 * vision_grid_sums numbers, `levels` as many as there are cells. Reads up to
 * FRAME_PADDING bytes beyond a row's end, which every frame has.
 */
void vision_reduce(const struct vision_grid *grid, const struct frame_luma *luma,
                   enum frame_range range, uint32_t *sums, float *levels);

/* The pixels of the cells from (left, top) to (right, bottom), all included; of those outside, the
 * nearest inside. */
struct vision_box vision_grid_box(const struct vision_grid *grid, int left, int top, int right,
                                  int bottom);

#ifdef __cplusplus
}
#endif

#endif
