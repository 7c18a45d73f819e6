#include "workers/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/src/limits.h"
#include "workers/src/option.h"

static const char *const policies[] = {"lossless", "lossy", "latest", NULL};

const struct worker_option worker_common_options[] = {
    {.key = "policy",
     .type = WORKER_OPTION_CHOICE,
     .offset = offsetof(struct worker_config, policy),
     .choices = policies,
     .help = "what happens when it falls behind: the writer waits, the oldest are lost, or only "
             "the newest counts"},
    {.key = "fps",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct worker_config, fps),
     .maximum = 1000,
     .help = "frames of a second of video that it looks at, at most; 0 is as many as it wants"},
    {.key = "restarts",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct worker_config, restarts),
     .initial = 5,
     .maximum = 1000,
     .help = "how often it may die, each time within a minute of the last, before it is given up"},
    {.key = "hang_timeout",
     .type = WORKER_OPTION_REAL,
     .offset = offsetof(struct worker_config, hang_timeout),
     .initial = 60,
     .maximum = 86400,
     .help = "seconds without a sign of life, over one frame say, until it is killed, 0 for never"},
    {.key = "memory",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct worker_config, memory),
     .maximum = 1 << 20,
     .help = "MiB it may have beside the rings, 0 for any"},
    {.key = "files",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct worker_config, files),
     .maximum = 1 << 20,
     .help = "files it may have open, 0 for as many as its parent"},
    {.key = "nice",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct worker_config, nice),
     .maximum = 19,
     .help = "how much it gives way to other processes"},
    {.key = "cpus",
     .type = WORKER_OPTION_STRING,
     .offset = offsetof(struct worker_config, cpus),
     .maximum = WORKER_CPUS_MAX,
     .help = "processors it may run on, as 0\\,2-3, empty for all"},
    {.key = NULL},
};

static const struct worker_option no_options[] = {{.key = NULL}};

static const struct worker_option *options_of(const struct worker_class *class_)
{
    return class_->options ? class_->options : no_options;
}

/* -- KEY=VALUE,KEY=VALUE --------------------------------------------------------------------- */

static void name_keys(const struct worker_option *options, const char *separator, char *problem,
                      size_t size)
{
    for (; options->key; options++) {
        option_append(problem, size, "%s%s", separator, options->key);
        separator = ", ";
    }
}

int worker_config_set(struct worker_config *config, const char *key, const char *value,
                      char *problem, size_t problem_size)
{
    void *object = config;
    const struct worker_option *option = worker_option_find(worker_common_options, key);
    struct limits limits;
    if (!option) {
        object = (void *)config->options;
        option = worker_option_find(options_of(config->class_), key);
    }
    if (!option) {
        snprintf(problem, problem_size, "there are: ");
        name_keys(worker_common_options, "", problem, problem_size);
        name_keys(options_of(config->class_), ", ", problem, problem_size);
        return -ENOENT;
    }
    if (!worker_option_store(option, object, value)) {
        char range[256];
        worker_option_range(option, range, sizeof range);
        snprintf(problem, problem_size, "must be %s", range);
        return -EINVAL;
    }
    if (limits_read(&limits, config) == 0)
        return 0;
    snprintf(problem, problem_size, "must be numbers of processors, as 0,2-3");
    return -EINVAL;
}

static int set_pair(struct worker_config *config, char *pair, char *problem, size_t size)
{
    char reason[512];
    char *value = strchr(pair, '=');
    if (!value) {
        snprintf(problem, size, "'%s' is not KEY=VALUE", pair);
        return -EINVAL;
    }
    *value++ = '\0';
    int error = worker_config_set(config, pair, value, reason, sizeof reason);
    if (error == -ENOENT)
        snprintf(problem, size, "no option '%s'; %s", pair, reason);
    else if (error)
        snprintf(problem, size, "%s=%s: %s", pair, value, reason);
    return error ? -EINVAL : 0;
}

/* Cuts the text at its next bare comma, takes the backslashes out, and returns what
 * follows; NULL: nothing. */
static char *cut_pair(char *text)
{
    char *to = text;
    for (; *text && *text != ','; text++) {
        if (*text == '\\' && (text[1] == ',' || text[1] == '\\'))
            text++;
        *to++ = *text;
    }
    char *rest = *text ? text + 1 : NULL;
    *to = '\0';
    return rest;
}

int worker_config_begin(struct worker_config *config, const struct worker_class *class_)
{
    *config = (struct worker_config){.class_ = class_};
    config->options = calloc(1, class_->state_size ? class_->state_size : 1);
    if (!config->options)
        return -ENOMEM;
    for (const struct worker_option *option = worker_common_options; option->key; option++)
        worker_option_store_default(option, config);
    for (const struct worker_option *option = options_of(class_); option->key; option++)
        worker_option_store_default(option, (void *)config->options);
    return 0;
}

int worker_config_parse(struct worker_config *config, const struct worker_class *class_,
                        const char *text, char *problem, size_t problem_size)
{
    int error = worker_config_begin(config, class_);
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        error = -ENOMEM;
    if (error)
        snprintf(problem, problem_size, "%s", strerror(-error));
    for (char *pair = copy; pair && !error;) {
        char *rest = cut_pair(pair);
        error = set_pair(config, pair, problem, problem_size);
        pair = rest;
    }
    free(copy);
    return error;
}

int worker_config_copy(struct worker_config *copy, const struct worker_config *config)
{
    const size_t size = config->class_->state_size;
    void *options = calloc(1, size ? size : 1);
    if (!options)
        return -ENOMEM;
    if (size && config->options)
        memcpy(options, config->options, size);
    *copy = *config;
    copy->options = options;
    return 0;
}

double worker_config_rate(const struct worker_config *config)
{
    const double most = config->class_->wants.max_fps;
    return config->fps > 0 && !(most > 0 && most < config->fps) ? config->fps : most;
}

void worker_config_free(struct worker_config *config)
{
    free((void *)config->options);
    config->options = NULL;
}
