#include "bench/ringbench/pipeline/options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/argument.h"
#include "bench/ringbench/pipeline/case.h"

enum { PACE_SECONDS = 256, THREADS, FRAMES, JSON, LIST };

static const struct argp_option table[] = {
    {"clip", 'f', "FILE", 0, "decode the beginning of this, instead of what is made", 0},
    {"size", 's', "LIST", 0, "of clips that are made: 1080p, 360p (default: both)", 0},
    {"way", 'w', "LIST", 0, "these ways (default: all; see --list)", 0},
    {"workers", 'r', "LIST", 0, "numbers of workers, or readers (default: 0,1,4,16)", 0},
    {"cameras", 'c', "LIST", 0,
     "numbers of cameras, of the last size, with one worker (default: 1,4,16,64)", 0},
    {"threads", THREADS, "N", 0, "of each decoder (default: 1)", 0},
    {"frames", FRAMES, "N", 0, "of a clip's base, which longer ones repeat (default: 25)", 0},
    {"seconds", 'S', "S", 0, "of decoding, each run (default: 1)", 0},
    {"pace-seconds", PACE_SECONDS, "S", 0,
     "of 5 frames a second to 4 workers, each run; 0: none (default: 4)", 0},
    {"runs", 'n', "N", 0, "of each case; they are interleaved (default: 3)", 0},
    {"json", JSON, NULL, 0, "JSON Lines", 0},
    {"list", LIST, NULL, 0, "list the ways, and end", 0},
    {0},
};

static void add_way(struct argp_state *state, const char *name)
{
    struct pipeline_options *options = state->input;
    const struct way *way = way_find(name);
    if (!way)
        argp_error(state, "%s: there is no such way here (see --list)", name);
    options->ways[options->way_count++] = way;
}

static void add_scene(struct argp_state *state, const char *name)
{
    struct pipeline_options *options = state->input;
    if (strcmp(name, "1080p") != 0 && strcmp(name, "360p") != 0)
        argp_error(state, "%s: must be 1080p or 360p", name);
    options->scenes[options->scene_count++] = name;
}

static void add_workers(struct argp_state *state, const char *text)
{
    struct pipeline_options *options = state->input;
    options->workers[options->worker_count++] =
        argument_whole(state, text, 0, PIPELINE_READERS_MAX);
}

static void add_cameras(struct argp_state *state, const char *text)
{
    struct pipeline_options *options = state->input;
    options->cameras[options->camera_count++] = argument_whole(state, text, 1, CAMERAS_MAX);
}

/* Each item of a list with commas. */
static void each(struct argp_state *state, char *list, unsigned *count,
                 void add(struct argp_state *, const char *))
{
    char *rest = list;
    *count = 0;
    for (char *item; (item = strsep(&rest, ","));) {
        if (*count == PIPELINE_LIST_MAX)
            argp_error(state, "more than %d items", PIPELINE_LIST_MAX);
        add(state, item);
    }
}

static error_t parse_how(int key, char *argument, struct argp_state *state)
{
    struct pipeline_options *options = state->input;
    switch (key) {
    case THREADS:
        options->threads = argument_whole(state, argument, 1, 64);
        break;
    case FRAMES:
        options->frames = argument_whole(state, argument, 2, 10000);
        break;
    case 'S':
        options->seconds = argument_number(state, argument, 0.001, 3600);
        break;
    case PACE_SECONDS:
        options->pace_seconds = argument_number(state, argument, 0, 3600);
        break;
    case 'n':
        options->runs = argument_whole(state, argument, 1, PIPELINE_RUNS_MAX);
        break;
    case JSON:
        options->json = true;
        break;
    case LIST:
        options->list = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: is no option; a clip is given by --clip", argument);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct pipeline_options *options = state->input;
    switch (key) {
    case 'f':
        options->clip = argument;
        break;
    case 's':
        each(state, argument, &options->scene_count, add_scene);
        break;
    case 'w':
        each(state, argument, &options->way_count, add_way);
        break;
    case 'r':
        each(state, argument, &options->worker_count, add_workers);
        break;
    case 'c':
        each(state, argument, &options->camera_count, add_cameras);
        break;
    default:
        return parse_how(key, argument, state);
    }
    return 0;
}

void pipeline_options_parse(struct pipeline_options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .doc = "Measures the real job, from a clip to those who look at its frames: what it takes "
               "beside decoding alone, the ffmpeg program's pipe, and GStreamer's shared memory.\v"
               "Every reader's frames are checked, their number, order and content; what was "
               "measured wrong is an error, not a row. Each case is run with a short clip and with "
               "a long one, and the difference counts. Figures of different runs of this program "
               "can't be compared: the ratios in one can.",
    };
    *options = (struct pipeline_options){
        .scenes = {"1080p", "360p"},
        .scene_count = 2,
        .workers = {0, 1, 4, 16},
        .worker_count = 4,
        .cameras = {1, 4, 16, 64},
        .camera_count = 4,
        .threads = 1,
        .runs = 3,
        .frames = 25,
        .seconds = 1,
        .pace_seconds = 4,
    };
    argp_parse(&argp, argc, argv, 0, NULL, options);
    if (options->way_count == 0)
        for (; ways[options->way_count]; options->way_count++)
            options->ways[options->way_count] = ways[options->way_count];
}
