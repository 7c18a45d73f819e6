/*
 * Events: what the program prints to standard output, one JSON object a line.
 *
 *     json_t *events = support_events(result.out);   all lines, an array
 *     json_t *frames = support_events_pick(events, "frame", "gate", 0);
 *
 * What support_events is given is checked against the schema too, when the program's cases are
 * over (schema.h).
 *
 * Every function fails the test case where the text is not what it has to be. Arrays and objects
 * are new references unless said otherwise; a test case is a process, so none has to be given back.
 */
#ifndef TESTS_SUPPORT_EVENTS_H
#define TESTS_SUPPORT_EVENTS_H

#include <jansson.h>
#include <stddef.h>

/* The lines of TEXT, in order. Each must be whole, an object, and have v (1), type and, unless it
 * is about the life of a worker, camera. */
json_t *support_events(const char *text);

/* The same without the rule for `camera`: log lines and totals are about none in particular. */
json_t *support_json_lines(const char *text);

/* Those of a type; of a camera, unless it is NULL; of the worker INDEX, unless that is negative. */
json_t *support_events_pick(const json_t *events, const char *type, const char *camera, int index);

/* The one summary of a camera (borrowed); it must be the camera's last line. */
const json_t *support_summary(const json_t *events, const char *camera);

/* Values that must be there and of that kind. Texts are borrowed. */
double support_number(const json_t *object, const char *key);
long long support_integer(const json_t *object, const char *key);
const char *support_text(const json_t *object, const char *key);

/* What the summary says of worker INDEX: an object with worker, index, pid, received, skipped. */
const json_t *support_summary_worker(const json_t *summary, size_t index);

/*
 * All figures of a summary whose camera was delivered to its end: FRAMES decoded and published,
 * none corrupt, outcome `complete`, and for each of the WORKERS: its place in the list, a pid of
 * its own, and everything received (whoever did not get all has a policy that says so, and is
 * checked for received + skipped = published only).
 */
void support_summary_check(const json_t *summary, size_t frames, size_t workers);

#endif
