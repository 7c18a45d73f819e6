#include "bench/motion/scene.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/motion/codec.h"

#define MARGIN 16 /* pixels of background around the picture, for a camera that shakes */
#define BACK_WIDTH (SCENE_WIDTH + 2 * MARGIN)
#define BACK_HEIGHT (SCENE_HEIGHT + 2 * MARGIN)
#define LEAVES 24        /* pixels, a part of them that moves as one */
#define NOISES 65536     /* numbers drawn ahead */
#define FIRST_OBJECT 4.0 /* seconds */
#define TWO_PI 6.2831853F

struct object {
    float width, height; /* pixels */
    float x, y;          /* of its middle at `begin` */
    float speed_x, speed_y;
    double begin, end; /* seconds */
    float level;
    bool round;
};

struct scene {
    const struct scene_recipe *recipe;
    uint64_t random;
    int frame;
    double now;
    float *back;   /* BACK_WIDTH x BACK_HEIGHT levels */
    float *noises; /* of standard deviation 1 */
    float *light;  /* the picture before noise */
    uint8_t *picture;
    struct object objects[SCENE_OBJECTS_MAX];
    float shake_x, shake_y, gain;
    double next_flash;
    float flash;
    struct codec *codec;
};

/* -- chance ------------------------------------------------------------------------------------ */

static uint32_t draw(struct scene *scene)
{
    scene->random = scene->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = scene->random;
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    return (uint32_t)x;
}

static float uniform(struct scene *scene, float from, float to)
{
    return from + (to - from) * (float)(draw(scene) >> 8) / 16777216.0F;
}

static float normal(struct scene *scene)
{
    float sum = 0;
    for (int i = 0; i < 12; i++)
        sum += uniform(scene, -0.5F, 0.5F);
    return sum;
}

/* -- the background ---------------------------------------------------------------------------- */

/* A random lattice, smoothly filled: one octave of texture. */
static void add_octave(struct scene *scene, int step, float amplitude)
{
    const int columns = BACK_WIDTH / step + 2, rows = BACK_HEIGHT / step + 2;
    float *lattice = malloc((size_t)columns * (size_t)rows * sizeof *lattice);
    if (!lattice)
        return;
    for (int i = 0; i < columns * rows; i++)
        lattice[i] = uniform(scene, -amplitude, amplitude);
    for (int y = 0; y < BACK_HEIGHT; y++)
        for (int x = 0; x < BACK_WIDTH; x++) {
            const float *at = lattice + (ptrdiff_t)(y / step) * columns + x / step;
            const float u = (float)(x % step) / (float)step, v = (float)(y % step) / (float)step;
            scene->back[y * BACK_WIDTH + x] += (at[0] * (1 - u) + at[1] * u) * (1 - v) +
                                               (at[columns] * (1 - u) + at[columns + 1] * u) * v;
        }
    free(lattice);
}

/* Walls, windows, a road: edges. */
static void add_rectangles(struct scene *scene)
{
    for (int i = 0; i < 12; i++) {
        const int left = (int)uniform(scene, 0, BACK_WIDTH - 20);
        const int top = (int)uniform(scene, 0, BACK_HEIGHT - 20);
        const int right = left + (int)uniform(scene, 10, 150),
                  bottom = top + (int)uniform(scene, 10, 100);
        const float by = uniform(scene, -1, 1) * scene->recipe->contrast;
        for (int y = top; y < bottom && y < BACK_HEIGHT; y++)
            for (int x = left; x < right && x < BACK_WIDTH; x++)
                scene->back[y * BACK_WIDTH + x] += by;
    }
}

static void draw_background(struct scene *scene)
{
    const float contrast = scene->recipe->contrast;
    for (int i = 0; i < BACK_WIDTH * BACK_HEIGHT; i++)
        scene->back[i] = scene->recipe->level;
    add_octave(scene, 96, contrast * 0.5F);
    add_octave(scene, 24, contrast * 0.4F);
    add_octave(scene, 6, contrast * 0.4F);
    add_octave(scene, 2, contrast * 0.3F);
    add_rectangles(scene);
}

static float within(float value, float least, float most)
{
    return value < least ? least : value > most ? most : value;
}

