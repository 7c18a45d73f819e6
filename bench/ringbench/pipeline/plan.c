#include "bench/ringbench/pipeline/plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMES_MIN 6     /* that a long clip is as long as a short one, at least */
#define PACED_READERS 4 /* together they are more to measure than one */
#define PACED_FRAMES 2  /* of a short clip: each takes a fifth of a second */
#define PACED_TIMES_MIN 2

/* -- making --------------------------------------------------------------------------------------
 */

static bool has_case(const struct pipeline_plan *plan, const struct job *job, const char *footage)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct job *other = &plan->cases[i].job;
        if (other->way == job->way && other->cameras == job->cameras &&
            other->readers == job->readers && other->pace == job->pace &&
            strcmp(plan->cases[i].footage, footage) == 0)
            return true;
    }
    return false;
}

static int add(struct pipeline_plan *plan, const struct job *job, const struct footage *footage)
{
    if (has_case(plan, job, footage->name))
        return 0;
    struct pipeline_case *cases = reallocarray(plan->cases, plan->count + 1, sizeof *cases);
    if (!cases)
        return -ENOMEM;
    plan->cases = cases;
    cases[plan->count++] = (struct pipeline_case){
        .job = *job,
        .brief = &footage->base,
        .footage = footage->name,
    };
    return 0;
}

/* So many workers: those ways that have readers, and without any those that only decode, and
 * ours. */
static bool makes_sense(const struct way *way, unsigned readers)
{
    if (way->paced && way->kind == BENCH_LIMIT)
        return false;
    return readers ? way->readers : !way->readers || way->kind == BENCH_OURS;
}

/* All that do this with so many cameras and readers. Of many cameras only the limit tells what
 * decoding alone takes. */
static int add_group(struct pipeline_plan *plan, const struct pipeline_options *options,
                     struct footage *footage, unsigned cameras, unsigned readers)
{
    int error = 0;
    const double wanted = options->seconds / footage->base.seconds / cameras;
    const unsigned times = wanted < TIMES_MIN ? TIMES_MIN : (unsigned)ceil(wanted);
    const struct clip *clip = footage_repeated(footage, times, &error);
    for (unsigned i = 0; i < options->way_count && !error; i++) {
        const struct job job = {.way = options->ways[i],
                                .clip = clip,
                                .cameras = cameras,
                                .readers = readers,
                                .threads = options->threads};
        if (makes_sense(job.way, readers) &&
            (cameras == 1 || readers || job.way->kind == BENCH_LIMIT))
            error = add(plan, &job, footage);
    }
    return error;
}

static int add_paced_case(struct pipeline_plan *plan, const struct pipeline_options *options,
                          const struct way *way, unsigned cameras, unsigned readers)
{
    struct footage *footage = &plan->footages[plan->footage_count - 1];
    int error = 0;
    const double wanted = options->pace_seconds * PACED_FPS / footage->base.frames;
    const unsigned times = wanted < PACED_TIMES_MIN ? PACED_TIMES_MIN : (unsigned)ceil(wanted);
    const struct clip *clip = footage_repeated(footage, times, &error);
    const struct job job = {.way = way,
                            .clip = clip,
                            .cameras = cameras,
                            .readers = readers,
                            .threads = options->threads,
                            .pace = true};
    return error ? error : add(plan, &job, footage);
}

/* One camera and several workers, beside bare wake-ups; and ours with as many cameras as there
 * are to be, and one worker. */
static int add_paced(struct pipeline_plan *plan, const struct pipeline_options *options)
{
    if (options->pace_seconds == 0)
        return 0;
    int error = footage_make(&plan->footages[plan->footage_count], "5fps", PACED_FRAMES);
    plan->footage_count += !error;
    for (unsigned i = 0; i < options->way_count && !error; i++)
        if (options->ways[i]->paced)
            error = add_paced_case(plan, options, options->ways[i], 1, PACED_READERS);
    const unsigned most = options->cameras[options->camera_count - 1];
    for (unsigned i = 0; i < options->way_count && !error; i++)
        if (options->ways[i]->kind == BENCH_OURS)
            error = add_paced_case(plan, options, options->ways[i], most, 1);
    return error;
}

static int make_footages(struct pipeline_plan *plan, const struct pipeline_options *options)
{
    if (options->clip) {
        plan->footage_count = 1;
        return footage_cut(plan->footages, options->clip, options->frames);
    }
    for (unsigned i = 0; i < options->scene_count; i++) {
        int error = footage_make(&plan->footages[i], options->scenes[i], options->frames);
        if (error)
            return error;
        plan->footage_count++;
    }
    return 0;
}

static int add_all(struct pipeline_plan *plan, const struct pipeline_options *options)
{
    int error = 0;
    const unsigned count = plan->footage_count;
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < options->worker_count && !error; j++)
            error = add_group(plan, options, &plan->footages[i], 1, options->workers[j]);
    for (unsigned i = 0; i < options->camera_count; i++)
        for (unsigned readers = 0; readers <= 1 && !error; readers++)
            error =
                add_group(plan, options, &plan->footages[count - 1], options->cameras[i], readers);
    return error ? error : add_paced(plan, options);
}

int pipeline_plan_make(struct pipeline_plan *plan, const struct pipeline_options *options)
{
    *plan = (struct pipeline_plan){0};
    int error = make_footages(plan, options);
    return error ? error : add_all(plan, options);
}

/* -- running -------------------------------------------------------------------------------------
 */

static unsigned run_all(struct pipeline_plan *plan, const struct pipeline_options *options,
                        unsigned run)
{
    const bool terminal = isatty(STDERR_FILENO);
    unsigned failed = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        struct pipeline_case *item = &plan->cases[i];
        const struct job *job = &item->job;
        if (terminal)
            fprintf(stderr, "\rrun %u of %u, case %u of %u: %s %-12s\033[K", run + 1, options->runs,
                    i + 1, plan->count, item->footage, job->way->name);
        int error = pipeline_case_run(item);
        if (error) {
            fprintf(stderr, "%sringbench: %s, %s, %u cameras, %u readers: %s\n",
                    terminal ? "\r\033[K" : "", job->way->name, item->footage, job->cameras,
                    job->readers, strerror(-error));
            failed++;
        }
    }
    return failed;
}

unsigned pipeline_plan_run(struct pipeline_plan *plan, const struct pipeline_options *options)
{
    unsigned failed = 0;
    for (unsigned run = 0; run < options->runs; run++)
        failed += run_all(plan, options, run);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    for (unsigned i = 0; i < plan->count; i++)
        pipeline_case_sum_up(&plan->cases[i]);
    return failed;
}

const struct pipeline_case *pipeline_plan_find(const struct pipeline_plan *plan, const char *way,
                                               const char *footage, unsigned cameras,
                                               unsigned readers, bool pace)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct pipeline_case *item = &plan->cases[i];
        const struct job *job = &item->job;
        if (!item->error && strcmp(job->way->name, way) == 0 &&
            strcmp(item->footage, footage) == 0 && job->cameras == cameras &&
            job->readers == readers && job->pace == pace)
            return item;
    }
    return NULL;
}

void pipeline_plan_finish(struct pipeline_plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++)
        pipeline_case_finish(&plan->cases[i]);
    for (unsigned i = 0; i < plan->footage_count; i++)
        footage_close(&plan->footages[i]);
    free(plan->cases);
    *plan = (struct pipeline_plan){0};
}
