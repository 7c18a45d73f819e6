#include "workers/analyzers/motion/zone.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_ZONE 255
#define AS_WORKER (-1.0) /* an area that the zone does not give */

enum zone_kind { ZONE_INCLUDE, ZONE_IGNORE, ZONE_EXCLUDE };

struct zone {
    char name[MOTION_ZONE_NAME_MAX];
    enum zone_kind kind;
    double min_area, max_area; /* percent, or AS_WORKER */
    double sensitivity;
    int count;
    double points[MOTION_ZONE_POINTS_MAX][2];
};

struct motion_zones {
    struct zone zones[MOTION_ZONES_MAX];
    int count;
    bool includes; /* there is a zone of that kind */
    uint8_t *map;  /* the zone of each cell, NO_ZONE: none */
};

/* -- reading ----------------------------------------------------------------------------------- */

static const char *const kinds[] = {"include", "ignore", "exclude", NULL};

const struct worker_option motion_zone_keys[] = {
    {.key = "name", .type = WORKER_OPTION_STRING, .maximum = MOTION_ZONE_NAME_MAX},
    {.key = "kind", .type = WORKER_OPTION_CHOICE, .choices = kinds},
    {.key = "min_area", .type = WORKER_OPTION_REAL, .maximum = 100},
    {.key = "max_area", .type = WORKER_OPTION_REAL, .maximum = 100},
    {.key = "sensitivity", .type = WORKER_OPTION_REAL, .minimum = 0.001, .maximum = 100},
    {.key = NULL},
};

static int kind_of(const char *name, enum zone_kind *kind)
{
    for (unsigned i = 0; kinds[i]; i++) {
        if (strcmp(kinds[i], name) != 0)
            continue;
        *kind = (enum zone_kind)i;
        return 0;
    }
    return -EINVAL;
}

static int read_points(struct zone *zone, const json_t *points)
{
    const size_t count = json_array_size(points);
    if (count < 3 || count > MOTION_ZONE_POINTS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        double *point = zone->points[i];
        if (json_unpack(json_array_get(points, i), "[F,F!]", &point[0], &point[1]) != 0 ||
            !(point[0] >= 0 && point[0] <= 1 && point[1] >= 0 && point[1] <= 1))
            return -EINVAL;
    }
    zone->count = (int)count;
    return 0;
}

static bool is_share(double percent)
{
    return percent == AS_WORKER || (percent >= 0 && percent <= 100);
}

static int read_zone(struct zone *zone, json_t *json, char *problem, size_t size)
{
    const char *name, *kind;
    json_t *points;
    json_error_t error;
    *zone = (struct zone){.min_area = AS_WORKER, .max_area = AS_WORKER, .sensitivity = 1};
    if (json_unpack_ex(json, &error, 0, "{s:s, s:s, s:o, s?F, s?F, s?F !}", "name", &name, "kind",
                       &kind, "points", &points, "min_area", &zone->min_area, "max_area",
                       &zone->max_area, "sensitivity", &zone->sensitivity) != 0) {
        snprintf(problem, size, "a zone is not as it should be: %s", error.text);
        return -EINVAL;
    }
    snprintf(zone->name, sizeof zone->name, "%s", name);
    if (strlen(name) >= sizeof zone->name)
        snprintf(problem, size, "zone '%s': a name has %d bytes at most", name,
                 MOTION_ZONE_NAME_MAX - 1);
    else if (kind_of(kind, &zone->kind) != 0)
        snprintf(problem, size, "zone '%s': kind must be include, ignore or exclude", name);
    else if (read_points(zone, points) != 0)
        snprintf(problem, size, "zone '%s': points must be 3 to %d pairs of numbers from 0 to 1",
                 name, MOTION_ZONE_POINTS_MAX);
    else if (!is_share(zone->min_area) || !is_share(zone->max_area))
        snprintf(problem, size, "zone '%s': areas are percent, from 0 to 100", name);
    else if (!(zone->sensitivity > 0 && zone->sensitivity <= 100))
        snprintf(problem, size, "zone '%s': sensitivity must be above 0, and 100 at most", name);
    else
        return 0;
    return -EINVAL;
}

static int read_zones(struct motion_zones *zones, const json_t *root, char *problem, size_t size)
{
    const json_t *list = json_object_get(root, "zones");
    if (!json_is_array(list)) {
        snprintf(problem, size, "there is no list \"zones\"");
        return -EINVAL;
    }
    if (json_array_size(list) > MOTION_ZONES_MAX) {
        snprintf(problem, size, "more than %d zones", MOTION_ZONES_MAX);
        return -E2BIG;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct zone *zone = &zones->zones[zones->count++];
        int error = read_zone(zone, json_array_get(list, i), problem, size);
        if (error)
            return error;
        zones->includes |= zone->kind == ZONE_INCLUDE;
    }
    return 0;
}

