#include "workers/src/event.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Digits that a double holds for certain, so that 0.1 is printed as 0.1. */
#define REAL_DIGITS 15
#define PER_SECOND 1e6 /* as exact as times are */

json_t *event_text(const char *text)
{
    json_t *json = json_string(text);
    if (json)
        return json;
    char *ascii = strdup(text);
    if (!ascii)
        return NULL;
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(ascii);
    free(ascii);
    return json;
}

json_t *event_begin(const char *type, const char *camera)
{
    return json_pack("{s:i, s:s, s:o*}", "v", EVENT_SCHEMA_VERSION, "type", type, "camera",
                     camera ? event_text(camera) : NULL);
}

json_t *event_seconds(double seconds)
{
    return isfinite(seconds) ? json_real(round(seconds * PER_SECOND) / PER_SECOND) : json_null();
}

char *event_finish(json_t *event)
{
    if (!event)
        return NULL;
    char *line = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(event);
    return line;
}
