#include "workers/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "workers/group.h"
#include "workers/src/restart.h"
#include "workers/src/worker.h"

#define NEWS_PER_TURN 64

/* Room for one worker. */
struct place {
    enum { PLACE_EMPTY, PLACE_IDLE, PLACE_LENT, PLACE_RETURNING } state;
    struct worker *worker; /* NULL: empty */
    int64_t given_ns;      /* monotonic, when it was given back */
};

struct worker_pool {
    struct worker_config config; /* with options of its own */
    unsigned ready, most;
    struct worker_group *group; /* those that are not lent */
    struct place *places;       /* `most` of them */
    struct restart restart;
    uint64_t started, died;
};

static struct place *find(const struct worker_pool *pool, unsigned state)
{
    for (unsigned i = 0; i < pool->most; i++)
        if (pool->places[i].state == state)
            return &pool->places[i];
    return NULL;
}

static unsigned count(const struct worker_pool *pool, unsigned state)
{
    unsigned found = 0;
    for (unsigned i = 0; i < pool->most; i++)
        found += pool->places[i].state == state;
    return found;
}

/* -- one place ------------------------------------------------------------------------------- */

static void empty(struct place *place)
{
    worker_destroy(&place->worker, NULL); /* which takes it out of its group */
    place->state = PLACE_EMPTY;
}

static int start(struct worker_pool *pool, struct place *place)
{
    struct worker_config config = pool->config;
    config.index += (unsigned)(place - pool->places);
    int error = worker_spawn(&place->worker, &config);
    if (!error)
        error = worker_group_add(pool->group, place->worker, place);
    if (error) {
        empty(place);
        return error;
    }
    place->state = PLACE_IDLE;
    pool->started++;
    return 0;
}

static struct worker *lend(struct worker_pool *pool, struct place *place)
{
    worker_group_remove(pool->group, place->worker);
    place->state = PLACE_LENT;
    return place->worker;
}

/* Nobody has it. */
static void bury(struct worker_pool *pool, struct place *place)
{
    empty(place);
    pool->died++;
    const unsigned running = pool->most - count(pool, PLACE_EMPTY);
    if (running < pool->ready &&
        restart_after(&pool->restart, pool->config.restarts, worker_now_ns()) != RESTART_NEVER)
        start(pool, place);
}

/* -- coming back ----------------------------------------------------------------------------- */

/* It answers the ping when it has left all cameras: what comes before the answer was for
 * the last taker. */
static int call_back(struct worker_pool *pool, struct place *place)
{
    struct worker *worker = place->worker;
    place->state = PLACE_RETURNING;
    place->given_ns = worker_now_ns();
    if (worker->group)
        worker_group_remove(worker->group, worker);
    int error = worker_deactivate(worker, WORKER_NO_CAMERA);
    if (!error)
        error = worker_ping_send(worker);
    if (!error)
        error = worker_group_add(pool->group, worker, place);
    return error;
}

static void listen_to_returning(struct worker_pool *pool, struct place *place,
                                const struct worker_message *message)
{
    if (message->header.type == WORKER_PONG && message->ping.id == place->worker->pings)
        place->state = PLACE_IDLE;
    else if (message->header.type == WORKER_REFUSED && message->header.camera == WORKER_NO_CAMERA)
        bury(pool, place); /* a program that knows no such thing */
}

/* One piece of news; as worker_group_next. */
static int hear(struct worker_pool *pool, int64_t timeout_ns)
{
    struct worker_news news;
    int error = worker_group_next(pool->group, timeout_ns, &news);
    if (error)
        return error;
    struct place *place = news.user;
    if (news.descriptor >= 0)
        close(news.descriptor);
    if (!news.message)
        bury(pool, place);
    else if (place->state == PLACE_RETURNING)
        listen_to_returning(pool, place, news.message);
    return 0;
}

/* Kills those that have not come to rest in time, and returns when the next one is due;
 * INT64_MAX: none is. */
