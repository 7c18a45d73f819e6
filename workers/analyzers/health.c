/*
 * health: tells when a camera's picture is not as it should be, and when it is again. What
 * is looked at, and how: health/examination.h.
 */
#include <math.h>

#include "workers/analyzers/health/condition.h"
#include "workers/analyzers/health/examination.h"
#include "workers/analyzers/vision/clock.h"
#include "workers/back.h"

#define IDLE_MS 500
#define RATE_SHARE 0.1    /* of a new distance between frames taken over each frame */
#define ACCEPT_SECONDS 60 /* until what the camera was turned to is what it looks at */

static const char *const names[HEALTH_KINDS] = {
    [HEALTH_BLACK] = "black",     [HEALTH_DARK] = "underexposed", [HEALTH_BRIGHT] = "overexposed",
    [HEALTH_BLURRED] = "blurred", [HEALTH_FROZEN] = "frozen",     [HEALTH_COVERED] = "covered",
    [HEALTH_MOVED] = "moved",     [HEALTH_SLOW] = "low_fps",
};

struct health {
    struct health_config config;
    struct health_examination examination;
    struct vision_clock clock;
    struct health_condition conditions[HEALTH_KINDS];
    double apart; /* seconds, usually, between two frames */
    double idle;  /* seconds without a frame, by the wall clock */
};

static int tell(struct worker_camera *camera, const struct health *health, enum health_kind kind,
                const char *state)
{
    const double now = health->clock.now + health->idle;
    return worker_event__(camera, "health", "{s:s, s:s, s:f, s:o}", "state", state, "condition",
                          names[kind], "value", health->examination.value[kind], "duration",
                          worker_seconds__(fmax(now - health->conditions[kind].began, 0)));
}

static int see(struct worker_camera *camera, struct health *health, enum health_kind kind)
{
    const struct health_config *config = &health->config;
    const double seconds = kind == HEALTH_FROZEN ? config->frozen_seconds
                           : kind == HEALTH_SLOW ? 0
                                                 : config->seconds;
    switch (health_condition_see(&health->conditions[kind], health->examination.wrong[kind],
                                 health->clock.now + health->idle, seconds)) {
    case HEALTH_STARTED:
        return tell(camera, health, kind, "start");
    case HEALTH_STOPPED:
        return tell(camera, health, kind, "stop");
    default:
        return 0;
    }
}

/* The rate is that of the frames that came lately. */
static void look_at_rate(struct health *health, double passed)
{
    struct health_examination *examination = &health->examination;
    const double least = health->config.min_fps;
    if (passed > 0 && health->apart > 0)
        health->apart += (passed - health->apart) * RATE_SHARE;
    else if (passed > 0)
        health->apart = passed;
    const double fps = health->apart > 0 ? 1 / health->apart : 0;
    examination->value[HEALTH_SLOW] = fps;
    examination->wrong[HEALTH_SLOW] = least > 0 && fps > 0 && fps < least;
}

/* A camera that was turned stays so: after a while that is how it is. */
static void accept_view(struct health *health)
{
    const struct health_condition *moved = &health->conditions[HEALTH_MOVED];
    if (moved->ill && health->clock.now - moved->began >= ACCEPT_SECONDS)
        health_examination_accept(&health->examination);
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct health *health = state;
    if (frame->descriptor.flags & FRAME_FLAG_CORRUPT)
        return 0;
    const double passed =
        vision_clock_advance(&health->clock, frame_pts_seconds(&frame->descriptor));
    health->idle = 0;
    health->examination.config = &health->config;
    int error = health_examine(&health->examination, frame, passed);
    look_at_rate(health, passed);
    for (int kind = 0; kind < HEALTH_KINDS && !error; kind++)
        error = see(camera, health, kind);
    accept_view(health);
    return error;
}

static int idle__(struct worker_camera *camera, void *state)
{
    struct health *health = state;
    const double most = health->config.stall_seconds;
    health->idle += IDLE_MS / 1000.0;
    if (most <= 0 || health->idle < most)
        return 0;
    health->examination.wrong[HEALTH_SLOW] = true;
    health->examination.value[HEALTH_SLOW] = 0;
    return see(camera, health, HEALTH_SLOW);
}

static void close__(struct worker_camera *camera, void *state)
{
    struct health *health = state;
    for (int kind = 0; kind < HEALTH_KINDS; kind++)
        if (health->conditions[kind].ill)
            tell(camera, health, kind, "stop");
    health_examination_fini(&health->examination);
}

#define REAL(name, from, to, by_default, text)                                                     \
    {                                                                                              \
        .key = #name, .type = WORKER_OPTION_REAL, .offset = offsetof(struct health, config.name),  \
        .initial = (by_default), .minimum = (from), .maximum = (to), .help = (text)                \
    }

static const struct worker_option options[] = {
    REAL(seconds, 0, 3600, 2, "seconds that something is wrong, or right again, until it is told"),
    REAL(frozen_seconds, 0, 3600, 10, "likewise, of a picture that stands still"),
    REAL(black, 0, 255, 24, "black: mean level, of 0 to 255, below which the picture is"),
    REAL(dark, 0, 100, 85, "underexposed: percent of the picture that is as good as black"),
    REAL(bright, 0, 100, 50, "overexposed: percent of the picture that is as good as white"),
    REAL(blur, 0, 1, 0.12, "blurred: sharpness, of 0 to 1, below which the picture is"),
    REAL(frozen, 0, 255, 0.02, "frozen: mean difference, in levels, of frames that are the same"),
    REAL(covered, 0, 100, 30, "covered: percent of its usual contrast, below which the picture is"),
    REAL(moved, 0, 100, 40, "moved: percent of likeness to how it was, below which the picture is"),
    REAL(learn_seconds, 0.1, 86400, 60, "seconds in which it learns how the picture is"),
    REAL(min_fps, 0, 1000, 1, "low_fps: frames a second, by their times, that are too few"),
    REAL(stall_seconds, 0, 86400, 10, "low_fps: seconds without any frame; 0: any"),
    {.key = NULL},
};

extern const struct worker_class worker_health;
const struct worker_class worker_health = {
    .name = "health",
    .summary = "tells when a camera is black, frozen, blurred, moved or the like",
    .state_size = sizeof(struct health),
    .options = options,
    .wants = {.luma = true},
    .idle_ms = IDLE_MS,
    .frame__ = frame__,
    .idle__ = idle__,
    .close__ = close__,
};
