/*
 * A screening: an analyzer that is shown pictures in the test's own process, without ring or fork.
 *
 *     support_screening_open -> support_screening_show, as often as it pleases
 *     -> support_screening_close, which gives all that the analyzer told
 *
 * Its hooks are called as a worker's loop calls them, with pictures made as its class wants them,
 * and its events go through a socket as they do to a supervisor.
 */
#ifndef TESTS_SUPPORT_SCREENING_H
#define TESTS_SUPPORT_SCREENING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/support/canvas.h"
#include "workers/front.h"

struct support_screening {
    struct worker_config config;
    struct worker_back *back;
    struct worker_camera *camera;
    int front; /* our end of the socket */
    uint64_t shown;
    json_t *events; /* an array of what was told so far; the screening's */
    char log[256];  /* the last line it sent for the log */
    int error;      /* what its last hook returned; nothing is shown to it after one */
};

/* The class of that name, with options as on the command line (NULL: none), for a camera "gate". */
void support_screening_open(struct support_screening *screening, const char *name,
                            const char *options);

/* Shows it a picture at `seconds` (NAN: it has no time), and takes what it tells. */
void support_screening_show(struct support_screening *screening, struct support_canvas *canvas,
                            double seconds);

/* As a frame without one for idle_ms. */
void support_screening_idle(struct support_screening *screening);

/* Ends it. The events, a new reference. */
json_t *support_screening_close(struct support_screening *screening);

#endif