static int64_t kill_overdue(struct worker_pool *pool)
{
    const int64_t patience_ns = (int64_t)(pool->config.hang_timeout * 1e9);
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < pool->most && patience_ns > 0; i++) {
        struct place *place = &pool->places[i];
        if (place->state != PLACE_RETURNING)
            continue;
        const int64_t due = place->given_ns + patience_ns;
        if (due <= worker_now_ns())
            bury(pool, place);
        else
            next = due < next ? due : next;
    }
    return next;
}

/* -- life ------------------------------------------------------------------------------------ */

int worker_pool_create(struct worker_pool **out, const struct worker_pool_config *config)
{
    *out = NULL;
    if (config->most < 1 || config->ready > config->most)
        return -EINVAL;
    struct worker_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->ready = config->ready;
    pool->most = config->most;
    pool->places = calloc(config->most, sizeof *pool->places);
    int error = pool->places ? worker_config_copy(&pool->config, config->worker) : -ENOMEM;
    if (!error)
        error = worker_group_create(&pool->group);
    for (unsigned i = 0; i < config->ready && !error; i++)
        error = start(pool, &pool->places[i]);
    if (error)
        worker_pool_destroy(&pool);
    *out = pool;
    return error;
}

void worker_pool_destroy(struct worker_pool **pointer)
{
    struct worker_pool *pool = pointer ? *pointer : NULL;
    if (!pool)
        return;
    for (unsigned i = 0; pool->places && i < pool->most; i++)
        empty(&pool->places[i]);
    worker_group_destroy(&pool->group);
    worker_config_free(&pool->config);
    free(pool->places);
    free(pool);
    *pointer = NULL;
}

/* -- taking and giving ----------------------------------------------------------------------- */

/* An idle one, or a new one; -EAGAIN: there is neither. */
static int take_at_once(struct worker_pool *pool, struct worker **worker)
{
    struct place *place = find(pool, PLACE_IDLE);
    if (!place) {
        place = find(pool, PLACE_EMPTY);
        int error = place ? start(pool, place) : -EAGAIN;
        if (error)
            return error;
    }
    *worker = lend(pool, place);
    return 0;
}

int worker_pool_take(struct worker_pool *pool, int64_t timeout_ns, struct worker **worker)
{
    const int64_t now = worker_now_ns();
    int64_t until = INT64_MAX;
    if (timeout_ns >= 0 && __builtin_add_overflow(now, timeout_ns, &until))
        until = INT64_MAX;
    *worker = NULL;
    worker_pool_dispatch(pool);
    for (;;) {
        const int64_t due = kill_overdue(pool);
        int error = take_at_once(pool, worker);
        if (error != -EAGAIN || !find(pool, PLACE_RETURNING))
            return error;
        const int64_t first = due < until ? due : until;
        const int64_t left = first - worker_now_ns();
        error = hear(pool, first == INT64_MAX ? -1 : left > 0 ? left : 0);
        if (error == -ETIMEDOUT && until <= worker_now_ns())
            return error;
    }
}

int worker_pool_give(struct worker_pool *pool, struct worker **pointer)
{
    struct worker *worker = pointer ? *pointer : NULL;
    if (!worker)
        return 0;
    for (unsigned i = 0; i < pool->most; i++) {
        struct place *place = &pool->places[i];
        if (place->state != PLACE_LENT || place->worker != worker)
            continue;
        *pointer = NULL;
        if (call_back(pool, place) != 0) /* dead, or deaf */
            bury(pool, place);
        return 0;
    }
    return -ENOENT;
}

int worker_pool_fd(const struct worker_pool *pool)
{
    return worker_group_fd(pool->group);
}

void worker_pool_dispatch(struct worker_pool *pool)
{
    for (int i = 0; i < NEWS_PER_TURN && hear(pool, 0) == 0; i++)
        ;
}

void worker_pool_counts(const struct worker_pool *pool, struct worker_pool_counts *counts)
{
    *counts = (struct worker_pool_counts){
        .idle = count(pool, PLACE_IDLE),
        .lent = count(pool, PLACE_LENT),
        .returning = count(pool, PLACE_RETURNING),
        .started = pool->started,
        .died = pool->died,
    };
}
