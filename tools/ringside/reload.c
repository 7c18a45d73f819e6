#include "tools/ringside/reload.h"

#include <stdio.h>
#include <string.h>

#include "tools/ringside/option.h"

/* NULL: there is none of that name. */
static const struct supervisor_camera *find(const struct inputs *inputs, const char *name)
{
    const int index = inputs_find(inputs, name);
    return index < 0 ? NULL : &inputs->cameras[index];
}

static bool has(const struct inputs *inputs, const struct supervisor_camera *camera)
{
    const struct supervisor_camera *other = find(inputs, camera->name);
    return other && run_option_alike(camera, other);
}

/* Those of `inputs` that `others` don't have, or not so. */
static unsigned remove_cameras(struct supervisor *supervisor, const struct inputs *inputs,
                               const struct inputs *others)
{
    unsigned count = 0;
    for (unsigned i = 0; i < inputs->count; i++) {
        if (has(others, &inputs->cameras[i]))
            continue;
        supervisor_remove_camera(supervisor, inputs->cameras[i].name); /* or it has ended itself */
        count++;
    }
    return count;
}

static unsigned add_cameras(struct supervisor *supervisor, const struct inputs *inputs,
                            const struct inputs *others, const struct log *log)
{
    char text[128];
    unsigned count = 0;
    for (unsigned i = 0; i < inputs->count; i++) {
        if (has(others, &inputs->cameras[i]))
            continue;
        int error = supervisor_add_camera(supervisor, &inputs->cameras[i]);
        snprintf(text, sizeof text, "cannot be started: %s", strerror(-error));
        if (error)
            log_line(log, WORKER_ERROR, inputs->cameras[i].name, text);
        count++;
    }
    return count;
}

void reload(struct supervisor *supervisor, struct run_options *options, int argc, char **argv)
{
    struct run_options again;
    char text[256];
    if (run_options_again(&again, options, argc, argv) == 0) {
        const unsigned ended = remove_cameras(supervisor, &options->inputs, &again.inputs);
        const unsigned begun =
            add_cameras(supervisor, &again.inputs, &options->inputs, &options->log);
        snprintf(text, sizeof text, "%s was read again; cameras: %u end, %u begin%s", options->file,
                 ended, begun,
                 workers_alike(&options->workers, &again.workers)
                     ? ""
                     : "; workers that changed wait for the next start");
        log_line(&options->log, WORKER_INFO, NULL, text);
        const struct inputs before = options->inputs;
        options->inputs = again.inputs;
        again.inputs = before;
    }
    run_options_free(&again);
}
