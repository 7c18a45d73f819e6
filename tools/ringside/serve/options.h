/* The options of `ringside serve`. */
#ifndef TOOLS_RINGSIDE_SERVE_OPTIONS_H
#define TOOLS_RINGSIDE_SERVE_OPTIONS_H

#include "tools/ringside/serve/access.h"
#include "tools/ringside/serve/gallery.h"
#include "tools/ringside/serve/listen.h"

struct serve_options {
    struct listen_address address;
    struct access access; /* for access_free, in any case */
    struct gallery_config pictures;
    double interval;      /* seconds, from one look at the rings to the next */
    char *const *cameras; /* ends with NULL; none: all */
};

/* Returns -1 to go on, or the exit status with which the program is to end, its message printed. */
int serve_options_parse(struct serve_options *options, int argc, char **argv);

#endif
