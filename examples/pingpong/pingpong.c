/*
 * Ping and pong, the smallest worker there is: its class has one hook, which runs on
 * the other side of the fork and gives back what comes. main() is the front's side.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/back.h"
#include "workers/front.h"

enum { PING = WORKER_USER, PONG };

/* -- back ------------------------------------------------------------------------------------ */

static int message__(struct worker_camera *worker, void *state,
                     const struct worker_message *message, int descriptor)
{
    (void)state, (void)descriptor;
    if (message->header.type != PING)
        return -ENOTSUP;
    return worker_send__(worker, PONG, message->bytes, message->header.size, -1);
}

static const struct worker_class echo = {
    .name = "echo",
    .summary = "says pong to every ping",
    .message__ = message__,
};

/* -- front ----------------------------------------------------------------------------------- */

static int await_pong(struct worker *worker)
{
    static struct worker_message message;
    struct pollfd control = {.fd = worker_fd(worker), .events = POLLIN};
    int error;
    while ((error = worker_recv(worker, &message, NULL)) == -EAGAIN)
        poll(&control, 1, -1);
    if (error)
        return error; /* -EPIPE: it has died */
    printf("%s: %s\n", message.header.type == PONG ? "pong" : "and what is this?", message.text);
    return 0;
}

static int play(struct worker *worker)
{
    int64_t round_trip_ns;
    char text[32];
    int error = worker_ping(worker, 1000000000, &round_trip_ns); /* does it live? */
    for (int i = 0; i < 3 && !error; i++) {
        snprintf(text, sizeof text, "ball %d", i);
        error = worker_send(worker, PING, WORKER_NO_CAMERA, text, strlen(text) + 1, -1);
        if (!error)
            error = await_pong(worker);
    }
    return error ? error : worker_stop(worker);
}

int main(void)
{
    const struct worker_config config = {.class_ = &echo};
    struct worker *worker;
    int error = worker_spawn(&worker, &config);
    if (!error)
        error = play(worker);
    if (!error)
        error = worker_join(worker, -1, NULL);
    worker_destroy(&worker, NULL);
    if (error)
        fprintf(stderr, "pingpong: %s\n", strerror(-error));
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
