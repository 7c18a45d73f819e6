#include "tools/ringside/worker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/text.h"
#include "workers/plugin.h"

static bool is_path(const char *name)
{
    const size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

void workers_list_classes(char *text, size_t size)
{
    *text = '\0';
    for (unsigned i = 0; worker_classes[i]; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? ", " : "",
                 worker_classes[i]->name);
}

static int check_room(const struct workers *workers, char *problem, size_t size)
{
    if (workers->count < RING_READERS_MAX)
        return 0;
    snprintf(problem, size, "more than %d workers", RING_READERS_MAX);
    return -EINVAL;
}

static int add(struct workers *workers, const struct worker_class *class_, const char *options,
               char *problem, size_t size)
{
    char reason[512];
    struct worker_config *worker = &workers->workers[workers->count];
    int error = worker_config_parse(worker, class_, options, reason, sizeof reason);
    worker->index = workers->count++;
    if (error)
        snprintf(problem, size, "worker %s: %s", class_->name, reason);
    return error;
}

int workers_add_class(struct workers *workers, const char *name, const char *options, char *problem,
                      size_t size)
{
    char known[256];
    const struct worker_class *class_ = worker_class_find(name);
    int error = check_room(workers, problem, size);
    if (error || class_)
        return error ? error : add(workers, class_, options, problem, size);
    workers_list_classes(known, sizeof known);
    snprintf(problem, size, "no worker '%s'; there are: %s", name, known);
    return -EINVAL;
}

int workers_add_plugin(struct workers *workers, const char *path, const char *options,
                       char *problem, size_t size)
{
    const struct worker_class *class_;
    int error = check_room(workers, problem, size);
    if (!error)
        error = worker_plugin_load(&class_, path, problem, size);
    return error ? error : add(workers, class_, options, problem, size);
}

int workers_add(struct workers *workers, const char *text, char *problem, size_t size)
{
    char name[4096];
    const size_t length = strcspn(text, ":");
    const char *options = text[length] ? text + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    return is_path(name) && !worker_class_find(name)
               ? workers_add_plugin(workers, name, options, problem, size)
               : workers_add_class(workers, name, options, problem, size);
}

/* -- programs -------------------------------------------------------------------------------- */

/* Splits the command as a shell does, but nothing is run for it. */
static int split(struct worker_program *program, const char *command, char *problem, size_t size)
{
    int wrong = wordexp(command, &program->words, WRDE_NOCMD);
    if (wrong == 0 && program->words.we_wordc > 0)
        return 0;
    if (wrong == 0)
        wordfree(&program->words);
    snprintf(problem, size, "--exec %s: %s", command,
             wrong == 0 ? "it names no program"
                        : "a shell would do more with it than split it into words; use sh -c");
    return -EINVAL;
}

static void name_program(struct worker_program *program, const char *name)
{
    const char *path = program->words.we_wordv[0];
    const char *slash = strrchr(path, '/');
    snprintf(program->name, sizeof program->name, "%s",
             name                ? name
             : slash && slash[1] ? slash + 1
                                 : path);
    program->class_ =
        (struct worker_class){.name = program->name, .summary = "a program of the user's"};
}

int workers_add_command(struct workers *workers, const char *name, const char *command,
                        const char *options, char *problem, size_t size)
{
    int error = check_room(workers, problem, size);
    struct worker_program *program = error ? NULL : calloc(1, sizeof *program);
    if (!program)
        return error ? error : -ENOMEM;
    error = split(program, command, problem, size);
    if (error) {
        free(program);
        return error;
    }
    name_program(program, name);
    workers->programs[workers->count] = program;
    struct worker_config *worker = &workers->workers[workers->count];
    error = add(workers, &program->class_, options, problem, size);
    worker->command = (const char *const *)program->words.we_wordv;
    return error;
}

int workers_add_program(struct workers *workers, const char *text, const char *options,
                        char *problem, size_t size)
{
    char name[WORKER_PROGRAM_NAME_MAX];
    const size_t length = text_name_length(text);
    if (length == 0 || text[length] != '=')
        return workers_add_command(workers, NULL, text, options, problem, size);
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    return workers_add_command(workers, name, text + length + 1, options, problem, size);
}

static bool options_alike(const struct worker_option *option, const void *one, const void *other)
{
    for (; option && option->key; option++)
        if (!worker_option_alike(option, one, other))
            return false;
    return true;
}

static bool commands_alike(const struct worker_config *one, const struct worker_config *other)
{
    unsigned i = 0;
    if (!one->command || !other->command)
        return !one->command && !other->command;
    for (; one->command[i] && other->command[i]; i++)
        if (strcmp(one->command[i], other->command[i]) != 0)
            return false;
    return !one->command[i] && !other->command[i];
}

static bool is_alike(const struct worker_config *one, const struct worker_config *other)
{
    return strcmp(one->class_->name, other->class_->name) == 0 && commands_alike(one, other) &&
           options_alike(worker_common_options, one, other) &&
           options_alike(one->class_->options, one->options, other->options);
}

bool workers_alike(const struct workers *some, const struct workers *others)
{
    for (unsigned i = 0; i < some->count && i < others->count; i++)
        if (!is_alike(&some->workers[i], &others->workers[i]))
            return false;
    return some->count == others->count;
}

void workers_free(struct workers *workers)
{
    for (unsigned i = 0; i < workers->count; i++) {
        worker_config_free(&workers->workers[i]);
        if (!workers->programs[i])
            continue;
        wordfree(&workers->programs[i]->words);
        free(workers->programs[i]);
    }
    workers->count = 0;
}
