/* What the hooks of a class get: pictures as it wants them, messages, and time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "tests/support/studio.h"
#include "workers/back.h"

enum { SEEN = WORKER_USER, IDLE, CLOSED, TEXT, FAIL };

/* -- pictures ---------------------------------------------------------------------------------- */

struct seen {
    enum frame_format format;
    int width, height;
    double pts;
    bool in_place;
    bool has_luma;
    uint8_t first, last; /* of the first row of the first plane */
};

/* Whether it points into memory shared with the ring's writer. */
static bool is_in_ring(const void *address)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    support_require(maps);
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long begin;
        unsigned long end;
        found = sscanf(line, "%lx-%lx", &begin, &end) == 2 && strstr(line, ".frames") &&
                begin <= (unsigned long)address && (unsigned long)address < end;
    }
    fclose(maps);
    return found;
}

static int tell_frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct frame_luma luma;
    (void)state;
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    seen.format = frame->info->format;
    seen.width = frame->width;
    seen.height = frame->height;
    seen.pts = frame_pts_seconds(&frame->descriptor);
    seen.in_place = is_in_ring(frame->planes[0]);
    seen.has_luma = frame_luma(frame, &luma) == 0;
    seen.first = frame->planes[0][0];
    seen.last = frame->planes[0][frame_row_bytes(frame, 0) - 1];
    return worker_send__(camera, SEEN, &seen, sizeof seen, -1);
}

static struct seen see(struct support_studio *studio)
{
    struct seen seen;
    const struct worker_message *message = support_worker_next(studio->worker, SEEN);
    support_require(message->header.size == sizeof seen);
    memcpy(&seen, message->bytes, sizeof seen);
    return seen;
}

/* One frame through a worker that wants such ones. */
static struct seen show_one(struct worker_wants wants, enum frame_format format, unsigned width,
                            unsigned height)
{
    const struct worker_class class_ = {.name = "probe", .wants = wants, .frame__ = tell_frame__};
    struct support_studio studio;
    struct worker *worker = support_worker(&class_, NULL);
    support_studio_open(&studio, worker, 1, 4);
    support_studio_show(&studio, format, width, height, 0);
    struct seen seen = see(&studio);
    support_worker_end(worker);
    support_studio_close(&studio);
    return seen;
}

static void check(struct seen seen, enum frame_format format, int width, int height, bool in_place)
{
    support_require(seen.format == format);
    support_require(seen.width == width);
    support_require(seen.height == height);
    support_require(seen.in_place == in_place);
}

IN_CHILD(wants, nothing_and_gets_what_there_is_in_place)
{
    const struct worker_wants wants = {0};
    check(show_one(wants, FRAME_FORMAT_YUV420P, 64, 48), FRAME_FORMAT_YUV420P, 64, 48, true);
    check(show_one(wants, FRAME_FORMAT_RGB24, 63, 47), FRAME_FORMAT_RGB24, 63, 47, true);
}

IN_CHILD(wants, luma_and_gets_it_in_place_where_there_is_one)
{
    const struct worker_wants wants = {.luma = true, .max_width = 64, .max_height = 64};
    static const enum frame_format formats[] = {FRAME_FORMAT_YUV420P, FRAME_FORMAT_NV12,
                                                FRAME_FORMAT_GRAY8, FRAME_FORMAT_YUV420P10LE,
                                                FRAME_FORMAT_YUYV422};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct seen seen = show_one(wants, formats[i], 64, 48);
        check(seen, formats[i], 64, 48, true);
        support_require(seen.has_luma);
    }
}

IN_CHILD(wants, luma_and_gets_gray_where_there_is_none)
{
    const struct worker_wants wants = {.luma = true};
    struct seen seen = show_one(wants, FRAME_FORMAT_RGB24, 64, 48);
    check(seen, FRAME_FORMAT_GRAY8, 64, 48, false);
    support_require(seen.has_luma);
    support_require(seen.first < seen.last); /* the ramp is still one */
    check(show_one(wants, FRAME_FORMAT_GRAY16BE, 64, 48), FRAME_FORMAT_GRAY8, 64, 48, false);
}

