#include "tools/ringside/serve/news.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/ringside/find.h"
#include "tools/ringside/serve/discreet.h"

/* How something goes on, or each of many; no news in itself. */
static bool is_passing(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    const char *state = json_string_value(json_object_get(event, "state"));
    return !type || strcmp(type, "frame") == 0 || strcmp(type, "stats") == 0 ||
           (strcmp(type, "motion") == 0 && state && strcmp(state, "update") == 0);
}

static const char *ring_of(const struct sample *sample, pid_t run, const char *camera)
{
    for (unsigned i = 0; i < sample->count; i++)
        if (sample->rings[i]->info.owner == run && find_is_called(sample->rings[i]->name, camera))
            return sample->rings[i]->name;
    return NULL;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void news_write(struct journal *journal, const struct sample *sample, pid_t run, const char *line)
{
    json_t *event = json_loads(line, 0, NULL);
    const char *camera = json_string_value(json_object_get(event, "camera"));
    const char *ring = camera ? ring_of(sample, run, camera) : NULL;
    char *text = NULL;
    if (json_is_object(event) && (ring || !camera)) {
        discreet_json(event);
        if (ring)
            json_object_set_new(event, "ring", json_string(ring));
        json_object_set_new(event, "at", json_real(now()));
        text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(14));
    }
    if (text)
        journal_write(journal, text, is_passing(event));
    free(text);
    json_decref(event);
}
