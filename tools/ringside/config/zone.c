#include "tools/ringside/config/zone.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/analyzers/motion/zone.h"
#include "workers/config.h"

#define A_ZONE "a mapping with name, kind and points"
#define A_POINT "two numbers from 0 to 1, as [0.25, 0.5]"

bool config_has_zones(const struct place *place)
{
    return place->node->type == YAML_SEQUENCE_NODE;
}

/* -- points ------------------------------------------------------------------------------------ */

/* A new reference; null where that is a fault. */
static json_t *read_number(const struct place *place)
{
    char *end = NULL;
    const char *text = place_text(place, "a number from 0 to 1");
    const double number = text ? strtod(text, &end) : 0;
    if (text && (end == text || *end || !(number >= 0 && number <= 1)))
        place_fault(place, "must be a number from 0 to 1");
    return json_real(number >= 0 && number <= 1 ? number : 0);
}

static json_t *read_point(const struct place *place)
{
    json_t *point = json_array();
    if (place_is_list(place, A_POINT) && place_count(place) != 2)
        place_fault(place, "must be " A_POINT);
    for (struct place number = place_within(place); place_next(&number);)
        json_array_append_new(point, read_number(&number));
    return point;
}

static json_t *read_points(const struct place *place)
{
    char expected[64];
    snprintf(expected, sizeof expected, "a list of 3 to %d points, [x, y] each",
             MOTION_ZONE_POINTS_MAX);
    json_t *points = json_array();
    if (place_is_list(place, expected) &&
        (place_count(place) < 3 || place_count(place) > MOTION_ZONE_POINTS_MAX))
        place_fault(place, "must be %s", expected);
    for (struct place point = place_within(place); place_next(&point);)
        json_array_append_new(points, read_point(&point));
    return points;
}

/* -- zones ------------------------------------------------------------------------------------- */

static json_t *read_value(const struct place *place, const struct worker_option *option)
{
    union {
        double real;
        int choice;
        char text[MOTION_ZONE_NAME_MAX];
    } value;
    struct worker_option alone = *option;
    char range[128];
    alone.offset = 0;
    worker_option_range(option, range, sizeof range);
    const char *text = place_text(place, range);
    if (!text)
        return NULL;
    if (!*text || !worker_option_store(&alone, &value, text)) {
        place_fault(place, "must be %s", range);
        return NULL;
    }
    return option->type == WORKER_OPTION_REAL ? json_real(value.real) : json_string(text);
}

static void refuse_key(const struct place *place)
{
    char known[128] = "points";
    for (const struct worker_option *key = motion_zone_keys; key->key; key++)
        snprintf(known + strlen(known), sizeof known - strlen(known), ", %s", key->key);
    place_fault(place, "no such key; there are: %s", known);
}

static json_t *read_zone(const struct place *zone)
{
    static const char *const needed[] = {"name", "kind", "points"};
    struct place place;
    json_t *json = json_object();
    if (!place_is_mapping(zone, A_ZONE))
        return json;
    for (struct place child = place_within(zone); place_next(&child);) {
        const struct worker_option *option = worker_option_find(motion_zone_keys, child.key);
        if (strcmp(child.key, "points") == 0)
            json_object_set_new(json, child.key, read_points(&child));
        else if (option)
            json_object_set_new(json, child.key, read_value(&child, option));
        else
            refuse_key(&child);
    }
    for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!zone->document->is_faulty && !place_find(zone, needed[i], &place))
            place_lacks(zone, needed[i], "given for each zone");
    return json;
}

char *config_zones_to_json(const struct place *zones)
{
    json_t *list = json_array();
    if (place_count(zones) > MOTION_ZONES_MAX)
        place_fault(zones, "must be a list of at most %d zones", MOTION_ZONES_MAX);
    for (struct place zone = place_within(zones); place_next(&zone);)
        json_array_append_new(list, read_zone(&zone));
    json_t *json = json_pack("{s:o}", "zones", list);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(json);
    if (!zones->document->is_faulty)
        return text;
    free(text);
    return NULL;
}
