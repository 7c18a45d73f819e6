#include "tools/ringside/worker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/plugin.h"

static bool is_path(const char *name)
{
    const size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

static int unknown(const char *name, char *problem, size_t size)
{
    char known[256] = "";
    for (unsigned i = 0; worker_classes[i]; i++) {
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, worker_classes[i]->name, sizeof known - strlen(known) - 1);
    }
    snprintf(problem, size, "no worker '%s'; there are: %s", name, known);
    return -EINVAL;
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

int workers_add(struct workers *workers, const char *text, char *problem, size_t size)
{
    char name[4096];
    const struct worker_class *class_;
    const size_t length = strcspn(text, ":");
    int error = check_room(workers, problem, size);
    if (error)
        return error;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    class_ = worker_class_find(name);
    if (!class_ && is_path(name))
        error = worker_plugin_load(&class_, name, problem, size);
    else if (!class_)
        error = unknown(name, problem, size);
    return error ? error
                 : add(workers, class_, text[length] ? text + length + 1 : NULL, problem, size);
}

/* -- programs -------------------------------------------------------------------------------- */

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

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

static void name_program(struct worker_program *program, const char *text, size_t length)
{
    const char *path = program->words.we_wordv[0];
    const char *slash = strrchr(path, '/');
    if (length > 0)
        snprintf(program->name, sizeof program->name, "%.*s", (int)length, text);
    else
        snprintf(program->name, sizeof program->name, "%s", slash && slash[1] ? slash + 1 : path);
    program->class_ =
        (struct worker_class){.name = program->name, .summary = "a program of the user's"};
}

int workers_add_program(struct workers *workers, const char *text, const char *options,
                        char *problem, size_t size)
{
    int error = check_room(workers, problem, size);
    struct worker_program *program = error ? NULL : calloc(1, sizeof *program);
    if (!program)
        return error ? error : -ENOMEM;
    size_t length = strspn(text, NAME_CHARACTERS);
    if (text[length] != '=')
        length = 0;
    error = split(program, text + (length ? length + 1 : 0), problem, size);
    if (error) {
        free(program);
        return error;
    }
    name_program(program, text, length);
    workers->programs[workers->count] = program;
    struct worker_config *worker = &workers->workers[workers->count];
    error = add(workers, &program->class_, options, problem, size);
    worker->command = (const char *const *)program->words.we_wordv;
    return error;
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
