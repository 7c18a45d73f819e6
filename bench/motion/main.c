/*
 * motion: how well motion detectors do on scenes whose objects are known, and at what cost.
 *
 *     motion [--json] [--seed N] [--silent SECONDS] [--only NAME] [--scene NAME] [-o OPTIONS]
 *
 * One row for each detector over all scenes, with --json one line for each detector and
 * scene, too. The seed draws other scenes by the same recipes: those that the defaults
 * were chosen by are 1 to 3, those that are shown by default are others. Debian's motion
 * program is given them in real time, before all else (program.h). CPU times are
 * of one thread, of the detector's own calls; only their ratio in one run means much.
 */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/motion/contender.h"
#include "bench/motion/program.h"
#include "bench/motion/scene.h"
#include "bench/motion/score.h"

#define SEED 2026
#define MOVING_SECONDS 20
#define SILENT_SECONDS 60
#define SETTLE_SECONDS 1.5 /* at the start, in which nobody is asked */
#define STRETCH_MOST 1.05  /* of the time of a scene that is shown in real time */

#define CONTENDERS ((size_t)4)
static const struct contender *const contenders[CONTENDERS] = {
    &contender_ringside, &contender_motion, &contender_mog2, &contender_mog2_tracked};

struct options {
    bool json;
    uint64_t seed;
    double silent_seconds;
    const char *only, *scene;
};

struct result {
    struct score score;
    double cpu_seconds;
    long frames;
};

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_asked(const struct contender *contender, const struct options *options)
{
    return !options->only || strcmp(options->only, contender->name) == 0;
}

static void show(const struct contender *contender, void *state, const uint8_t *picture,
                 struct score_frame *frame, struct score_scene *tally, struct result *result)
{
    struct vision_box boxes[CONTENDER_BOXES_MAX];
    const double began = cpu_now();
    frame->count = contender->look(state, picture, SCENE_STRIDE, frame->seconds, boxes);
    result->cpu_seconds += cpu_now() - began;
    result->frames++;
    frame->boxes = boxes;
    if (frame->seconds >= SETTLE_SECONDS)
        score_frame(tally, frame);
    frame->boxes = NULL;
}

static double seconds_of(const struct scene_recipe *recipe, const struct options *options)
{
    return recipe->objects ? MOVING_SECONDS : options->silent_seconds;
}

static void run_scene(const struct scene_recipe *recipe, const struct options *options,
                      struct result results[CONTENDERS])
{
    struct scene *scene;
    void *states[CONTENDERS] = {NULL};
    struct score_scene tallies[CONTENDERS] = {0};
    const double seconds = seconds_of(recipe, options);
    if (scene_create(&scene, recipe, options->seed) != 0)
        abort();
    for (size_t i = 0; i < CONTENDERS; i++) {
        tallies[i] = (struct score_scene){.total = &results[i].score, .silent = !recipe->objects};
        if (is_asked(contenders[i], options))
            states[i] = contenders[i]->create(recipe, SCENE_WIDTH, SCENE_HEIGHT);
        if (!recipe->objects)
            results[i].score.silent_seconds += seconds - SETTLE_SECONDS;
    }
    for (int n = 0; n < seconds * SCENE_RATE; n++) {
        struct vision_box truth[SCENE_OBJECTS_MAX];
        int ids[SCENE_OBJECTS_MAX];
        const uint8_t *picture = scene_draw(scene);
        struct score_frame frame = {.seconds = n / SCENE_RATE, .truth = truth};
        frame.truths = scene_boxes(scene, truth, ids);
        for (size_t i = 0; i < CONTENDERS; i++)
            if (states[i])
                show(contenders[i], states[i], picture, &frame, &tallies[i], &results[i]);
    }
    for (size_t i = 0; i < CONTENDERS; i++) {
        score_end(&tallies[i]);
        if (states[i])
            contenders[i]->destroy(states[i]);
    }
    scene_destroy(&scene);
}

/* -- tables ------------------------------------------------------------------------------------ */

static void add(struct result *total, const struct result *result)
{
    struct score *sum = &total->score;
    const struct score *score = &result->score;
    sum->truths += score->truths;
    sum->found += score->found;
    sum->events += score->events;
    sum->wrong += score->wrong;
    sum->iou += score->iou;
    sum->ious += score->ious;
    sum->delay += score->delay;
    sum->silent_seconds += score->silent_seconds;
    sum->silent_events += score->silent_events;
    total->cpu_seconds += result->cpu_seconds;
    total->frames += result->frames;
}

static double per_hour(const struct score *score)
{
    return score->silent_seconds > 0 ? score->silent_events * 3600 / score->silent_seconds : 0;
}

/* The rate that, with a probability of 95 %, is not exceeded where so many events were seen: of a
 * Poisson process, approximately (Byar). */
static double per_hour_at_most(const struct score *score)
{
    const double n = score->silent_events + 1;
    const double most = n * pow(1 - 1 / (9 * n) + 1.645 / (3 * sqrt(n)), 3);
    return score->silent_seconds > 0 ? most * 3600 / score->silent_seconds : 0;
}