IN_CHILD(wants, luma_of_a_smaller_size_and_gets_gray)
{
    const struct worker_wants wants = {.luma = true, .max_width = 32};
    check(show_one(wants, FRAME_FORMAT_YUV420P, 64, 48), FRAME_FORMAT_GRAY8, 32, 24, false);
}

IN_CHILD(wants, a_format_and_gets_it)
{
    const struct worker_wants wants = {.format = FRAME_FORMAT_RGB24};
    check(show_one(wants, FRAME_FORMAT_YUV420P, 64, 48), FRAME_FORMAT_RGB24, 64, 48, false);
    check(show_one(wants, FRAME_FORMAT_RGB24, 64, 48), FRAME_FORMAT_RGB24, 64, 48, true);
}

IN_CHILD(wants, a_largest_size_and_gets_the_shape_kept)
{
    const struct worker_wants wants = {.max_width = 100, .max_height = 50};
    static const enum frame_format format = FRAME_FORMAT_YUV420P;
    check(show_one(wants, format, 200, 50), format, 100, 25, false);
    check(show_one(wants, format, 80, 100), format, 40, 50, false);
    check(show_one(wants, format, 100, 50), format, 100, 50, true);
    check(show_one(wants, format, 40, 30), format, 40, 30, true);
    check(show_one(wants, format, 2000, 2), format, 100, 1, false);
}

/* -- frames a second --------------------------------------------------------------------------- */

/* How many of `count` frames that are `step` apart a worker sees that wants `fps`; its options may
 * want less. */
static unsigned seen_of(unsigned count, int64_t step, int64_t first, double fps,
                        const char *options)
{
    const struct worker_class class_ = {
        .name = "probe", .wants = {.max_fps = fps}, .frame__ = tell_frame__};
    const struct worker_message *message;
    struct support_studio studio;
    unsigned seen = 0;
    struct worker *worker = support_worker(&class_, options);
    support_studio_open(&studio, worker, 1, 4);
    for (unsigned i = 0; i < count; i++)
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, first + i * step);
    support_studio_finish(&studio);
    do {
        message = support_worker_take(worker, NULL);
        seen += message->header.type == SEEN;
    } while (message->header.type != WORKER_DEACTIVATED);
    support_require(message->counts.received == count && message->counts.skipped == 0);
    support_worker_end(worker);
    support_studio_close(&studio);
    return seen;
}

IN_CHILD(fps, without_a_limit_is_all)
{
    support_require(seen_of(100, 40, 0, 0, NULL) == 100);
}

IN_CHILD(fps, above_the_stream_is_all)
{
    support_require(seen_of(100, 40, 12345, 25, NULL) == 100);
    support_require(seen_of(100, 40, 0, 26, NULL) == 100);
}

/* 4 seconds of video. */
IN_CHILD(fps, below_the_stream_is_as_many_as_wanted)
{
    support_require(seen_of(100, 40, 0, 10, NULL) == 40);
    support_require(seen_of(100, 40, -3000, 12.5, NULL) == 50);
    support_require(seen_of(100, 40, 0, 1, NULL) == 4);
}

IN_CHILD(fps, of_the_worker_itself_can_be_lower_and_not_higher)
{
    support_require(seen_of(100, 40, 0, 10, "fps=5") == 20);
    support_require(seen_of(100, 40, 0, 10, "fps=20") == 40);
    support_require(seen_of(100, 40, 0, 0, "fps=5") == 20);
}

IN_CHILD(fps, that_jump_are_counted_anew)
{
    support_require(seen_of(10, -5000, 0, 1, NULL) == 10);
    support_require(seen_of(10, 5000, 0, 1, NULL) == 10);
}

IN_CHILD(fps, does_not_count_frames_without_a_time)
{
    support_require(seen_of(10, 0, FRAME_NO_PTS, 1, NULL) == 10);
}

/* -- messages ---------------------------------------------------------------------------------- */

struct talk {
    unsigned count; /* messages to this state */
};

