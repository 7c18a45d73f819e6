/*
 * Zones: parts of the picture, drawn by the user, that are treated differently.
 *
 *   include   only what is in such a zone is told, where there is one at all
 *   ignore    what is in it is followed, but not told unless it leaves
 *   exclude   masked: what changes there is not seen, nor counted as a change of light
 *
 * They come as JSON, in a file or in the value itself:
 *
 *     {"zones": [
 *       {"name": "door", "kind": "include", "points": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.9]],
 *        "min_area": 0.5, "max_area": 20, "sensitivity": 1.5},
 *       {"name": "clock", "kind": "exclude", "points": [[0, 0], [0.3, 0], [0.3, 0.1], [0, 0.1]]}]}
 *
 * Points are parts of the picture's width and height, from the upper left; a polygon
 * closes itself. The areas are percent of the picture and replace min_area and max_area
 * of the worker there; a sensitivity of 2 makes half a difference enough.
 *
 * Life story: load once, draw for each size of picture, free. Of zones that overlap, a
 * place is in the first. A blob belongs to the zone that has most of its box, or to none
 * where more of it is in none; what is masked does not count.
 */
#ifndef WORKERS_ANALYZERS_MOTION_ZONE_H
#define WORKERS_ANALYZERS_MOTION_ZONE_H

#include "workers/analyzers/motion/blob.h"
#include "workers/class.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOTION_ZONES_MAX 32
#define MOTION_ZONE_POINTS_MAX 64
#define MOTION_ZONE_NAME_MAX 64          /* bytes, with the NUL */
#define MOTION_ZONES_TEXT_MAX (32 << 10) /* likewise, of all in the value itself */

struct motion_zones;

/* What a zone may have beside its points: types and limits, without fields. Ends with a NULL
 * key. */
extern const struct worker_option motion_zone_keys[];

/*
 * Reads a file, or the JSON itself where `source` begins with a brace. -EINVAL for one that is not
 * as above, -E2BIG for too many zones, else as open(2); `problem` then says in a line what is
 * wrong.
 */
int motion_zones_load(struct motion_zones **out, const char *source, char *problem,
                      size_t problem_size);
void motion_zones_free(struct motion_zones **zones);

/* Finds the cells of each zone; writes their sensitivity into the background. -ENOMEM. */
int motion_zones_draw(struct motion_zones *zones, struct motion_background *background);

/* Finds a blob's zone and whether it is to be told. `zones` NULL: none, `config` rules alone. */
void motion_zones_place(const struct motion_zones *zones, const struct motion_config *config,
                        const struct vision_grid *grid, struct motion_blob *blob);

/* The smallest blob that any zone wants, in percent of the picture; NULL: config's. */
double motion_zones_min_area(const struct motion_zones *zones, const struct motion_config *config);

/* NULL for a negative index. */
const char *motion_zones_name(const struct motion_zones *zones, int zone);

#ifdef __cplusplus
}
#endif

#endif