static double cpu_ms(const struct result *result)
{
    return result->cpu_seconds * 1e3 / (double)result->frames;
}

static void print_json(const struct contender *contender, const char *scene,
                       const struct result *result)
{
    const struct score *score = &result->score;
    json_t *row = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:f, s:o}",
        "detector", contender->name, "scene", scene, "truths", score->truths, "found", score->found,
        "events", score->events, "false", score->wrong, "precision", score_precision(score),
        "recall", score_recall(score), "f1", score_f1(score), "iou", score_iou(score), "delay",
        score->found ? score->delay / score->found : 0, "silent_seconds", score->silent_seconds,
        "silent_false", score->silent_events, "per_hour", per_hour(score), "per_hour_at_most",
        per_hour_at_most(score), "cpu_ms",
        contender->is_elsewhere ? json_null() : json_real(cpu_ms(result)));
    char *line = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(6));
    puts(line);
    free(line);
    json_decref(row);
}

static void print_table(const struct result totals[CONTENDERS])
{
    printf("%-12s %9s %7s %6s %6s %8s %22s %10s\n", "detector", "precision", "recall", "F1", "IoU",
           "delay", "false/h still (<95 %)", "CPU/frame");
    for (size_t i = 0; i < CONTENDERS; i++) {
        const struct score *score = &totals[i].score;
        if (!totals[i].frames)
            continue;
        printf("%-12s %9.3f %7.3f %6.3f %6.3f %6.2f s %13.2f (%6.2f)", contenders[i]->name,
               score_precision(score), score_recall(score), score_f1(score), score_iou(score),
               score->found ? score->delay / score->found : 0, per_hour(score),
               per_hour_at_most(score));
        if (contenders[i]->is_elsewhere)
            printf(" %10s\n", "-");
        else
            printf(" %7.3f ms\n", cpu_ms(&totals[i]));
    }
}

static bool is_wanted(const struct scene_recipe *recipe, const struct options *options)
{
    return !options->scene || strstr(recipe->name, options->scene);
}

/* Real time passes; returns the number of scenes that were shown. */
static int show_to_program(const struct options *options, struct program_show *shows)
{
    int count = 0;
    if (!is_asked(&contender_motion, options))
        return 0;
    if (!program_is_installed()) {
        fprintf(stderr, "motion: the program is not installed, left out\n");
        return 0;
    }
    for (int i = 0; i < scene_recipe_count; i++) {
        const struct scene_recipe *recipe = &scene_recipes[i];
        const double frames = ceil(seconds_of(recipe, options) * SCENE_RATE);
        if (is_wanted(recipe, options))
            shows[count++] = (struct program_show){
                .recipe = recipe, .seed = options->seed, .frames = (int)frames};
    }
    const double stretch = program_watch(shows, count);
    if (stretch > STRETCH_MOST)
        fprintf(stderr, "motion: too busy a machine, its scenes took %.2f of their time\n",
                stretch);
    return count;
}

static void run_scenes(const struct options *options, struct result totals[CONTENDERS])
{
    for (int i = 0; i < scene_recipe_count; i++) {
        struct result results[CONTENDERS] = {0};
        if (!is_wanted(&scene_recipes[i], options))
            continue;
        run_scene(&scene_recipes[i], options, results);
        for (size_t j = 0; j < CONTENDERS; j++) {
            if (options->json && results[j].frames)
                print_json(contenders[j], scene_recipes[i].name, &results[j]);
            add(&totals[j], &results[j]);
        }
    }
}

static void run(const struct options *options)
{
    struct result totals[CONTENDERS] = {0};
    struct program_show *shows = calloc((size_t)scene_recipe_count, sizeof *shows);
    if (!shows)
        abort();
    const int shown = show_to_program(options, shows);
    run_scenes(options, totals);
    for (size_t j = 0; options->json && j < CONTENDERS; j++)
        if (totals[j].frames)
            print_json(contenders[j], "all", &totals[j]);
    if (!options->json)
        print_table(totals);
    program_forget(shows, shown);
    free(shows);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"json", no_argument, NULL, 'j'},         {"seed", required_argument, NULL, 's'},
        {"silent", required_argument, NULL, 'q'}, {"only", required_argument, NULL, 'n'},
        {"scene", required_argument, NULL, 'c'},  {0},
    };
    struct options options = {.seed = SEED, .silent_seconds = SILENT_SECONDS};
    int option;
    while ((option = getopt_long(argc, argv, "o:", names, NULL)) != -1) {
        switch (option) {
        case 'j':
            options.json = true;
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'q':
            options.silent_seconds = strtod(optarg, NULL);
            break;
        case 'n':
            options.only = optarg;
            break;
        case 'c':
            options.scene = optarg;
            break;
        case 'o':
            if (contender_ringside_set(optarg))
                break;
            return EXIT_FAILURE;
        default:
            fprintf(stderr, "usage: motion [--json] [--seed N] [--silent SECONDS] [--only NAME] "
                            "[--scene NAME] [-o OPTIONS]\n");
            return EXIT_FAILURE;
        }
    }
    run(&options);
    return EXIT_SUCCESS;
}