static int answer__(struct worker_camera *camera, void *state, const struct worker_message *message,
                    int descriptor)
{
    struct talk *talk = state;
    char text[WORKER_TEXT_MAX];
    if (message->header.type == FAIL)
        return -EBADMSG;
    int length = snprintf(text, sizeof text, "%s: %u: %.*s", worker_camera_name__(camera),
                          ++talk->count, (int)message->header.size, (const char *)message->bytes);
    return worker_send__(camera, TEXT, text, (size_t)length + 1, descriptor);
}

static void close__(struct worker_camera *camera, void *state)
{
    const struct talk *talk = state;
    worker_send__(camera, CLOSED, &talk->count, sizeof talk->count, -1);
}

static const struct worker_class talker = {
    .name = "talker", .state_size = sizeof(struct talk), .message__ = answer__, .close__ = close__};
static const struct worker_class silent = {.name = "silent"};

static void say(struct worker *worker, unsigned camera, const char *text)
{
    support_require(worker_send(worker, TEXT, camera, text, strlen(text), -1) == 0);
}

static void expect(struct worker *worker, unsigned camera, const char *text)
{
    const struct worker_message *message = support_worker_next(worker, TEXT);
    support_require(message->header.camera == camera);
    support_require(strcmp(message->text, text) == 0);
}

IN_CHILD(message, reaches_its_cameras_state_or_the_workers_own)
{
    struct support_studio one;
    struct support_studio two;
    struct worker *worker = support_worker(&talker, NULL);
    say(worker, WORKER_NO_CAMERA, "hello");
    expect(worker, WORKER_NO_CAMERA, ": 1: hello");
    support_studio_open(&one, worker, 1, 2);
    support_studio_open(&two, worker, 2, 2);
    say(worker, 2, "a");
    say(worker, 1, "b");
    say(worker, 2, "");
    say(worker, WORKER_NO_CAMERA, "d");
    expect(worker, 2, "camera 2: 1: a");
    expect(worker, 1, "camera 1: 1: b");
    expect(worker, 2, "camera 2: 2: ");
    expect(worker, WORKER_NO_CAMERA, ": 2: d");
    support_worker_end(worker);
    support_studio_close(&one);
    support_studio_close(&two);
}

static void expect_refused(struct worker *worker, unsigned camera, int error)
{
    const struct worker_message *message = support_worker_next(worker, WORKER_REFUSED);
    support_require(message->header.camera == camera);
    support_require(message->header.value == error);
    support_require(*message->text);
}

IN_CHILD(message, that_nobody_takes_is_refused)
{
    struct worker *worker = support_worker(&talker, NULL);
    say(worker, 7, "to a camera that is not active");
    expect_refused(worker, 7, -ENOENT);
    support_require(worker_deactivate(worker, 7) == 0);
    expect_refused(worker, 7, -ENOENT);
    support_worker_end(worker);
    worker = support_worker(&silent, NULL);
    say(worker, WORKER_NO_CAMERA, "to a class without the hook");
    expect_refused(worker, WORKER_NO_CAMERA, -ENOTSUP);
    support_require(worker_send(worker, WORKER_STOP, WORKER_NO_CAMERA, NULL, 0, -1) == -EINVAL);
    support_worker_end(worker);
}

IN_CHILD(message, whose_hook_fails_ends_that_camera_only)
{
    struct support_studio one;
    struct support_studio two;
    struct worker *worker = support_worker(&talker, NULL);
    support_studio_open(&one, worker, 1, 2);
    support_studio_open(&two, worker, 2, 2);
    support_require(worker_send(worker, FAIL, 1, NULL, 0, -1) == 0);
    support_require(support_worker_next(worker, WORKER_LOG)->header.camera == 1);
    support_require(support_worker_next(worker, CLOSED)->header.camera == 1);
    support_require(support_worker_next(worker, WORKER_DEACTIVATED)->header.value == -EBADMSG);
    say(worker, 2, "still there?");
    expect(worker, 2, "camera 2: 1: still there?");
    support_worker_end(worker);
    support_studio_close(&one);
    support_studio_close(&two);
}

