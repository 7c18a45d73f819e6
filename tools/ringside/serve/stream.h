/*
 * Replies that go on for as long as somebody listens: pictures of cameras, and events.
 *
 * Life story. A stream is made for one connection and lives as long as its reply. The server asks
 * for its bytes as fast as the client takes them; when there are none it is put to sleep, and
 * streams_wake wakes all for which something has come. One that the client is slow to take gets
 * what is newest when it is through with what it has: it holds one chunk, never a queue. One that
 * has nothing to say for a while says just that, so that a client that is gone is noticed.
 */
#ifndef TOOLS_RINGSIDE_SERVE_STREAM_H
#define TOOLS_RINGSIDE_SERVE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/ringside/serve/mhd.h"

#define STREAMS_MAX 256
#define STREAM_CAMERAS_MAX 64 /* that can be asked for by name */

struct gallery;
struct journal;
struct stream;

struct streams {
    struct gallery *gallery;
    struct journal *journal;
    void (*changed)(void *user); /* which cameras are watched */
    void *user;
    unsigned count;
    uint64_t sent[2]; /* chunks ever: pictures, events */
    struct stream *first;
};

/* Pictures: of the camera of that name (or ring), or where it is NULL of those that the request's
 * `ring` name, or of all. NULL: no memory, or there are too many streams. */
struct MHD_Response *streams_pictures(struct streams *streams, struct MHD_Connection *connection,
                                      const char *camera);

/* Events, from behind the one that the request's Last-Event-ID names. */
struct MHD_Response *streams_events(struct streams *streams, struct MHD_Connection *connection);

/* To be called when there are new pictures, or events. */
void streams_wake(struct streams *streams);

/* To be called every second or so. */
void streams_keep_alive(struct streams *streams);

/* Ends them all, for the server's end. */
void streams_end(struct streams *streams);

/* How many watch that ring. */
unsigned streams_watch(const struct streams *streams, const char *ring);

#endif
