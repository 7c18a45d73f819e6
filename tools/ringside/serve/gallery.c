#include "tools/ringside/serve/gallery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libring/reader.h"
#include "libring/waitset.h"
#include "tools/ringside/sample.h"
#include "workers/analyzers/vision/still.h"

#define FRAMES_A_TURN 16

struct lens {
    char ring[RING_NAME_MAX + 1];
    struct ring_reader *reader; /* NULL: not watched, or it can't be */
    struct vision_still *still;
    struct chunk *newest;
    bool wanted; /* somebody waits for a picture */
    bool there;  /* in the last sample */
    int64_t due_ns;
    struct gallery_facts facts;
};

struct gallery {
    struct gallery_config config;
    struct ring_waitset *waitset;
    uint64_t made; /* pictures, of all cameras */
    unsigned count;
    struct lens **lenses;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int gallery_create(struct gallery **out, const struct gallery_config *config)
{
    struct gallery *gallery = calloc(1, sizeof *gallery);
    *out = gallery;
    if (!gallery)
        return -ENOMEM;
    gallery->config = *config;
    int error = ring_waitset_create(&gallery->waitset, -1);
    if (error)
        gallery_destroy(out);
    return error;
}

static void close_lens(struct lens *lens)
{
    ring_reader_detach(&lens->reader);
    vision_still_destroy(&lens->still);
    chunk_drop(&lens->newest);
    lens->wanted = false;
}

void gallery_destroy(struct gallery **pointer)
{
    struct gallery *gallery = *pointer;
    if (!gallery)
        return;
    for (unsigned i = 0; i < gallery->count; i++) {
        close_lens(gallery->lenses[i]);
        free(gallery->lenses[i]);
    }
    ring_waitset_destroy(&gallery->waitset);
    free(gallery->lenses);
    free(gallery);
    *pointer = NULL;
}

int gallery_fd(const struct gallery *gallery)
{
    return ring_waitset_fd(gallery->waitset);
}

/* -- pictures -----------------------------------------------------------------------------------
 */

static struct chunk *make_part(const struct lens *lens, const uint8_t *jpeg, size_t size)
{
    static const char end[] = "\r\n" GALLERY_BEGIN;
    char head[256];
    const int length = snprintf(head, sizeof head,
                                "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n"
                                "X-Ring: %s\r\n\r\n",
                                size, lens->ring);
    struct chunk *part = chunk_create((size_t)length + size + sizeof end - 1);
    if (!part)
        return NULL;
    memcpy(part->data, head, (size_t)length);
    memcpy(part->data + length, jpeg, size);
    memcpy(part->data + length + size, end, sizeof end - 1);
    return part;
}

static int encode(struct gallery *gallery, struct lens *lens, const struct ring_view *view)
{
    struct frame frame;
    const uint8_t *jpeg;
    size_t size;
    int error = view->note_size == sizeof(struct frame_descriptor)
                    ? frame_view(&frame, view->note, view->data, view->size)
                    : -EPROTO;
    if (!error)
        error = vision_still_encode(lens->still, &frame, &jpeg, &size);
    struct chunk *part = error ? NULL : make_part(lens, jpeg, size);
    if (!part)
        return error ? error : -ENOMEM;
    chunk_drop(&lens->newest);
    lens->newest = part;
    part->number = ++gallery->made;
    lens->facts.width = frame.width;
    lens->facts.height = frame.height;
    return 0;
}

/* Keeps the rate in the mean, though frames come when they come. */
static int64_t next_due(const struct gallery *gallery, int64_t due_ns, int64_t now)
{
    const int64_t interval = (int64_t)(1e9 / gallery->config.fps);
    return due_ns + interval > now ? due_ns + interval : now + interval;
}

/* Whether the frame has become a picture. */
static bool show(struct gallery *gallery, struct lens *lens, const struct ring_view *view)
{
    const int64_t begin_ns = now_ns();
    if (!lens->wanted || begin_ns < lens->due_ns)
        return false;
    lens->due_ns = next_due(gallery, lens->due_ns, begin_ns);
    const int error = encode(gallery, lens, view);
    lens->facts.seconds += (double)(now_ns() - begin_ns) / 1e9;
    lens->facts.encoded += !error;
    lens->facts.failed += error != 0;
    lens->facts.error = error;
    lens->wanted = error != 0;
    return !error;
}

bool gallery_dispatch(struct gallery *gallery)
{
    bool shown = false;
    for (int i = 0; i < FRAMES_A_TURN && !shown; i++) {
        struct ring_view view;
        struct ring_reader *reader;
        void *user;
        int error = ring_waitset_next(gallery->waitset, &reader, &user, &view);
        if (error && !reader)
            break;
        struct lens *lens = user;
        if (error) { /* its end, or what else it can't go on from; what it showed last stays */
            lens->facts.error = error == -EPIPE ? 0 : error;
            ring_reader_detach(&lens->reader);
            continue;
        }
        shown = show(gallery, lens, &view);
        ring_reader_release(reader, &view);
    }
    return shown;
}

struct chunk *gallery_next(struct gallery *gallery, uint64_t after,
                           bool (*watched)(const void *user, const char *ring), const void *user)
{
    struct chunk *best = NULL;
    for (unsigned i = 0; i < gallery->count; i++) {
        struct lens *lens = gallery->lenses[i];
        if (!watched(user, lens->ring))
            continue;
        const bool newer = lens->newest && lens->newest->number > after;
        if (newer && (!best || lens->newest->number < best->number))
            best = lens->newest;
        lens->wanted |= !newer;
    }
    return best ? chunk_hold(best) : NULL;
}

/* -- following ----------------------------------------------------------------------------------
 */

static struct lens *find(const struct gallery *gallery, const char *ring)
{
    for (unsigned i = 0; i < gallery->count; i++)
        if (strcmp(gallery->lenses[i]->ring, ring) == 0)
            return gallery->lenses[i];
    return NULL;
}

static struct lens *add(struct gallery *gallery, const char *ring)
{
    struct lens **lenses = reallocarray(gallery->lenses, gallery->count + 1, sizeof(struct lens *));
    if (lenses)
        gallery->lenses = lenses;
    struct lens *lens = lenses ? calloc(1, sizeof *lens) : NULL;
    if (!lens)
        return NULL;
    snprintf(lens->ring, sizeof lens->ring, "%s", ring);
    gallery->lenses[gallery->count++] = lens;
    return lens;
}

static void open_lens(struct gallery *gallery, struct lens *lens)
{
    int error = 0;
    if (!lens->still)
        error = vision_still_create(&lens->still, VISION_JPEG, gallery->config.quality);
    if (!error)
        error = ring_reader_attach(&lens->reader, lens->ring,
                                   &(struct ring_reader_config){RING_LATEST, 1});
    if (!error)
        error = ring_waitset_add(gallery->waitset, lens->reader, lens);
    if (error)
        ring_reader_detach(&lens->reader);
    lens->facts.error = error;
}

static void forget_gone(struct gallery *gallery)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < gallery->count; i++) {
        struct lens *lens = gallery->lenses[i];
        if (lens->there) {
            gallery->lenses[kept++] = lens;
        } else {
            close_lens(lens);
            free(lens);
        }
    }
    gallery->count = kept;
}

void gallery_follow(struct gallery *gallery, const struct sample *sample,
                    bool (*watched)(void *user, const char *ring), void *user)
{
    for (unsigned i = 0; i < gallery->count; i++)
        gallery->lenses[i]->there = false;
    for (unsigned i = 0; i < sample->count; i++) {
        const struct sample_ring *ring = sample->rings[i];
        struct lens *lens = find(gallery, ring->name);
        if (!lens)
            lens = add(gallery, ring->name);
        if (!lens)
            continue;
        lens->there = true;
        if (!watched(user, ring->name))
            close_lens(lens);
        else if (!lens->reader && !ring->info.ended)
            open_lens(gallery, lens);
    }
    forget_gone(gallery);
}

struct gallery_facts gallery_facts(const struct gallery *gallery, const char *ring)
{
    const struct lens *lens = find(gallery, ring);
    return lens ? lens->facts : (struct gallery_facts){0};
}
