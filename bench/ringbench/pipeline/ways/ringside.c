/*
 * Ringside itself: a supervisor, a confined decoder for each camera, and workers that
 * each see all cameras, as `ringside run` has them. The workers' class is one of ours, that
 * notes what it sees.
 *
 * When a frame was published it carries itself: the linker leads calls of output_publish, by
 * which the decoder hands a frame over, through here (--wrap), where it gets the monotonic time
 * in place of the wall clock, which nobody else looks at.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/clock.h"
#include "bench/ringbench/pipeline/stage.h"
#include "workers/back.h"
#include "workers/decoder/output.h"
#include "workers/supervisor.h"

/* -- publishing ----------------------------------------------------------------------------------
 */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names. */
int __real_output_publish(struct output *output, const AVFrame *frame,
                          const struct output_facts *facts);
int __wrap_output_publish(struct output *output, const AVFrame *frame,
                          const struct output_facts *facts);

int __wrap_output_publish(struct output *output, const AVFrame *frame,
                          const struct output_facts *facts)
{
    struct output_facts stamped = *facts;
    stamped.wall_clock_ns = (int64_t)bench_now_ns();
    return __real_output_publish(output, frame, &stamped);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* -- the worker ----------------------------------------------------------------------------------
 */

struct probe {
    struct stage *stage;
    unsigned reader;
    struct stage_note *note;
};

static int open__(struct worker_camera *camera, void *state)
{
    struct probe *probe = state;
    const unsigned number = (unsigned)strtoul(worker_camera_name__(camera), NULL, 10);
    probe->note = stage_note(probe->stage, number, probe->reader);
    return 0;
}

static void see(struct stage_note *note, const struct frame *frame)
{
    const struct digest_picture picture = {
        .planes = {frame->planes[0], frame->planes[1], frame->planes[2]},
        .strides = {frame->strides[0], frame->strides[1], frame->strides[2]},
        .width = frame->width,
        .height = frame->height,
    };
    stage_see(note, &picture, (uint64_t)frame->descriptor.wall_clock_ns);
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    const struct probe *probe = state;
    struct stage_note *note = probe->note;
    (void)camera;
    if (!probe->stage->job.pace) { /* to ask for processor time is a system call */
        see(note, frame);
        return 0;
    }
    const uint64_t began = bench_cpu_ns();
    see(note, frame);
    note->last_cpu_ns = began;
    if (note->frames == 1)
        note->first_cpu_ns = began;
    note->work_ns += note->frames < probe->stage->job.clip->frames ? bench_cpu_ns() - began : 0;
    return 0;
}

static const struct worker_class probe_class = {
    .name = "probe",
    .summary = "notes what it sees",
    .state_size = sizeof(struct probe),
    .open__ = open__,
    .frame__ = frame__,
};

/* -- the supervisor ------------------------------------------------------------------------------
 */

struct watch {
    struct stage *stage;
    unsigned ended; /* cameras */
    int error;
};

/* The summary of a camera: all is to be there, and nothing copied that need not be. */
static void on_event(void *user, const char *line)
{
    struct watch *watch = user;
    json_t *event = json_loads(line, 0, NULL);
    const char *type = json_string_value(json_object_get(event, "type"));
    if (type && strcmp(type, "summary") == 0) {
        const char *outcome = json_string_value(json_object_get(event, "outcome"));
        const uint64_t frames = (uint64_t)json_integer_value(json_object_get(event, "published"));
        watch->ended++;
        if (!outcome || strcmp(outcome, "complete") != 0)
            watch->error = -EBADMSG;
        if (watch->stage->job.readers == 0) { /* nobody else counts */
            const char *camera = json_string_value(json_object_get(event, "camera"));
            const unsigned number = camera ? (unsigned)strtoul(camera, NULL, 10) : 0;
            stage_note(watch->stage, number, 0)->frames = frames;
        }
    }
    json_decref(event);
}

static void on_log(void *user, enum worker_log_level level, const char *camera, const char *text)
{
    (void)user;
    if (level == WORKER_ERROR)
        fprintf(stderr, "ringbench: ringside, camera %s: %s\n", camera ? camera : "-", text);
}

static int run(struct watch *watch, const struct supervisor_config *config)
{
    struct supervisor *supervisor;
    int error = supervisor_create(&supervisor, config);
    if (error)
        return error;
    while (!supervisor_finished(supervisor)) {
        struct pollfd fd = {.fd = supervisor_fd(supervisor), .events = POLLIN};
        poll(&fd, 1, -1);
        supervisor_dispatch(supervisor);
    }
    if (supervisor_outcome(supervisor) != SUPERVISOR_COMPLETE ||
        watch->ended != watch->stage->job.cameras)
        watch->error = -EBADMSG;
    supervisor_destroy(&supervisor);
    return watch->error;
}

static int supervise(const struct cast_part *part)
{
    struct stage *stage = part->stage;
    const struct job *job = &stage->job;
    struct watch watch = {.stage = stage};
    struct supervisor_camera cameras[CAMERAS_MAX];
    struct worker_config workers[PIPELINE_READERS_MAX] = {0};
    struct probe probes[PIPELINE_READERS_MAX];
    char names[CAMERAS_MAX][16];
    for (unsigned i = 0; i < job->cameras; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        cameras[i] = (struct supervisor_camera){
            .name = names[i],
            .input = job->clip->path,
            .threads = job->threads,
            .pace = job->pace,
            .plays = 1,
        };
    }
    for (unsigned i = 0; i < job->readers; i++) {
        probes[i] = (struct probe){.stage = stage, .reader = i};
        workers[i] =
            (struct worker_config){.class_ = &probe_class, .index = i, .options = &probes[i]};
    }
    const struct supervisor_config config = {
        .cameras = cameras,
        .camera_count = job->cameras,
        .workers = workers,
        .worker_count = job->readers,
        .user = &watch,
        .event = on_event,
        .log = on_log,
    };
    return run(&watch, &config);
}

static int start(struct stage *stage, struct cast *cast)
{
    return cast_start(cast, supervise, &(struct cast_part){.stage = stage});
}

extern const struct way way_ringside;
const struct way way_ringside = {
    .name = "ringside",
    .summary = "ringside run: a confined decoder, and workers on its ring",
    .kind = BENCH_OURS,
    .readers = true,
    .base = "decode",
    .paced = true,
    .start = start,
};
