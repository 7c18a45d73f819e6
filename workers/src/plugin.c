#include "workers/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

/* What stands in it was compiled elsewhere: nothing of the class is looked at before the
 * numbers are known to be ours. */
static int check(const struct worker_plugin *plugin, const char *path, char *problem, size_t size)
{
    if (plugin->abi != WORKER_ABI || plugin->class_size != sizeof(struct worker_class)) {
        snprintf(problem, size,
                 "%s: it was built for version %u of the plug-in interface (%u bytes a class), "
                 "this is version %u (%zu bytes): build it again",
                 path, plugin->abi, plugin->class_size, WORKER_ABI, sizeof(struct worker_class));
        return -EINVAL;
    }
    if (!plugin->class_ || !plugin->class_->name || !plugin->class_->summary) {
        snprintf(problem, size, "%s: its class has no name or no summary", path);
        return -EINVAL;
    }
    return 0;
}

int worker_plugin_load(const struct worker_class **out, const char *path, char *problem,
                       size_t problem_size)
{
    *out = NULL;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        snprintf(problem, problem_size, "%s", dlerror());
        return -EINVAL;
    }
    const struct worker_plugin *plugin = dlsym(object, "worker_plugin");
    int error = -EINVAL;
    if (plugin)
        error = check(plugin, path, problem, problem_size);
    else
        snprintf(problem, problem_size, "%s: it is no plug-in: there is no WORKER_PLUGIN in it",
                 path);
    if (error)
        dlclose(object);
    else
        *out = plugin->class_;
    return error;
}
