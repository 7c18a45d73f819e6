#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/config.h"
#include "workers/src/limits.h"

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
     .help = "how often it may die within a minute before it is given up"},
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

/* -- in words -------------------------------------------------------------------------------- */

/* Adds to the text what fits. */
static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void list_choices(const char *const *choices, char *text, size_t size)
{
    for (unsigned i = 0; choices[i]; i++)
        append(text, size, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

void worker_option_range(const struct worker_option *option, char *text, size_t size)
{
    *text = '\0';
    switch (option->type) {
    case WORKER_OPTION_INT:
        append(text, size, "a whole number from %g to %g", option->minimum, option->maximum);
        break;
    case WORKER_OPTION_REAL:
        append(text, size, "a number from %g to %g", option->minimum, option->maximum);
        break;
    case WORKER_OPTION_BOOL:
        append(text, size, "yes or no");
        break;
    case WORKER_OPTION_STRING:
        append(text, size, "a text of at most %g bytes", option->maximum - 1);
        break;
    case WORKER_OPTION_CHOICE:
        list_choices(option->choices, text, size);
        break;
    }
}

void worker_option_default(const struct worker_option *option, char *text, size_t size)
{
    switch (option->type) {
    case WORKER_OPTION_BOOL:
        snprintf(text, size, "%s", option->initial != 0 ? "yes" : "no");
        break;
    case WORKER_OPTION_STRING:
        snprintf(text, size, "%s", option->initial_text ? option->initial_text : "");
        break;
    case WORKER_OPTION_CHOICE:
        snprintf(text, size, "%s", option->choices[(int)option->initial]);
        break;
    default:
        snprintf(text, size, "%g", option->initial);
    }
}

/* -- values ---------------------------------------------------------------------------------- */

static bool store_number(const struct worker_option *option, char *field, const char *value)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end || !(number >= option->minimum) || !(number <= option->maximum))
        return false;
    if (option->type == WORKER_OPTION_REAL) {
        memcpy(field, &number, sizeof number);
        return true;
    }
    const int whole = (int)number;
    memcpy(field, &whole, sizeof whole);
    return number == trunc(number);
}

static bool store_bool(char *field, const char *value)
{
    static const char *const names[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) != 0)
            continue;
        const bool truth = i % 2 == 1;
        memcpy(field, &truth, sizeof truth);
        return true;
    }
    return false;
}

static bool store_choice(const struct worker_option *option, char *field, const char *value)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(value, option->choices[i]) != 0)
            continue;
        memcpy(field, &i, sizeof i);
        return true;
    }
    return false;
}

static bool store_string(const struct worker_option *option, char *field, const char *value)
{
    const size_t size = strlen(value) + 1;
    if (size > (size_t)option->maximum)
        return false;
    memcpy(field, value, size);
    return true;
}

/* False: the option does not take such a value. */
static bool store(const struct worker_option *option, void *state, const char *value)
{
    char *field = (char *)state + option->offset;
    switch (option->type) {
    case WORKER_OPTION_BOOL:
        return store_bool(field, value);
    case WORKER_OPTION_STRING:
        return store_string(option, field, value);
    case WORKER_OPTION_CHOICE:
        return store_choice(option, field, value);
    default:
        return store_number(option, field, value);
    }
}

static void store_default(const struct worker_option *option, void *state)
{
    char *field = (char *)state + option->offset;
    const int whole = (int)option->initial;
    const bool truth = option->initial != 0;
    switch (option->type) {
    case WORKER_OPTION_REAL:
        memcpy(field, &option->initial, sizeof option->initial);
        break;
    case WORKER_OPTION_BOOL:
        memcpy(field, &truth, sizeof truth);
        break;
    case WORKER_OPTION_STRING:
        snprintf(field, (size_t)option->maximum, "%s",
                 option->initial_text ? option->initial_text : "");
        break;
    default:
        memcpy(field, &whole, sizeof whole);
    }
}

/* -- KEY=VALUE,KEY=VALUE --------------------------------------------------------------------- */

static const struct worker_option *find(const struct worker_option *options, const char *key)
{
    while (options->key && strcmp(options->key, key) != 0)
        options++;
    return options->key ? options : NULL;
}

static void name_keys(const struct worker_option *options, const char *separator, char *problem,
                      size_t size)
{
    for (; options->key; options++) {
        append(problem, size, "%s%s", separator, options->key);
        separator = ", ";
    }
}

static int set_pair(struct worker_config *config, char *pair, char *problem, size_t size)
{
    char *value = strchr(pair, '=');
    if (!value) {
        snprintf(problem, size, "'%s' is not KEY=VALUE", pair);
        return -EINVAL;
    }
    *value++ = '\0';
    void *state = config;
    const struct worker_option *option = find(worker_common_options, pair);
    if (!option) {
        state = (void *)config->options;
        option = find(options_of(config->class_), pair);
    }
    if (!option) {
        snprintf(problem, size, "no option '%s'; there are: ", pair);
        name_keys(worker_common_options, "", problem, size);
        name_keys(options_of(config->class_), ", ", problem, size);
        return -EINVAL;
    }
    struct limits limits;
    if (store(option, state, value)) {
        if (limits_read(&limits, config) == 0)
            return 0;
        snprintf(problem, size, "%s=%s: must be numbers of processors, as 0,2-3", pair, value);
        return -EINVAL;
    }
    snprintf(problem, size, "%s=%s: must be ", pair, value);
    char range[256];
    worker_option_range(option, range, sizeof range);
    append(problem, size, "%s", range);
    return -EINVAL;
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

static int set_defaults(struct worker_config *config)
{
    const struct worker_class *class_ = config->class_;
    config->options = calloc(1, class_->state_size ? class_->state_size : 1);
    if (!config->options)
        return -ENOMEM;
    for (const struct worker_option *option = worker_common_options; option->key; option++)
        store_default(option, config);
    for (const struct worker_option *option = options_of(class_); option->key; option++)
        store_default(option, (void *)config->options);
    return 0;
}

int worker_config_parse(struct worker_config *config, const struct worker_class *class_,
                        const char *text, char *problem, size_t problem_size)
{
    *config = (struct worker_config){.class_ = class_};
    int error = set_defaults(config);
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