static float back_at(const struct scene *scene, float x, float y)
{
    x = within(x + MARGIN, 0, BACK_WIDTH - 2);
    y = within(y + MARGIN, 0, BACK_HEIGHT - 2);
    const int column = (int)x, row = (int)y;
    const float u = x - (float)column, v = y - (float)row;
    const float *at = scene->back + (ptrdiff_t)row * BACK_WIDTH + column;
    return (at[0] * (1 - u) + at[1] * u) * (1 - v) +
           (at[BACK_WIDTH] * (1 - u) + at[BACK_WIDTH + 1] * u) * v;
}

/* Leaves: the left third's upper half, each part in its own rhythm, in gusts. */
static void draw_leaves(struct scene *scene, int left, int top)
{
    const float now = (float)scene->now;
    const float gust = 0.5F + 0.5F * sinf(now * 0.7F + (float)scene->recipe->name[0]);
    const int column = left / LEAVES, row = top / LEAVES;
    const float by =
        scene->recipe->sway * gust * sinf(now * 5.3F + (float)column * 1.7F + (float)row * 2.9F);
    for (int y = top; y < top + LEAVES; y++)
        for (int x = left; x < left + LEAVES; x++)
            scene->light[y * SCENE_WIDTH + x] = back_at(scene, (float)x + scene->shake_x + by,
                                                        (float)y + scene->shake_y + by * 0.5F);
}

/* The background as a camera sees it that is turned aside a little. */
static void draw_still(struct scene *scene)
{
    const float from_x = scene->shake_x + MARGIN, from_y = scene->shake_y + MARGIN;
    const int column = (int)from_x, row = (int)from_y;
    const float u = from_x - (float)column, v = from_y - (float)row;
    for (int y = 0; y < SCENE_HEIGHT; y++) {
        const float *restrict at = scene->back + (ptrdiff_t)(row + y) * BACK_WIDTH + column;
        float *restrict to = scene->light + (ptrdiff_t)y * SCENE_WIDTH;
        for (int x = 0; x < SCENE_WIDTH; x++)
            to[x] = (at[x] * (1 - u) + at[x + 1] * u) * (1 - v) +
                    (at[x + BACK_WIDTH] * (1 - u) + at[x + BACK_WIDTH + 1] * u) * v;
    }
    for (int y = 0; scene->recipe->sway > 0 && y + LEAVES <= SCENE_HEIGHT / 2; y += LEAVES)
        for (int x = 0; x + LEAVES <= SCENE_WIDTH / 3; x += LEAVES)
            draw_leaves(scene, x, y);
}

/* -- objects ----------------------------------------------------------------------------------- */

static void plan_object(struct scene *scene, struct object *object, double begin, double room)
{
    const float height = uniform(scene, 20, 70);
    const float speed = uniform(scene, 35, 120);
    const bool to_the_right = draw(scene) & 1;
    *object = (struct object){
        .width = height * uniform(scene, 0.5F, 1.6F),
        .height = height,
        .begin = begin,
        .round = draw(scene) & 1,
        .level = scene->recipe->object,
        .speed_y = uniform(scene, -8, 8),
        .y = uniform(scene, 60, SCENE_HEIGHT - 60),
    };
    object->x = to_the_right ? -object->width / 2 : SCENE_WIDTH + object->width / 2;
    object->speed_x = to_the_right ? speed : -speed;
    object->end = begin + fmin(room, (SCENE_WIDTH + object->width) / speed);
}

static void plan_objects(struct scene *scene)
{
    const int count = scene->recipe->objects;
    for (int i = 0; i < count; i++)
        plan_object(scene, &scene->objects[i],
                    FIRST_OBJECT + i * 15.0 / count + uniform(scene, 0, 0.5F), 15.0 / count - 2.5);
}

static bool is_there(const struct scene *scene, const struct object *object)
{
    return object->width > 0 && scene->now >= object->begin && scene->now < object->end;
}

static void middle_of(const struct scene *scene, const struct object *object, float *x, float *y)
{
    const float passed = (float)(scene->now - object->begin);
    *x = object->x + object->speed_x * passed + scene->shake_x * -1;
    *y = object->y + object->speed_y * passed + scene->shake_y * -1;
}

