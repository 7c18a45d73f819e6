/*
 * The web server: libmicrohttpd's, in the caller's loop and thread.
 *
 * Life story. It is made for a socket that listens. Whenever its descriptor is readable, or its
 * timeout over, the caller dispatches, and it answers what was asked by the site. No client can
 * hold it up: each has a few seconds to ask and to take an ordinary reply, and while it takes a
 * stream, to take some of it; when too many are slow at once, the slowest gives way to the next.
 */
#ifndef TOOLS_RINGSIDE_SERVE_HTTP_H
#define TOOLS_RINGSIDE_SERVE_HTTP_H

#include <stdint.h>

#include "tools/ringside/serve/access.h"

#define HTTP_CONNECTIONS_MAX 1024
#define HTTP_ASKING_MAX 256 /* of them, that watch no stream */
#define HTTP_PATIENCE 10    /* seconds */

struct site;
struct http;

struct http_counts {
    unsigned connections;       /* now */
    uint64_t requests, refused; /* ever; refused: who may not look */
    uint64_t dropped;           /* connections that were too slow */
};

/* The socket is the server's from here on, in any case. */
int http_create(struct http **out, int listener, struct access *access, struct site *site);

/* Its streams have to be ended before. NULL-safe. */
void http_destroy(struct http **http);

int http_fd(const struct http *http);

/* Milliseconds until it wants to be dispatched; -1: when its descriptor says so. */
int http_timeout(const struct http *http);

void http_dispatch(struct http *http);

/* To be called every second or so: drops who is too slow. */
void http_sweep(struct http *http);

struct http_counts http_counts(const struct http *http);

#endif
