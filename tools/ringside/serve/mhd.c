#include "tools/ringside/serve/mhd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LIBRARY "libmicrohttpd.so.12"

struct mhd mhd;

static bool find(void *library, const char *name, void *place)
{
    void *function = dlsym(library, name);
    memcpy(place, &function, sizeof function);
    return function != NULL;
}

int mhd_load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW);
    bool complete = library != NULL;
#define FIND(name) complete = complete && find(library, #name, (void *)&mhd.name);
    MHD_FUNCTIONS(FIND)
#undef FIND
    return complete ? 0 : -ELIBACC;
}
