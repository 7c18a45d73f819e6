/* Lines of JSON: what every event begins with, and how it is printed. */
#ifndef WORKERS_SRC_EVENT_H
#define WORKERS_SRC_EVENT_H

#include <jansson.h>

#define EVENT_SCHEMA_VERSION 1

/* {"v":1,"type":TYPE,"camera":CAMERA}, without one where it is NULL; NULL when out of memory. Text
 * that is not UTF-8 has its bad bytes replaced by '?', so that there always is a line. */
json_t *event_begin(const char *type, const char *camera);

/* Text from outside, in the same way. A new reference; NULL when out of memory. */
json_t *event_text(const char *text);

/* Seconds, to the microsecond, or null where they are not a number. A new reference. */
json_t *event_seconds(double seconds);

/* One line without its end, for the caller to free(); NULL when out of memory. Takes
 * the reference. */
char *event_finish(json_t *event);

#endif
