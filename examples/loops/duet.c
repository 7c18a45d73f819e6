#include "examples/loops/duet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = WORKER_USER };
enum { WORKERS = 3, LAST = 100 };

/* -- back ------------------------------------------------------------------------------------ */

static int message__(struct worker_camera *worker, void *state,
                     const struct worker_message *message, int descriptor)
{
    int number;
    (void)state, (void)descriptor;
    if (message->header.type != NUMBER || message->header.size != sizeof number)
        return -EPROTO;
    memcpy(&number, message->bytes, sizeof number);
    number++;
    return worker_send__(worker, NUMBER, &number, sizeof number, -1);
}

static const struct worker_class voice = {
    .name = "voice",
    .summary = "says the next number",
    .message__ = message__,
    .loop__ = loop_back__,
};

/* -- front ----------------------------------------------------------------------------------- */

static int numbers_heard, voices_ended;

static int answer(struct worker *worker, int number)
{
    number++;
    return number < LAST ? worker_send(worker, NUMBER, WORKER_NO_CAMERA, &number, sizeof number, -1)
                         : worker_stop(worker);
}

bool duet_hear(struct worker_group *group)
{
    struct worker_news news;
    int number, error;
    while ((error = worker_group_next(group, 0, &news)) == 0) {
        if (!news.message) {
            voices_ended += news.status == 0;
        } else if (news.message->header.type == NUMBER) {
            memcpy(&number, news.message->bytes, sizeof number);
            numbers_heard++;
            answer(news.worker, number);
        }
    }
    return error != -ENOENT; /* somebody is left */
}

int main(void)
{
    struct worker_config config = {.class_ = &voice};
    struct worker *workers[WORKERS] = {NULL};
    struct worker_group *group;
    int error = worker_group_create(&group);
    for (; config.index < WORKERS && !error; config.index++) {
        struct worker **worker = &workers[config.index];
        error = worker_spawn(worker, &config);
        if (!error)
            error = worker_group_add(group, *worker, NULL);
        if (!error)
            error = answer(*worker, 0);
    }
    if (!error) /* after the forks: what a loop has made is not for children */
        loop_front(group);
    for (int i = 0; i < WORKERS; i++)
        worker_destroy(&workers[i], NULL);
    worker_group_destroy(&group);
    printf("%d numbers, %d voices\n", numbers_heard, voices_ended);
    return error || voices_ended != WORKERS ? EXIT_FAILURE : EXIT_SUCCESS;
}
