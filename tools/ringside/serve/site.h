/*
 * What the web server has to show: the page, the cameras' figures and pictures, the events, and
 * metrics.
 *
 * Threads: all of it belongs to one.
 */
#ifndef TOOLS_RINGSIDE_SERVE_SITE_H
#define TOOLS_RINGSIDE_SERVE_SITE_H

#include <stdbool.h>

#include "tools/ringside/sample.h"
#include "tools/ringside/serve/gallery.h"
#include "tools/ringside/serve/http.h"
#include "tools/ringside/serve/journal.h"
#include "tools/ringside/serve/stream.h"

struct site {
    struct sample sample;
    struct gallery *gallery;
    struct journal journal;
    struct streams streams;
    struct http *http;
    void (*refresh)(void *user); /* before the sample is shown */
    void *user;
};

struct site_reply {
    unsigned status;
    struct MHD_Response *response; /* NULL: no memory */
    bool goes_on;                  /* it is a stream */
};

/* To a GET of that path. */
struct site_reply site_answer(struct site *site, struct MHD_Connection *connection,
                              const char *path);

/* A line of plain text. */
struct MHD_Response *site_text(const char *text);

/* To the page, by the link that has the token; a cookie has it from then on. */
struct MHD_Response *site_welcome(const char *token);

#endif