/* How much of a pixel an object covers. */
static float cover(const struct object *object, float across, float down)
{
    if (object->round) {
        const float u = across / (object->width / 2), v = down / (object->height / 2);
        return within((1 - sqrtf(u * u + v * v)) * object->width / 2 + 0.5F, 0, 1);
    }
    return within(object->width / 2 - fabsf(across) + 0.5F, 0, 1) *
           within(object->height / 2 - fabsf(down) + 0.5F, 0, 1);
}

/* Its own texture moves with it. */
static float shade_of(const struct object *object, float back, float across, float down)
{
    const float texture = 0.25F * sinf(across * 0.5F) * cosf(down * 0.4F);
    return object->level > 0
               ? fmaxf(back, 0) * 0.3F + 0.7F * (back + object->level * (1.3F + texture))
               : back + object->level * (1 + texture);
}

static void draw_object(struct scene *scene, const struct object *object)
{
    float x, y;
    middle_of(scene, object, &x, &y);
    const float level = scene->recipe->level;
    const float shadow_x = x + object->width * 0.4F, shadow_y = y + object->height * 0.45F;
    struct object shadow = *object;
    shadow.height *= 0.4F;
    shadow.round = true;
    const int left = (int)within(x - object->width, 0, SCENE_WIDTH);
    const int top = (int)within(y - object->height, 0, SCENE_HEIGHT);
    for (int row = top; row < SCENE_HEIGHT && (float)row < y + object->height + 1; row++)
        for (int column = left; column < SCENE_WIDTH && (float)column < x + object->width + 1;
             column++) {
            float *pixel = &scene->light[row * SCENE_WIDTH + column];
            if (scene->recipe->shadows)
                *pixel *=
                    1 - 0.3F * cover(&shadow, (float)column - shadow_x, (float)row - shadow_y);
            const float part = cover(object, (float)column - x, (float)row - y);
            if (part > 0)
                *pixel +=
                    part * (shade_of(object, level, (float)column - x, (float)row - y) - *pixel);
        }
}

int scene_boxes(const struct scene *scene, struct vision_box boxes[SCENE_OBJECTS_MAX],
                int ids[SCENE_OBJECTS_MAX])
{
    int count = 0;
    for (int i = 0; i < SCENE_OBJECTS_MAX; i++) {
        const struct object *object = &scene->objects[i];
        float x, y;
        if (!is_there(scene, object))
            continue;
        middle_of(scene, object, &x, &y);
        const float left = fmaxf(x - object->width / 2, 0), top = fmaxf(y - object->height / 2, 0);
        const float right = fminf(x + object->width / 2, SCENE_WIDTH);
        const float bottom = fminf(y + object->height / 2, SCENE_HEIGHT);
        if (right <= left || bottom <= top ||
            (right - left) * (bottom - top) < object->width * object->height / 2)
            continue;
        ids[count] = i;
        boxes[count++] =
            (struct vision_box){(int)left, (int)top, (int)(right - left), (int)(bottom - top)};
    }
    return count;
}

/* -- light, weather, camera -------------------------------------------------------------------- */

static float gain_now(struct scene *scene)
{
    const double now = scene->now;
    switch (scene->recipe->light) {
    case LIGHT_DRIFTS:
        return 1 + 0.25F * sinf((float)now * TWO_PI / 40);
    case LIGHT_JUMPS:
        return fmod(now, 20) < 10.5 ? 1 : 1.5F;
    case LIGHT_SETTLES:
        return fmod(now, 25) < 3 ? 0.5F + 0.5F * (float)fmod(now, 25) / 3 : 1;
    case LIGHT_FLASHES:
        if (now >= scene->next_flash) {
            scene->next_flash = now + uniform(scene, 2, 6);
            scene->flash = uniform(scene, 0.6F, 1.5F);
        }
        scene->flash *= 0.45F;
        return 1 + scene->flash;
    case LIGHT_ADAPTS: {
        bool any = false;
        for (int i = 0; i < SCENE_OBJECTS_MAX; i++)
            any |= is_there(scene, &scene->objects[i]);
        scene->gain += ((any ? 0.7F : 1) - scene->gain) * 0.08F;
        return scene->gain;
    }
    default:
        return 1;
    }
}

