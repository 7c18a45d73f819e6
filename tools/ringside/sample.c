#include "tools/ringside/sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* -- rings --------------------------------------------------------------------------------------
 */

static double rate(uint64_t now, uint64_t before, double seconds)
{
    return seconds > 0 && now >= before ? (double)(now - before) / seconds : 0;
}

static void look_at_reader(struct sample *sample, struct sample_reader *reader,
                           const struct ring_reader_info *now, double seconds)
{
    const bool same = reader->info.attached && reader->info.pid == now->pid;
    reader->restarts += reader->info.pid && now->attached && reader->info.pid != now->pid;
    reader->fps = same && now->attached ? rate(now->received, reader->info.received, seconds) : 0;
    reader->info = *now;
    reader->process = process_look(&sample->processes, now->attached && now->alive ? now->pid : 0);
}

static void remember(float history[SAMPLE_HISTORY], double value)
{
    memmove(history, history + 1, (SAMPLE_HISTORY - 1) * sizeof *history);
    history[SAMPLE_HISTORY - 1] = (float)value;
}

static void look_at_ring(struct sample *sample, struct sample_ring *ring,
                         const struct ring_info *now)
{
    const double seconds = ring->looks ? sample->seconds : 0;
    ring->fps = rate(now->published, ring->info.published, seconds);
    ring->restarts += ring->last_writer && now->writer && ring->last_writer != now->writer;
    ring->last_writer = now->writer ? now->writer : ring->last_writer;
    ring->worst_lag = 0;
    for (unsigned place = 0; place < RING_READERS_MAX; place++) {
        const struct ring_reader_info *reader = &now->reader[place];
        look_at_reader(sample, &ring->reader[place], reader, seconds);
        if (reader->attached && (double)reader->lag > ring->worst_lag)
            ring->worst_lag = (double)reader->lag;
    }
    ring->writer = process_look(&sample->processes, now->writer);
    ring->info = *now;
    ring->looks++;
    remember(ring->fps_history, ring->fps);
    remember(ring->lag_history, ring->worst_lag);
}

/* -- the sample ---------------------------------------------------------------------------------
 */

struct look {
    struct sample *sample;
    bool (*wanted)(void *user, const char *ring);
    void *user;
};

static struct sample_ring *find(const struct sample *sample, const char *name)
{
    for (unsigned i = 0; i < sample->count; i++)
        if (strcmp(sample->rings[i]->name, name) == 0)
            return sample->rings[i];
    return NULL;
}

static struct sample_ring *add(struct sample *sample, const char *name)
{
    struct sample_ring **rings =
        reallocarray(sample->rings, sample->count + 1, sizeof(struct sample_ring *));
    if (rings)
        sample->rings = rings;
    struct sample_ring *ring = rings ? calloc(1, sizeof *ring) : NULL;
    if (!ring)
        return NULL;
    snprintf(ring->name, sizeof ring->name, "%s", name);
    sample->rings[sample->count++] = ring;
    return ring;
}

static int look_at(void *user, const char *name)
{
    const struct look *look = user;
    struct ring_info info;
    if (look->wanted && !look->wanted(look->user, name))
        return 0;
    if (ring_inspect_name(name, &info) != 0 || info.stale)
        return 0;
    struct sample_ring *ring = find(look->sample, name);
    if (!ring)
        ring = add(look->sample, name);
    if (!ring)
        return -ENOMEM;
    ring->last_look = look->sample->looks;
    look_at_ring(look->sample, ring, &info);
    return 0;
}

static void drop_those_gone(struct sample *sample)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < sample->count; i++) {
        if (sample->rings[i]->last_look == sample->looks)
            sample->rings[kept++] = sample->rings[i];
        else
            free(sample->rings[i]);
    }
    sample->count = kept;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct sample_ring *const *)a)->name, (*(struct sample_ring *const *)b)->name);
}

int sample_take(struct sample *sample, bool (*wanted)(void *user, const char *ring), void *user)
{
    const int64_t now = now_ns();
    sample->seconds = sample->taken_ns ? (double)(now - sample->taken_ns) / 1e9 : 0;
    sample->taken_ns = now;
    sample->looks++;
    process_begin(&sample->processes, sample->seconds);
    int error = ring_list(look_at, &(struct look){sample, wanted, user});
    if (!error) {
        drop_those_gone(sample);
        process_forget(&sample->processes);
    }
    if (sample->count)
        qsort(sample->rings, sample->count, sizeof(struct sample_ring *), by_name);
    return error;
}

void sample_free(struct sample *sample)
{
    for (unsigned i = 0; i < sample->count; i++)
        free(sample->rings[i]);
    free(sample->rings);
    process_free(&sample->processes);
    *sample = (struct sample){0};
}
