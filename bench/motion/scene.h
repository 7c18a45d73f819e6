/*
 * Scenes with known objects, for the comparison of motion detectors.
 *
 * A scene is drawn frame by frame from a recipe and a seed: a textured background, seen
 * by a camera with noise, that may shake, at day or at night; light that drifts, jumps
 * or flashes; clouds, swaying leaves, rain; the traces of a codec; and objects that cross
 * the picture, whose boxes are known, with or without shadows. The recipes without
 * objects must stay silent. The same seed draws the same scene anywhere.
 *
 * Life story: created for the place of a recipe in scene_recipes and a seed; frames are
 * drawn in order; destroyed.
 */
#ifndef BENCH_MOTION_SCENE_H
#define BENCH_MOTION_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "workers/analyzers/vision/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SCENE_WIDTH 480
#define SCENE_HEIGHT 270
#define SCENE_STRIDE 512
#define SCENE_RATE 12.5
#define SCENE_OBJECTS_MAX 4

enum scene_light {
    LIGHT_STEADY,
    LIGHT_DRIFTS,  /* slowly, as the day does */
    LIGHT_JUMPS,   /* a lamp is switched */
    LIGHT_FLASHES, /* lightning */
    LIGHT_SETTLES, /* the camera finds its exposure, and then once more */
    LIGHT_CLOUDS,  /* a soft shadow wanders over the picture */
    LIGHT_ADAPTS,  /* the camera darkens the picture while something bright is in it */
};

struct scene_recipe {
    const char *name;
    int objects;           /* 0: must stay silent */
    float level, contrast; /* of the background, levels */
    float object;          /* how much an object differs, levels */
    float noise;           /* standard deviation, levels */
    float shake;           /* pixels */
    float sway;            /* pixels, of leaves in a part of the picture */
    int rain;              /* streaks a frame */
    int quantizer;         /* of an MPEG-4 codec, 0: none */
    enum scene_light light;
    bool shadows; /* objects cast one */
};

extern const struct scene_recipe scene_recipes[];
extern const int scene_recipe_count;

struct scene;

int scene_create(struct scene **out, const struct scene_recipe *recipe, uint64_t seed);
void scene_destroy(struct scene **scene);

/* Draws the next frame: SCENE_STRIDE * SCENE_HEIGHT bytes and FRAME_PADDING, the scene's. */
const uint8_t *scene_draw(struct scene *scene);

/* The objects of that frame of which at least half is to be seen, and their ids. */
int scene_boxes(const struct scene *scene, struct vision_box boxes[SCENE_OBJECTS_MAX],
                int ids[SCENE_OBJECTS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