/* What the light is in each column. */
static void draw_clouds(const struct scene *scene, float gain, float gains[SCENE_WIDTH])
{
    const bool clouds = scene->recipe->light == LIGHT_CLOUDS;
    for (int x = 0; x < SCENE_WIDTH; x++) {
        const float phase = (float)x / SCENE_WIDTH * 3 - (float)scene->now * 0.35F;
        gains[x] = clouds ? gain * (0.8F + 0.2F * sinf(phase)) : gain;
    }
}

static void draw_rain(struct scene *scene)
{
    for (int i = 0; i < scene->recipe->rain; i++) {
        const int x = (int)uniform(scene, 0, SCENE_WIDTH), y = (int)uniform(scene, 0, SCENE_HEIGHT);
        const int length = (int)uniform(scene, 6, 18);
        const float by = uniform(scene, 10, 35);
        for (int j = 0; j < length && y + j < SCENE_HEIGHT; j++)
            if (x + j / 6 < SCENE_WIDTH)
                scene->light[(y + j) * SCENE_WIDTH + x + j / 6] += by;
    }
}

static void move_camera(struct scene *scene)
{
    const float most = scene->recipe->shake;
    scene->shake_x = fminf(fmaxf(0.6F * scene->shake_x + normal(scene) * most * 0.5F, -most), most);
    scene->shake_y = fminf(fmaxf(0.6F * scene->shake_y + normal(scene) * most * 0.5F, -most), most);
}

static void expose(struct scene *scene, float gain)
{
    const float noise = scene->recipe->noise;
    float gains[SCENE_WIDTH];
    draw_clouds(scene, gain, gains);
    for (int y = 0; y < SCENE_HEIGHT; y++) {
        const float *restrict noises = scene->noises + draw(scene) % (NOISES - SCENE_WIDTH);
        const float *restrict light = scene->light + (ptrdiff_t)y * SCENE_WIDTH;
        uint8_t *restrict picture = scene->picture + (ptrdiff_t)y * SCENE_STRIDE;
        for (int x = 0; x < SCENE_WIDTH; x++) {
            const float level = light[x] * gains[x] + noises[x] * noise;
            picture[x] = (uint8_t)(int)(level < 0 ? 0 : level > 255 ? 255 : level);
        }
    }
}

const uint8_t *scene_draw(struct scene *scene)
{
    scene->now = scene->frame++ / SCENE_RATE;
    move_camera(scene);
    draw_still(scene);
    for (int i = 0; i < SCENE_OBJECTS_MAX; i++)
        if (is_there(scene, &scene->objects[i]))
            draw_object(scene, &scene->objects[i]);
    draw_rain(scene);
    expose(scene, gain_now(scene));
    if (scene->codec && codec_pass(scene->codec, scene->picture, SCENE_STRIDE) != 0)
        abort(); /* a codec that does not work makes the comparison worthless */
    return scene->picture;
}

/* -- the whole --------------------------------------------------------------------------------- */

int scene_create(struct scene **out, const struct scene_recipe *recipe, uint64_t seed)
{
    struct scene *scene = calloc(1, sizeof *scene);
    *out = scene;
    if (!scene)
        return -ENOMEM;
    scene->recipe = recipe;
    scene->random = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(recipe - scene_recipes);
    scene->gain = 1;
    scene->next_flash = 3;
    scene->back = malloc(sizeof *scene->back * BACK_WIDTH * BACK_HEIGHT);
    scene->light = malloc(sizeof *scene->light * SCENE_WIDTH * SCENE_HEIGHT);
    scene->noises = malloc(sizeof *scene->noises * NOISES);
    scene->picture = calloc(1, SCENE_STRIDE * SCENE_HEIGHT + FRAME_PADDING);
    int error = scene->back && scene->light && scene->noises && scene->picture ? 0 : -ENOMEM;
    if (!error && recipe->quantizer)
        error = codec_create(&scene->codec, SCENE_WIDTH, SCENE_HEIGHT, recipe->quantizer);
    if (error) {
        scene_destroy(out);
        return error;
    }
    for (int i = 0; i < NOISES; i++)
        scene->noises[i] = normal(scene);
    draw_background(scene);
    plan_objects(scene);
    return 0;
}

void scene_destroy(struct scene **scene)
{
    if (!*scene)
        return;
    free((*scene)->back);
    free((*scene)->light);
    free((*scene)->noises);
    free((*scene)->picture);
    codec_destroy(&(*scene)->codec);
    free(*scene);
    *scene = NULL;
}