/* What is sent comes back as a copy of the copy. */
IN_CHILD(message, takes_a_descriptor_along)
{
    int pipes[2];
    int descriptor;
    char byte = 0;
    struct worker *worker = support_worker(&talker, NULL);
    support_require(pipe(pipes) == 0);
    support_require(worker_send(worker, TEXT, WORKER_NO_CAMERA, NULL, 0, pipes[1]) == 0);
    support_worker_take(worker, &descriptor);
    support_require(descriptor >= 0 && descriptor != pipes[1]);
    close(pipes[1]);
    support_require(write(descriptor, "x", 1) == 1);
    close(descriptor);
    support_require(read(pipes[0], &byte, 1) == 1 && byte == 'x');
    support_require(read(pipes[0], &byte, 1) == 0); /* nobody else has it any more */
    support_worker_end(worker);
}

IN_CHILD(message, to_leave_is_answered_with_the_counts)
{
    struct support_studio studio;
    struct worker *worker = support_worker(&talker, NULL);
    support_studio_open(&studio, worker, 1, 4);
    support_require(worker_deactivate(worker, 1) == 0);
    support_worker_next(worker, CLOSED);
    const struct worker_message *left = support_worker_next(worker, WORKER_DEACTIVATED);
    support_require(left->header.value == 0 && left->header.camera == 1);
    support_studio_close(&studio);
    support_studio_open(&studio, worker, 1, 4); /* and it may come back */
    support_worker_end(worker);
    support_studio_close(&studio);
}

IN_CHILD(message, to_activate_twice_is_refused)
{
    struct support_studio studio;
    struct worker *worker = support_worker(&talker, NULL);
    support_studio_open(&studio, worker, 1, 4);
    support_require(worker_activate(worker, 1, "again", "nowhere") == 0);
    support_require(support_worker_next(worker, WORKER_ACTIVATED)->header.value == -EBUSY);
    support_worker_end(worker);
    support_studio_close(&studio);
}

/* -- time -------------------------------------------------------------------------------------- */

static int tell_idle__(struct worker_camera *camera, void *state)
{
    struct talk *talk = state;
    talk->count++;
    return worker_send__(camera, IDLE, &talk->count, sizeof talk->count, -1);
}

static const struct worker_class idler = {
    .name = "idler", .state_size = sizeof(struct talk), .idle_ms = 1, .idle__ = tell_idle__};

/* The answer to an activation may come between calls for the camera before. */
static void activate_beside(struct worker *worker, unsigned camera, const char *ring)
{
    unsigned type;
    support_require(worker_activate(worker, camera, "beside", ring) == 0);
    do
        type = support_worker_take(worker, NULL)->header.type;
    while (type == IDLE);
    support_require(type == WORKER_ACTIVATED);
}

IN_CHILD(idle, is_told_to_each_camera_again_and_again)
{
    struct support_studio studio;
    unsigned calls[3] = {0};
    struct worker *worker = support_worker(&idler, NULL);
    support_studio_open(&studio, worker, 1, 4);
    activate_beside(worker, 2, ring_name(studio.ring));
    while (calls[1] < 3 || calls[2] < 3) {
        const struct worker_message *message = support_worker_next(worker, IDLE);
        unsigned count;
        memcpy(&count, message->bytes, sizeof count);
        calls[message->header.camera] = count;
    }
    support_worker_end(worker);
    support_studio_close(&studio);
}

static int fail_idle__(struct worker_camera *camera, void *state)
{
    (void)camera;
    (void)state;
    return -ETIME;
}

IN_CHILD(idle, that_fails_ends_the_camera)
{
    static const struct worker_class class_ = {
        .name = "fails", .idle_ms = 1, .idle__ = fail_idle__};
    struct support_studio studio;
    struct worker *worker = support_worker(&class_, NULL);
    support_studio_open(&studio, worker, 1, 4);
    support_worker_next(worker, WORKER_LOG);
    support_require(support_worker_next(worker, WORKER_DEACTIVATED)->header.value == -ETIME);
    support_worker_end(worker);
    support_studio_close(&studio);
}
