#include "tools/ringside/config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/config/document.h"
#include "tools/ringside/config/worker.h"
#include "tools/ringside/option.h"
#include "tools/ringside/text.h"
#include "workers/decoder/source.h"

#define A_CAMERA "a mapping with name, and url or file"
#define A_NAME TEXT_A_NAME
#define A_URL "a URL, as rtsp://..., or env:VARIABLE or @FILE for one"
#define A_FILE "the path of a file, a folder or a device, or a pattern, or -"

static const char *const of_root[] = {"cameras", "workers", "worker-defaults", NULL};
static const char *const of_camera[] = {"name", "url", "file", NULL};

static bool is_one_of(const char *const *names, const char *key)
{
    while (*names && strcmp(*names, key) != 0)
        names++;
    return *names != NULL;
}

/* -- options ----------------------------------------------------------------------------------- */

/* Says which keys there are: these, and the options, only those of a camera or all. */
static void refuse_key(const struct place *place, const char *const *names, bool of_a_camera)
{
    char known[1024] = "";
    for (; *names; names++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s, ", *names);
    for (const struct run_option *option = run_option_list; option->value.key; option++)
        if (option->scope == RUN_OPTION_OF_CAMERA ||
            (option->scope == RUN_OPTION_OF_RUN && !of_a_camera))
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s, ",
                     option->value.key);
    known[strlen(known) - strlen(", ")] = '\0';
    place_fault(place, "no such key; there are: %s", known);
}

/* For this camera alone, or where it is NULL for the run. */
static void read_option(struct run_options *options, struct supervisor_camera *camera,
                        const struct place *place, const char *const *names)
{
    char range[256];
    const struct run_option *option = run_option_find(place->key);
    if (!option || option->scope == RUN_OPTION_OF_ARGUMENTS ||
        (camera && option->scope != RUN_OPTION_OF_CAMERA)) {
        refuse_key(place, names, camera != NULL);
        return;
    }
    worker_option_range(&option->value, range, sizeof range);
    const char *text = place_text(place, range);
    if (text && !(camera ? worker_option_store(&option->value, camera, text)
                         : run_option_set(option, options, text)))
        place_fault(place, "must be %s", range);
}

static void read_options(struct run_options *options, struct supervisor_camera *camera,
                         const struct place *mapping, const char *const *names)
{
    for (struct place child = place_within(mapping); place_next(&child);)
        if (!is_one_of(names, child.key))
            read_option(options, camera, &child, names);
}

/* -- cameras ----------------------------------------------------------------------------------- */

static const char *read_name(const struct inputs *inputs, const struct place *camera)
{
    struct place place;
    if (!place_find(camera, "name", &place)) {
        place_lacks(camera, "name", A_NAME);
        return NULL;
    }
    const char *name = place_text(&place, A_NAME);
    if (!name)
        return NULL;
    if (!text_is_name(name, WORKER_CAMERA_NAME_MAX))
        place_fault(&place, "must be %s, at most %d", A_NAME, WORKER_CAMERA_NAME_MAX - 1);
    const int other = inputs_find(inputs, name);
    if (other >= 0)
        place_fault(&place, "must be the name of one camera; that of cameras[%d] is the same",
                    other);
    return name;
}

static bool is_url(const char *input)
{
    return strncmp(input, "env:", strlen("env:")) == 0 || *input == '@' ||
           source_kind_of(input) == SOURCE_NETWORK || source_kind_of(input) == SOURCE_TEST ||
           strncmp(input, "v4l2:", strlen("v4l2:")) == 0;
}

