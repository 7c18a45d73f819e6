/*
 * ringside serve, and what a browser would ask it.
 *
 *     support_web_start -> get, ask -> support_web_stop
 *
 * Each fails the test case where the server does not answer.
 */
#ifndef TESTS_SUPPORT_WEB_H
#define TESTS_SUPPORT_WEB_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/command.h"

struct support_web {
    struct support_process *process;
    uint16_t port; /* of the loopback */
};

struct support_reply {
    int status;
    char *head; /* status line and headers; the caller frees it */
    char *body; /* with a NUL behind; it is in `head`'s memory */
    size_t size;
};

/* Starts it with these arguments, and waits until it listens. `end` ends the list with NULL. */
void support_web_start(struct support_web *web, const char *const arguments[]);

/* Ends it by SIGTERM; nothing may be left of it. */
void support_web_stop(struct support_web *web);

/* A connection. */
int support_web_connect(const struct support_web *web);

/* A connection on which that was asked; `headers` are lines with their ends, or "". */
int support_web_ask(const struct support_web *web, const char *target, const char *headers);

/* Reads up to `size` bytes, fewer only at the end. How many. */
size_t support_web_read(int connection, void *data, size_t size);

struct support_reply support_web_get(const struct support_web *web, const char *target,
                                     const char *headers);

/* Of /cameras.json, the camera of that name; NULL: it is not there. A new reference. */
json_t *support_web_camera(const struct support_web *web, const char *camera);

/* Of /metrics, the first sample that begins so; -1: there is none. */
double support_web_metric(const struct support_web *web, const char *begin);

#endif
