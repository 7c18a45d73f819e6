#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/front.h"

static const struct worker_option no_options[] = {{.key = NULL}};

static const struct worker_option *options_of(const struct worker_class *class_)
{
    return class_->options ? class_->options : no_options;
}

static void store(const struct worker_option *option, void *state, double value)
{
    char *field = (char *)state + option->offset;
    if (option->type == WORKER_OPTION_INT) {
        int number = (int)value;
        memcpy(field, &number, sizeof number);
    } else {
        memcpy(field, &value, sizeof value);
    }
}

static int set_policy(const char *value, enum ring_policy *policy, char *problem, size_t size)
{
    static const char *const names[] = {"lossless", "lossy", "latest"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) != 0)
            continue;
        *policy = (enum ring_policy)i;
        return 0;
    }
    snprintf(problem, size, "policy=%s: must be lossless, lossy or latest", value);
    return -EINVAL;
}

static int set_option(const struct worker_option *option, const char *value, void *state,
                      char *problem, size_t size)
{
    char *end;
    double number = strtod(value, &end);
    bool whole = option->type != WORKER_OPTION_INT || number == trunc(number);
    if (end == value || *end || !whole || !(number >= option->minimum) ||
        !(number <= option->maximum)) {
        snprintf(problem, size, "%s=%s: must be a%s number from %g to %g", option->key, value,
                 option->type == WORKER_OPTION_INT ? " whole" : "", option->minimum,
                 option->maximum);
        return -EINVAL;
    }
    store(option, state, number);
    return 0;
}

static void name_keys(const struct worker_class *class_, const char *key, char *problem,
                      size_t size)
{
    int length = snprintf(problem, size, "no option '%s'; there are: policy", key);
    for (const struct worker_option *option = options_of(class_); option->key; option++)
        if (length > 0 && (size_t)length < size)
            length += snprintf(problem + length, size - (size_t)length, ", %s", option->key);
}

static int set_pair(const struct worker_class *class_, char *pair, enum ring_policy *policy,
                    void *state, char *problem, size_t size)
{
    char *value = strchr(pair, '=');
    if (!value) {
        snprintf(problem, size, "'%s' is not KEY=VALUE", pair);
        return -EINVAL;
    }
    *value++ = '\0';
    if (strcmp(pair, "policy") == 0)
        return set_policy(value, policy, problem, size);
    for (const struct worker_option *option = options_of(class_); option->key; option++)
        if (strcmp(pair, option->key) == 0)
            return set_option(option, value, state, problem, size);
    name_keys(class_, pair, problem, size);
    return -EINVAL;
}

int worker_options_parse(const struct worker_class *class_, const char *text,
                         enum ring_policy *policy, void *state, char *problem, size_t problem_size)
{
    *policy = RING_LOSSLESS;
    memset(state, 0, class_->state_size);
    for (const struct worker_option *option = options_of(class_); option->key; option++)
        store(option, state, option->initial);
    if (!text)
        return 0;
    char *copy = strdup(text);
    if (!copy) {
        snprintf(problem, problem_size, "%s", strerror(ENOMEM));
        return -ENOMEM;
    }
    int error = 0;
    char *rest = copy;
    for (char *pair; !error && (pair = strsep(&rest, ","));)
        error = set_pair(class_, pair, policy, state, problem, problem_size);
    free(copy);
    return error;
}
