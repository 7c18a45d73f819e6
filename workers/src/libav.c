#include "workers/libav.h"

#include <dlfcn.h>
#include <errno.h>
#include <libavutil/macros.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct libav libav;

/* libavcodec comes with it. */
#define LIBRARY "libavformat.so." AV_STRINGIFY(LIBAVFORMAT_VERSION_MAJOR)

static bool find(void *library, const char *name, void *place)
{
    void *function = dlsym(library, name);
    memcpy(place, &function, sizeof function);
    return function != NULL;
}

int libav_load(void)
{
    static bool loaded;
    if (loaded)
        return 0;
    void *library = dlopen(LIBRARY, RTLD_NOW);
    bool complete = library != NULL;
#define FIND(name) complete = complete && find(library, #name, (void *)&libav.name);
    LIBAV_FUNCTIONS(FIND)
#undef FIND
    loaded = complete;
    return complete ? 0 : -ELIBACC;
}
