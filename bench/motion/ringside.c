#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/motion/contender.h"
#include "workers/analyzers/motion/detector.h"
#include "workers/class.h"
#include "workers/config.h"

struct ringside {
    struct worker_config config;
    struct motion_detector *detector;
    int width, height;
};

static const char *options;

bool contender_ringside_set(const char *text)
{
    char problem[256];
    struct worker_config config;
    if (worker_config_parse(&config, worker_class_find("motion"), text, problem, sizeof problem) !=
        0) {
        fprintf(stderr, "motion: %s\n", problem);
        return false;
    }
    worker_config_free(&config);
    options = text;
    return true;
}

void contender_ringside_config(struct motion_config *config)
{
    char problem[256];
    struct worker_config worker;
    if (worker_config_parse(&worker, worker_class_find("motion"), options, problem,
                            sizeof problem) != 0)
        abort();
    *config = *(const struct motion_config *)worker.options;
    worker_config_free(&worker);
}

static void destroy(void *state)
{
    struct ringside *ringside = state;
    motion_detector_destroy(&ringside->detector);
    worker_config_free(&ringside->config);
    free(ringside);
}

static void *create(const struct scene_recipe *recipe, int width, int height)
{
    (void)recipe;
    char problem[256];
    struct ringside *ringside = calloc(1, sizeof *ringside);
    if (!ringside)
        return NULL;
    ringside->width = width;
    ringside->height = height;
    /* A state of the class begins with its motion_config. */
    if (worker_config_parse(&ringside->config, worker_class_find("motion"), options, problem,
                            sizeof problem) == 0 &&
        motion_detector_create(&ringside->detector, ringside->config.options, NULL) == 0)
        return ringside;
    destroy(ringside);
    return NULL;
}

static int look(void *state, const uint8_t *data, int stride, double seconds,
                struct vision_box boxes[CONTENDER_BOXES_MAX])
{
    struct ringside *ringside = state;
    const struct frame_luma luma = {.data = data,
                                    .stride = stride,
                                    .width = ringside->width,
                                    .height = ringside->height,
                                    .step = 1,
                                    .bits = 8};
    int count, told = 0;
    if (motion_detector_look(ringside->detector, &luma, FRAME_RANGE_FULL, seconds) != 0)
        abort();
    const struct motion_object *objects = motion_detector_objects(ringside->detector, &count);
    for (int i = 0; i < count; i++)
        if (objects[i].state == MOTION_START || objects[i].state == MOTION_UPDATE)
            boxes[told++] = motion_detector_box(ringside->detector, &objects[i]);
    return told;
}

const struct contender contender_ringside = {
    .name = "ringside",
    .create = create,
    .look = look,
    .destroy = destroy,
};