static int load_json(json_t **out, const char *source, char *problem, size_t size)
{
    json_error_t error;
    FILE *file = *source == '{' ? NULL : fopen(source, "re");
    if (!file && *source != '{') {
        const int missing = -errno;
        snprintf(problem, size, "%s", strerror(-missing));
        return missing;
    }
    *out = file ? json_loadf(file, JSON_REJECT_DUPLICATES, &error)
                : json_loads(source, JSON_REJECT_DUPLICATES, &error);
    if (file)
        fclose(file);
    if (*out)
        return 0;
    snprintf(problem, size, "line %d: %s", error.line, error.text);
    return -EINVAL;
}

int motion_zones_load(struct motion_zones **out, const char *source, char *problem,
                      size_t problem_size)
{
    json_t *root = NULL;
    *out = NULL;
    int error = load_json(&root, source, problem, problem_size);
    if (error)
        return error;
    struct motion_zones *zones = calloc(1, sizeof *zones);
    error = zones ? read_zones(zones, root, problem, problem_size) : -ENOMEM;
    json_decref(root);
    if (error)
        motion_zones_free(&zones);
    *out = zones;
    return error;
}

void motion_zones_free(struct motion_zones **zones)
{
    if (!*zones)
        return;
    free((*zones)->map);
    free(*zones);
    *zones = NULL;
}

/* -- drawing ----------------------------------------------------------------------------------- */

/* A ray to the left crosses the edges of a polygon an odd number of times from within. */
static bool contains(const struct zone *zone, double x, double y)
{
    bool inside = false;
    for (int i = 0, j = zone->count - 1; i < zone->count; j = i++) {
        const double *a = zone->points[i], *b = zone->points[j];
        if ((a[1] > y) != (b[1] > y) && x > a[0] + (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]))
            inside = !inside;
    }
    return inside;
}

static int zone_at(const struct motion_zones *zones, double x, double y)
{
    for (int i = 0; i < zones->count; i++)
        if (contains(&zones->zones[i], x, y))
            return i;
    return NO_ZONE;
}

static float sensitivity_of(const struct motion_zones *zones, int zone)
{
    if (zone == NO_ZONE)
        return 1;
    const struct zone *here = &zones->zones[zone];
    return here->kind == ZONE_EXCLUDE ? 0 : (float)here->sensitivity;
}

int motion_zones_draw(struct motion_zones *zones, struct motion_background *background)
{
    const struct vision_grid *grid = &background->grid;
    free(zones->map);
    zones->map = malloc((size_t)grid->cells);
    if (!zones->map)
        return -ENOMEM;
    background->looked_at = 0;
    for (int i = 0; i < grid->cells; i++) {
        const int column = i % grid->columns, row = i / grid->columns;
        const double x = (column + 0.5) * grid->cell / grid->width;
        const double y = (row + 0.5) * grid->cell / grid->height;
        const int zone = zone_at(zones, x, y);
        zones->map[i] = (uint8_t)zone;
        background->sensitivity[i] = sensitivity_of(zones, zone);
        background->looked_at += background->sensitivity[i] > 0;
    }
    return 0;
}

/* -- asking ------------------------------------------------------------------------------------ */

static int zone_with_most(const struct motion_zones *zones, const struct vision_grid *grid,
                          const struct motion_blob *blob)
{
    int counts[MOTION_ZONES_MAX + 1] = {0}, most = MOTION_ZONES_MAX;
    for (int row = blob->top; row <= blob->bottom; row++)
        for (int column = blob->left; column <= blob->right; column++) {
            const int zone = zones->map[row * grid->columns + column];
            counts[zone == NO_ZONE ? MOTION_ZONES_MAX : zone]++;
        }
    for (int i = zones->count - 1; i >= 0; i--)
        if (zones->zones[i].kind != ZONE_EXCLUDE && counts[i] > 0 && counts[i] >= counts[most])
            most = i;
    return most == MOTION_ZONES_MAX ? -1 : most;
}

static bool fits(const struct vision_grid *grid, const struct motion_blob *blob, double least,
                 double most)
{
    const double percent = 100.0 * blob->cells / grid->cells;
    return percent >= least && percent <= most;
}

void motion_zones_place(const struct motion_zones *zones, const struct motion_config *config,
                        const struct vision_grid *grid, struct motion_blob *blob)
{
    double least = config->min_area, most = config->max_area;
    blob->zone = zones ? zone_with_most(zones, grid, blob) : -1;
    blob->admitted = !zones || !zones->includes;
    if (blob->zone >= 0) {
        const struct zone *zone = &zones->zones[blob->zone];
        blob->admitted = zone->kind == ZONE_INCLUDE;
        least = zone->min_area >= 0 ? zone->min_area : least;
        most = zone->max_area >= 0 ? zone->max_area : most;
    }
    blob->admitted &= fits(grid, blob, least, most);
}

double motion_zones_min_area(const struct motion_zones *zones, const struct motion_config *config)
{
    double least = config->min_area;
    for (int i = 0; zones && i < zones->count; i++)
        if (zones->zones[i].min_area >= 0 && zones->zones[i].min_area < least)
            least = zones->zones[i].min_area;
    return least;
}

const char *motion_zones_name(const struct motion_zones *zones, int zone)
{
    return zones && zone >= 0 ? zones->zones[zone].name : NULL;
}
