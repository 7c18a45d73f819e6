/*
 * cost: what analyzers cost a frame, in CPU time of the thread, beside OpenCV's MOG2.
 *
 *     cost [--json] [FRAMES]
 *
 * 1920 x 1080 of noise over a texture with something that moves. They take the frames in turns, so
 * that what the machine does otherwise meets all of them, and the least of each stands for it too:
 * only ratios within a run mean much.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/motion/contender.h"
#include "workers/analyzers/health/examination.h"
#include "workers/analyzers/motion/detector.h"
#include "workers/analyzers/vision/measure.h"
#include "workers/config.h"

#define WIDTH 1920
#define HEIGHT 1080
#define PICTURES 8 /* drawn ahead */
#define FRAMES 200

static uint8_t *pictures[PICTURES];

static void draw(void)
{
    uint64_t state = 1;
    const size_t size = (size_t)WIDTH * HEIGHT;
    for (int n = 0; n < PICTURES; n++) {
        pictures[n] = malloc(size + FRAME_PADDING);
        if (!pictures[n])
            abort();
        for (size_t i = 0; i < size; i++) {
            const int x = (int)(i % WIDTH), y = (int)(i / WIDTH);
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const int noise = (int)(state >> 60) - 8;
            const bool thing = x > 200 + n * 20 && x < 400 + n * 20 && y > 400 && y < 700;
            pictures[n][i] =
                (uint8_t)((thing ? 220 : 60 + (x / 40 * 7 + y / 40 * 13) % 90) + noise);
        }
    }
}

struct subject {
    const char *name;
    void (*look)(const struct frame *frame, double seconds);
    double least, total; /* seconds a frame */
};

static struct motion_detector *detector;
static struct health_examination examination;
static struct vision_reduced reduced;
static void *mog2;
static volatile double sink;

static void look_motion(const struct frame *frame, double seconds)
{
    struct frame_luma luma;
    if (frame_luma(frame, &luma) != 0 ||
        motion_detector_look(detector, &luma, FRAME_RANGE_FULL, seconds) != 0)
        abort();
}

static void look_health(const struct frame *frame, double seconds)
{
    (void)seconds;
    if (health_examine(&examination, frame, 0.04) != 0)
        abort();
}

static void look_stats(const struct frame *frame, double seconds)
{
    struct vision_measure measure;
    (void)seconds;
    if (vision_reduced_take(&reduced, frame, VISION_DETAIL) != 0)
        abort();
    vision_measure(&reduced, &measure);
    sink = measure.mean;
}

static void look_mog2(const struct frame *frame, double seconds)
{
    struct vision_box boxes[CONTENDER_BOXES_MAX];
    sink = contender_mog2.look(mog2, frame->planes[0], (int)frame->strides[0], seconds, boxes);
}

static struct subject subjects[] = {
    {"motion", look_motion, INFINITY, 0},
    {"health", look_health, INFINITY, 0},
    {"stats", look_stats, INFINITY, 0},
    {"mog2", look_mog2, INFINITY, 0},
};
#define SUBJECTS (sizeof subjects / sizeof *subjects)

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(int frames)
{
    struct frame_descriptor descriptor;
    if (frame_descriptor_layout(&descriptor, FRAME_FORMAT_GRAY8, WIDTH, HEIGHT, 64) != 0)
        abort();
    for (int n = 0; n < frames; n++)
        for (size_t i = 0; i < SUBJECTS; i++) {
            struct frame frame;
            if (frame_view(&frame, &descriptor, pictures[n % PICTURES], descriptor.size) != 0)
                abort();
            const double began = cpu_now();
            subjects[i].look(&frame, n * 0.04);
            const double took = cpu_now() - began;
            subjects[i].total += took;
            if (n > PICTURES && took < subjects[i].least)
                subjects[i].least = took;
        }
}

static void print(int frames, bool as_json)
{
    const struct subject *other = &subjects[SUBJECTS - 1];
    for (size_t i = 0; i < SUBJECTS; i++) {
        const struct subject *subject = &subjects[i];
        const double mean = subject->total / frames;
        if (as_json)
            printf("{\"analyzer\":\"%s\",\"least_ms\":%.4f,\"mean_ms\":%.4f,\"mog2_times\":%.2f}\n",
                   subject->name, subject->least * 1e3, mean * 1e3, other->least / subject->least);
        else
            printf("%-8s %7.3f ms at least, %7.3f ms on the mean, 1/%.1f of mog2\n", subject->name,
                   subject->least * 1e3, mean * 1e3, other->least / subject->least);
    }
}

int main(int argc, char **argv)
{
    static struct motion_config motion;
    static struct worker_config health;
    char problem[256];
    const bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    const int frames = argc > 1 + as_json ? atoi(argv[1 + as_json]) : FRAMES;
    draw();
    contender_ringside_config(&motion);
    mog2 = contender_mog2.create(NULL, WIDTH, HEIGHT);
    if (!mog2 || motion_detector_create(&detector, &motion, NULL) != 0 ||
        worker_config_parse(&health, worker_class_find("health"), NULL, problem, sizeof problem) !=
            0)
        return EXIT_FAILURE;
    /* A state of the class begins with its health_config. */
    examination.config = health.options;
    run(frames);
    print(frames, as_json);
    return EXIT_SUCCESS;
}
