/* Front and back in loops of libuv. */
#include <errno.h>
#include <uv.h>

#include "examples/loops/duet.h"

static void on_work__(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    if (worker_back_dispatch__(handle->data) == -ESHUTDOWN)
        uv_poll_stop(handle);
}

static void on_news(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    if (!duet_hear(handle->data))
        uv_poll_stop(handle);
}

/* Until the callback stops it, and nothing is left for the loop to wait for. */
static void run(int fd, uv_poll_cb callback, void *data)
{
    uv_loop_t loop;
    uv_poll_t handle = {.data = data};
    uv_loop_init(&loop);
    uv_poll_init(&loop, &handle, fd);
    uv_poll_start(&handle, UV_READABLE, callback);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&handle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

void loop_back__(struct worker_back *back)
{
    run(worker_back_fd__(back), on_work__, back);
}

void loop_front(struct worker_group *group)
{
    run(worker_group_fd(group), on_news, group);
}