/* Where its video comes from. NULL: a fault. */
static const char *read_input(const struct place *camera, struct place *place)
{
    struct place file;
    const bool has_url = place_find(camera, "url", place);
    const bool has_file = place_find(camera, "file", &file);
    if (has_url && has_file)
        place_fault(&file, "must not be given beside url");
    else if (!has_url && !has_file)
        place_lacks(camera, "url", A_URL ", or file in its place");
    else if (has_file)
        *place = file;
    const char *expected = has_url ? A_URL : A_FILE;
    const char *input = camera->document->is_faulty ? NULL : place_text(place, expected);
    if (input && (!*input || is_url(input) != has_url))
        place_fault(place, "must be %s%s", expected, has_url ? "" : "; a URL has the key url");
    return input;
}

/* As the workers come first, it is known what they need. */
static void check_slots(const struct run_options *options, const struct place *root,
                        const struct place *camera)
{
    struct place place;
    const unsigned slots = options->inputs.cameras[options->inputs.count - 1].slots;
    const unsigned minimum =
        supervisor_slots(NULL, options->workers.workers, options->workers.count).minimum;
    if (slots && slots < minimum &&
        (place_find(camera, "slots", &place) || place_find(root, "slots", &place)))
        place_fault(&place, "must be at least %u for these workers, or 0", minimum);
}

static void read_camera(struct run_options *options, const struct place *root,
                        const struct place *camera)
{
    struct place place;
    char problem[512];
    if (!place_is_mapping(camera, A_CAMERA))
        return;
    struct supervisor_camera wanted = options->camera;
    read_options(options, &wanted, camera, of_camera);
    const char *name = read_name(&options->inputs, camera);
    const char *input = read_input(camera, &place);
    if (camera->document->is_faulty)
        return;
    if (inputs_add(&options->inputs, &wanted, name, input, problem, sizeof problem) != 0)
        place_fault(&place, "must be " A_URL ", but %s", problem);
    else
        check_slots(options, root, camera);
}

static void read_cameras(struct run_options *options, const struct place *root)
{
    struct place list;
    if (!place_find(root, "cameras", &list) || !place_is_list(&list, "a list of cameras"))
        return;
    if (place_count(&list) == 0)
        place_fault(&list, "must be a list of cameras; it is empty");
    for (struct place camera = place_within(&list); place_next(&camera);)
        read_camera(options, root, &camera);
}

/* -- workers ----------------------------------------------------------------------------------- */

static void read_workers(struct run_options *options, const struct place *root)
{
    struct place list, defaults;
    const bool has_defaults = place_find(root, "worker-defaults", &defaults);
    if (has_defaults && !config_worker_check_defaults(&defaults))
        return;
    options->has_workers_of_file = place_find(root, "workers", &list);
    if (!options->has_workers_of_file || !place_is_list(&list, "a list of workers"))
        return;
    if (place_count(&list) == 0)
        place_fault(&list, "must be a list of workers; it is empty");
    for (struct place worker = place_within(&list); place_next(&worker);)
        config_worker_read(&options->workers, &worker, has_defaults ? &defaults : NULL);
}

/* -- the whole --------------------------------------------------------------------------------- */

static void check_programs(const struct run_options *options, const struct place *root)
{
    struct place inlined;
    for (unsigned i = 0; i < options->workers.count; i++)
        if (options->in_process && options->workers.programs[i] &&
            place_find(root, "inline", &inlined))
            place_fault(&inlined, "must be no, where a worker is a program: workers[%u]", i);
}

/* The options of the run before its cameras, who begin with them, and the workers before the
 * slots that they need. */
static void read_root(struct run_options *options, const struct place *root)
{
    if (!place_is_mapping(root, "a mapping of options"))
        return;
    read_options(options, NULL, root, of_root);
    read_workers(options, root);
    check_programs(options, root);
    read_cameras(options, root);
}

int config_read(struct run_options *options, char *problem, size_t problem_size)
{
    struct document document;
    document_open(&document, options->file);
    if (!document.is_faulty) {
        const struct place root = document_root(&document);
        read_root(options, &root);
    }
    if (document.is_faulty)
        snprintf(problem, problem_size, "%s", document.fault);
    document_close(&document);
    return document.is_faulty ? -EINVAL : 0;
}
