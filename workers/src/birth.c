#include "workers/src/birth.h"

#include <bsd/unistd.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/back.h"
#include "workers/src/server.h"

static int run__(const void *argument, int control)
{
    const struct worker *worker = argument;
    const struct worker_config *config = &worker->config;
    setproctitle("-ringside: worker %s#%u", config->class_->name, config->index);
    int error = limits_apply__(&worker->limits);
    if (!error)
        return worker_main__(config, control);
    fprintf(stderr, "worker %s#%u: cannot be limited as asked: %s\n", config->class_->name,
            config->index, strerror(-error));
    return EXIT_FAILURE;
}

/* -- programs -------------------------------------------------------------------------------- */

static bool is_ours(const char *variable)
{
    return strncmp(variable, "RINGSIDE_", strlen("RINGSIDE_")) == 0;
}

enum { VARIABLES = 5 };

/* Our environment, with what is said here to the program in place of what was said
 * to us. */
static char **make_environment(char *own[VARIABLES])
{
    size_t count = 0, kept = VARIABLES;
    while (environ[count])
        count++;
    char **environment = calloc(count + VARIABLES + 1, sizeof *environment);
    if (!environment)
        return NULL;
    memcpy(environment, own, VARIABLES * sizeof *own);
    for (size_t i = 0; i < count; i++)
        if (!is_ours(environ[i]))
            environment[kept++] = environ[i];
    return environment;
}

static int err_of(const struct worker *worker)
{
    return worker->err ? worker->err : STDERR_FILENO;
}

static int start_program(struct worker *worker)
{
    const struct worker_config *config = &worker->config;
    char control[32], name[128], index[32], policy[32];
    snprintf(control, sizeof control, "RINGSIDE_CONTROL=%d", PROCESS_CONTROL);
    snprintf(name, sizeof name, "RINGSIDE_WORKER=%s", config->class_->name);
    snprintf(index, sizeof index, "RINGSIDE_INDEX=%u", config->index);
    snprintf(policy, sizeof policy, "RINGSIDE_POLICY=%d", (int)config->policy);
    char *rings = NULL;
    if (asprintf(&rings, "RINGSIDE_RINGS=%s", config->rings ? config->rings : "") < 0)
        return -ENOMEM;
    char *own[VARIABLES] = {control, name, index, policy, rings};
    char **environment = make_environment(own);
    int error = environment ? worker_process_exec(&worker->process, err_of(worker), config->command,
                                                  environment, &worker->limits)
                            : -ENOMEM;
    free(environment);
    free(rings);
    return error;
}

int birth_of(struct worker *worker)
{
    int error = limits_read(&worker->limits, &worker->config);
    if (error)
        return error;
    if (worker->config.command)
        return start_program(worker);
    if (worker->config.server)
        return server_spawn(worker->config.server, worker);
    return worker_process_spawn_to(&worker->process, err_of(worker), run__, worker);
}

/* -- the fork server ------------------------------------------------------------------------- */

static int serve__(const void *classes, int control)
{
    setproctitle("-ringside: fork server");
    return server_main__(classes, control);
}

int birth_of_server(struct worker_process *process, const struct worker_class *const *classes)
{
    return worker_process_spawn(process, serve__, classes);
}

/* -- without a process ----------------------------------------------------------------------- */

int birth_inline(struct worker *worker, void (*wait)(void *user), void *user)
{
    int error = worker_process_pretend(&worker->process, &worker->theirs);
    if (error)
        return error;
    error = worker_back_create__(&worker->back, &worker->config, worker->theirs, wait, user);
    if (error) {
        close(worker->theirs);
        worker_process_end(&worker->process, NULL);
    }
    return error;
}

int birth_run(struct worker *worker)
{
    if (worker->runs)
        return -EDEADLK;
    if (!worker->back)
        return -ESHUTDOWN;
    worker->runs = true;
    int error = worker_back_dispatch__(worker->back);
    if (error == -ESHUTDOWN)
        birth_undo(worker);
    worker->runs = false;
    return error;
}

void birth_undo(struct worker *worker)
{
    if (!worker->back)
        return;
    worker_back_destroy__(&worker->back);
    close(worker->theirs); /* last: by that its front sees its end */
}
