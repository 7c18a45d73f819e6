/* The back in a loop that is not its own: whatever there is to do, its descriptor tells. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "tests/support/in_child.h"
#include "tests/support/require.h"
#include "tests/support/studio.h"
#include "workers/back.h"

enum { FRAME = WORKER_USER, IDLE, TEXT };

/* Dispatches once for each time that the descriptor is readable, and never otherwise. */
static void strict_loop__(struct worker_back *back)
{
    struct pollfd work = {.fd = worker_back_fd__(back), .events = POLLIN};
    support_require(work.fd >= 0);
    do
        support_require(poll(&work, 1, -1) == 1);
    while (worker_back_dispatch__(back) != -ESHUTDOWN);
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    const int64_t pts = frame->descriptor.pts;
    (void)state;
    return worker_send__(camera, FRAME, &pts, sizeof pts, -1);
}

static int idle__(struct worker_camera *camera, void *state)
{
    (void)state;
    return worker_send__(camera, IDLE, NULL, 0, -1);
}

static int message__(struct worker_camera *camera, void *state,
                     const struct worker_message *message, int descriptor)
{
    (void)state;
    (void)descriptor;
    return worker_send__(camera, TEXT, message->bytes, message->header.size, -1);
}

static const struct worker_class hosted = {
    .name = "hosted",
    .frame__ = frame__,
    .message__ = message__,
    .loop__ = strict_loop__,
};

static void require_frame(struct worker *worker, int64_t pts)
{
    int64_t seen;
    memcpy(&seen, support_worker_next(worker, FRAME)->bytes, sizeof seen);
    support_require(seen == pts);
}

IN_CHILD(loop, is_woken_by_messages)
{
    struct worker *worker = support_worker(&hosted, NULL);
    for (int i = 0; i < 50; i++) {
        support_require(worker_send(worker, TEXT, WORKER_NO_CAMERA, "x", 2, -1) == 0);
        support_worker_next(worker, TEXT);
    }
    for (int i = 0; i < 50; i++) /* and by those that wait for their turn */
        support_require(worker_send(worker, TEXT, WORKER_NO_CAMERA, "x", 2, -1) == 0);
    for (int i = 0; i < 50; i++)
        support_worker_next(worker, TEXT);
    support_require(worker_ping(worker, INT64_MAX, NULL) == 0);
    support_worker_end(worker);
}

IN_CHILD(loop, is_woken_by_frames)
{
    enum { FRAMES = 60, AT_ONCE = 30 };
    struct support_studio studio;
    struct worker *worker = support_worker(&hosted, NULL);
    support_studio_open(&studio, worker, 1, AT_ONCE + 2);
    for (int i = 0; i < FRAMES; i++) {
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, i);
        require_frame(worker, i);
    }
    for (int i = 0; i < AT_ONCE; i++)
        support_studio_show(&studio, FRAME_FORMAT_GRAY8, 16, 16, i);
    for (int i = 0; i < AT_ONCE; i++)
        require_frame(worker, i);
    support_studio_finish(&studio);
    const struct worker_message *left = support_worker_next(worker, WORKER_DEACTIVATED);
    support_require(left->header.value == 0);
    support_require(left->counts.received == FRAMES + AT_ONCE);
    support_worker_end(worker);
    support_studio_close(&studio);
}

IN_CHILD(loop, is_woken_by_time)
{
    struct worker_class class_ = hosted;
    struct support_studio studio;
    class_.idle_ms = 1;
    class_.idle__ = idle__;
    struct worker *worker = support_worker(&class_, NULL);
    support_studio_open(&studio, worker, 1, 4);
    for (int i = 0; i < 5; i++)
        support_worker_next(worker, IDLE);
    support_worker_end(worker);
    support_studio_close(&studio);
}
