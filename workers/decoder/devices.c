#include "workers/decoder/devices.h"

#include <dlfcn.h>
#include <libavdevice/version.h>
#include <libavutil/macros.h>
#include <stddef.h>

#define LIBRARY "libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR)

bool devices_load(void)
{
    union {
        void *object;
        void (*function)(void);
    } load = {NULL};
    void *library = dlopen(LIBRARY, RTLD_NOW);
    if (library)
        load.object = dlsym(library, "avdevice_register_all");
    if (load.object)
        load.function();
    return load.object != NULL;
}
