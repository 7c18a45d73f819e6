#include <string.h>

#include "workers/class.h"

extern const struct worker_class worker_framemd5;
extern const struct worker_class worker_health;
extern const struct worker_class worker_motion;
extern const struct worker_class worker_null;
extern const struct worker_class worker_scene;
extern const struct worker_class worker_snapshot;
extern const struct worker_class worker_stats;

const struct worker_class *const worker_classes[] = {
    &worker_framemd5, &worker_health,   &worker_motion, &worker_null,
    &worker_scene,    &worker_snapshot, &worker_stats,  NULL,
};

const struct worker_class *worker_class_find(const char *name)
{
    for (unsigned i = 0; worker_classes[i]; i++)
        if (strcmp(worker_classes[i]->name, name) == 0)
            return worker_classes[i];
    return NULL;
}
