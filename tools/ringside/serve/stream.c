#include "tools/ringside/serve/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libring/ring.h"
#include "tools/ringside/find.h"
#include "tools/ringside/serve/gallery.h"
#include "tools/ringside/serve/journal.h"

#define SILENCE_MS 5000
#define BLOCK_SIZE (1 << 16)

enum kind { PICTURES, EVENTS };

struct stream {
    struct streams *streams;
    struct stream *next, *previous;
    struct MHD_Connection *connection;
    enum kind kind;
    bool asleep, ended;
    unsigned count; /* of cameras asked for, 0: all */
    char (*cameras)[RING_NAME_MAX + 1];
    uint64_t last; /* number of the last chunk */
    struct chunk *chunk;
    size_t offset; /* what of it has been taken */
    int64_t spoke_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool is_watched(const void *user, const char *ring)
{
    const struct stream *stream = user;
    for (unsigned i = 0; i < stream->count; i++)
        if (find_is_called(ring, stream->cameras[i]))
            return true;
    return stream->count == 0;
}

/* -- bytes --------------------------------------------------------------------------------------
 */

static struct chunk *next(const struct stream *stream)
{
    return stream->kind == PICTURES
               ? gallery_next(stream->streams->gallery, stream->last, is_watched, stream)
               : journal_next(stream->streams->journal, stream->last);
}

/* Whether there is something to send. */
static bool load(struct stream *stream)
{
    if (stream->chunk && stream->offset < stream->chunk->size)
        return true;
    chunk_drop(&stream->chunk);
    stream->chunk = next(stream);
    stream->offset = 0;
    if (!stream->chunk)
        return false;
    stream->last = stream->chunk->number;
    stream->spoke_ms = now_ms();
    stream->streams->sent[stream->kind]++;
    return true;
}

static ssize_t read_stream(void *user, uint64_t position, char *buffer, size_t size)
{
    struct stream *stream = user;
    (void)position;
    if (stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!load(stream)) {
        stream->asleep = true;
        mhd.MHD_suspend_connection(stream->connection);
        return 0;
    }
    const size_t left = stream->chunk->size - stream->offset;
    const size_t taken = left < size ? left : size;
    memcpy(buffer, stream->chunk->data + stream->offset, taken);
    stream->offset += taken;
    return (ssize_t)taken;
}

static void wake(struct stream *stream)
{
    stream->asleep = false;
    mhd.MHD_resume_connection(stream->connection);
}

/* -- making -------------------------------------------------------------------------------------
 */

static void free_stream(void *user)
{
    struct stream *stream = user;
    struct streams *streams = stream->streams;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        streams->first = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    streams->count--;
    chunk_drop(&stream->chunk);
    free(stream->cameras);
    free(stream);
    streams->changed(streams->user);
}

static struct stream *create(struct streams *streams, struct MHD_Connection *connection,
                             enum kind kind)
{
    struct stream *stream = streams->count < STREAMS_MAX ? calloc(1, sizeof *stream) : NULL;
    if (!stream)
        return NULL;
    *stream = (struct stream){.streams = streams,
                              .connection = connection,
                              .kind = kind,
                              .next = streams->first,
                              .spoke_ms = now_ms()};
    if (stream->next)
        stream->next->previous = stream;
    streams->first = stream;
    streams->count++;
    return stream;
}

static struct MHD_Response *respond(struct stream *stream, const char *type)
{
    struct MHD_Response *response = mhd.MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream, stream, free_stream);
    if (!response) {
        free_stream(stream);
        return NULL;
    }
    mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    stream->streams->changed(stream->streams->user);
    return response;
}

static bool add_camera(struct stream *stream, const char *camera)
{
    if (stream->count == STREAM_CAMERAS_MAX)
        return true;
    void *cameras = reallocarray(stream->cameras, stream->count + 1, sizeof *stream->cameras);
    if (!cameras)
        return false;
    stream->cameras = cameras;
    snprintf(stream->cameras[stream->count], sizeof *stream->cameras, "%s", camera);
    stream->count++;
    return true;
}

static enum MHD_Result add_asked(void *user, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    (void)kind;
    if (strcmp(key, "ring") == 0 && value)
        add_camera(user, value);
    return MHD_YES;
}

struct MHD_Response *streams_pictures(struct streams *streams, struct MHD_Connection *connection,
                                      const char *camera)
{
    struct stream *stream = create(streams, connection, PICTURES);
    if (!stream)
        return NULL;
    if (!camera)
        mhd.MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_asked, stream);
    stream->chunk = chunk_print(GALLERY_BEGIN);
    if (!stream->chunk || (camera && !add_camera(stream, camera))) {
        free_stream(stream);
        return NULL;
    }
    return respond(stream, "multipart/x-mixed-replace; boundary=" GALLERY_BOUNDARY);
}

struct MHD_Response *streams_events(struct streams *streams, struct MHD_Connection *connection)
{
    struct stream *stream = create(streams, connection, EVENTS);
    if (!stream)
        return NULL;
    const char *last =
        mhd.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    stream->last = last ? strtoull(last, NULL, 10) : 0;
    if (stream->last > streams->journal->written)
        stream->last = 0; /* another server's */
    stream->chunk = chunk_print("retry: 2000\n\n");
    return respond(stream, "text/event-stream");
}

/* -- all ----------------------------------------------------------------------------------------
 */

void streams_wake(struct streams *streams)
{
    for (struct stream *stream = streams->first; stream; stream = stream->next)
        if (stream->asleep && load(stream))
            wake(stream);
}

/* Pictures: the newest once more. */
static struct chunk *sign_of_life(const struct stream *stream)
{
    struct chunk *newest = NULL, *chunk;
    if (stream->kind == EVENTS)
        return chunk_print(":\n\n");
    for (uint64_t after = 0;
         (chunk = gallery_next(stream->streams->gallery, after, is_watched, stream));) {
        after = chunk->number;
        chunk_drop(&newest);
        newest = chunk;
    }
    return newest ? newest
                  : chunk_print("Content-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n\r\n%s",
                                GALLERY_BEGIN);
}

void streams_keep_alive(struct streams *streams)
{
    const int64_t now = now_ms();
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (!stream->asleep || now - stream->spoke_ms < SILENCE_MS)
            continue;
        stream->chunk = sign_of_life(stream);
        stream->offset = 0;
        stream->spoke_ms = now;
        if (stream->chunk)
            wake(stream);
    }
}

void streams_end(struct streams *streams)
{
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        stream->ended = true;
        if (stream->asleep)
            wake(stream);
    }
}

unsigned streams_watch(const struct streams *streams, const char *ring)
{
    unsigned count = 0;
    for (const struct stream *stream = streams->first; stream; stream = stream->next)
        count += stream->kind == PICTURES && is_watched(stream, ring);
    return count;
}
