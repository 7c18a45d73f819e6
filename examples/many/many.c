/*
 * One loop, several workers: they count primes, and whoever has an answer is heard
 * and gets the next piece of the work. One that dies is heard of in the same way,
 * and another gets its piece.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "workers/back.h"
#include "workers/group.h"

enum { COUNT = WORKER_USER, COUNTED };
enum { WORKERS = 4, PIECES = 100, PIECE = 10000 };

/* -- back ------------------------------------------------------------------------------------ */

static int is_prime(unsigned number)
{
    for (unsigned divisor = 2; divisor * divisor <= number; divisor++)
        if (number % divisor == 0)
            return 0;
    return number >= 2;
}

static int count__(struct worker_camera *worker, void *state, const struct worker_message *message,
                   int descriptor)
{
    int piece;
    unsigned count = 0;
    (void)state, (void)descriptor;
    if (message->header.type != COUNT || message->header.size != sizeof piece)
        return -EPROTO;
    memcpy(&piece, message->bytes, sizeof piece);
    for (unsigned i = 0; i < PIECE; i++)
        count += (unsigned)is_prime((unsigned)piece * PIECE + i);
    return worker_send__(worker, COUNTED, &count, sizeof count, -1);
}

static const struct worker_class counter = {
    .name = "counter",
    .summary = "counts primes",
    .message__ = count__,
};

/* -- front ----------------------------------------------------------------------------------- */

struct desk {
    struct worker *worker;
    int piece; /* it works on; NONE */
    bool dead;
};

enum { NONE = -1 };

static struct desk desks[WORKERS];
static enum { OPEN, ABROAD, DONE } pieces[PIECES];
static unsigned primes, done;

/* Every idle worker gets an open piece, as far as there are any. */
static int hand_out(void)
{
    int piece = 0, error = 0;
    for (struct desk *desk = desks; desk < desks + WORKERS && !error; desk++) {
        while (piece < PIECES && pieces[piece] != OPEN)
            piece++;
        if (desk->dead || desk->piece != NONE || piece == PIECES)
            continue;
        error = worker_send(desk->worker, COUNT, WORKER_NO_CAMERA, &piece, sizeof piece, -1);
        if (error == -EPIPE) { /* dead, as the group is about to tell */
            error = 0;
            continue;
        }
        desk->piece = piece;
        pieces[piece] = ABROAD;
    }
    return error;
}

static int hear(const struct worker_news *news)
{
    struct desk *desk = news->user;
    unsigned count = 0;
    const bool answer = news->message && news->message->header.type == COUNTED;
    if (answer) {
        memcpy(&count, news->message->bytes, sizeof count);
        done++;
        primes += count;
    }
    desk->dead = !news->message;
    if (answer || (desk->dead && desk->piece != NONE)) {
        pieces[desk->piece] = answer ? DONE : OPEN;
        desk->piece = NONE;
    }
    if (desk->dead)
        printf("worker %d died of signal %d\n", (int)(desk - desks), WTERMSIG(news->status));
    return hand_out();
}

static int count_all(struct worker_group *group)
{
    struct worker_news news;
    int error = hand_out();
    while (!error && done < PIECES) {
        error = worker_group_next(group, -1, &news);
        if (!error)
            error = hear(&news);
        if (done == PIECES / 2 && !desks[0].dead) /* an accident, to see that it does no harm */
            kill(worker_pid(desks[0].worker), SIGKILL);
    }
    return error; /* -ENOENT: nobody is left */
}

int main(void)
{
    const struct worker_config config = {.class_ = &counter};
    struct worker_group *group;
    int error = worker_group_create(&group);
    for (struct desk *desk = desks; desk < desks + WORKERS && !error; desk++) {
        desk->piece = NONE;
        error = worker_spawn(&desk->worker, &config);
        if (!error)
            error = worker_group_add(group, desk->worker, desk);
    }
    if (!error)
        error = count_all(group);
    for (struct desk *desk = desks; desk < desks + WORKERS; desk++)
        worker_destroy(&desk->worker, NULL); /* they are idle: there is nothing to stop */
    worker_group_destroy(&group);
    if (error)
        fprintf(stderr, "many: %s\n", strerror(-error));
    else
        printf("%u primes below %d\n", primes, PIECES * PIECE);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
