#include "workers/analyzers/vision/reduced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct vision_reduced *reduced, const struct frame_luma *luma, int detail)
{
    vision_reduced_fini(reduced);
    vision_grid_init(&reduced->grid, luma->width, luma->height, detail, 1);
    reduced->levels = malloc((size_t)reduced->grid.cells * sizeof *reduced->levels);
    reduced->previous = malloc((size_t)reduced->grid.cells * sizeof *reduced->previous);
    reduced->sums = malloc(vision_grid_sums(&reduced->grid) * sizeof *reduced->sums);
    if (reduced->levels && reduced->previous && reduced->sums)
        return 0;
    vision_reduced_fini(reduced);
    return -ENOMEM;
}

static void cut(struct vision_reduced *reduced)
{
    float *levels = reduced->levels;
    for (int i = 0; i < reduced->grid.cells; i++)
        levels[i] = levels[i] < 0 ? 0 : levels[i] > 255 ? 255 : levels[i];
}

int vision_reduced_take(struct vision_reduced *reduced, const struct frame *frame, int detail)
{
    struct frame_luma luma;
    int error = frame_luma(frame, &luma);
    if (error)
        return error;
    reduced->fresh = luma.width != reduced->grid.width || luma.height != reduced->grid.height;
    if (reduced->fresh) {
        error = make_room(reduced, &luma, detail);
        reduced->fresh = true;
    }
    if (error)
        return error;
    float *before = reduced->previous;
    reduced->previous = reduced->levels;
    reduced->levels = before;
    vision_reduce(&reduced->grid, &luma, frame_effective_range(frame), reduced->sums,
                  reduced->levels);
    cut(reduced);
    if (reduced->fresh)
        memcpy(reduced->previous, reduced->levels,
               (size_t)reduced->grid.cells * sizeof *reduced->levels);
    return 0;
}

void vision_reduced_fini(struct vision_reduced *reduced)
{
    free(reduced->levels);
    free(reduced->previous);
    free(reduced->sums);
    *reduced = (struct vision_reduced){0};
}
