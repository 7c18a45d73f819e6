#include "tools/ringside/input.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/secret.h"
#include "tools/ringside/text.h"
#include "workers/decoder/source.h"

/* Bytes of an explicit NAME, 0: there is none. */
static size_t explicit_name(const char *argument)
{
    size_t length = text_name_length(argument);
    return argument[length] == '=' ? length : 0;
}

/* A URL's last part, or its host where that has none, or may tell a password; without
 * the query. A path is returned as it is. `shown` is room for the host. */
static const char *without_secrets(const char *input, char shown[256], size_t *length)
{
    *length = strlen(input);
    if (source_kind_of(input) != SOURCE_NETWORK)
        return input;
    source_describe(input, shown, 256);
    const char *host = strstr(shown, "://") + strlen("://");
    const char *behind = strstr(input, host);
    const char *path = behind && *host ? behind + strlen(host) : "";
    *length = strcspn(path, "?#");
    if (*length > 1 && strcspn(path, "=&@:") >= *length)
        return path;
    *length = strlen(host);
    return host;
}

/* The name of what is no file; NULL: it is one, or a URL. */
static const char *well_known(const char *argument)
{
    if (strcmp(argument, "-") == 0)
        return "stdin";
    if (strncmp(argument, "test:", strlen("test:")) == 0)
        return "test";
    return secret_name(argument);
}

/* The file's name without directory and last suffix. */
static void stem(const char *argument, char name[WORKER_CAMERA_NAME_MAX])
{
    size_t end;
    char shown[256];
    const char *known = well_known(argument);
    const char *input = without_secrets(known ? known : argument, shown, &end);
    while (end > 0 && input[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && input[begin - 1] != '/')
        begin--;
    const bool is_host = begin == 0 && source_kind_of(argument) == SOURCE_NETWORK;
    for (size_t dot = end; dot > begin + 1 && !is_host; dot--) {
        if (input[dot - 1] != '.')
            continue;
        end = dot - 1;
        break;
    }
    /* Room is left for a number. */
    snprintf(name, WORKER_CAMERA_NAME_MAX - 8, "%.*s", (int)(end - begin), input + begin);
    for (char *c = name; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '_';
    if (!*name)
        strcpy(name, "camera");
}

int inputs_find(const struct inputs *inputs, const char *name)
{
    for (unsigned i = 0; i < inputs->count; i++)
        if (strcmp(inputs->cameras[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void make_unique(const struct inputs *inputs, char name[WORKER_CAMERA_NAME_MAX])
{
    char *end = name + strlen(name);
    for (unsigned number = 2; inputs_find(inputs, name) >= 0; number++)
        snprintf(end, 8, "-%u", number);
}

static int grow(struct inputs *inputs)
{
    struct supervisor_camera *cameras =
        reallocarray(inputs->cameras, inputs->count + 1, sizeof *cameras);
    if (!cameras)
        return -ENOMEM;
    inputs->cameras = cameras;
    return 0;
}

int inputs_add(struct inputs *inputs, const struct supervisor_camera *like, const char *name,
               const char *input, char *problem, size_t problem_size)
{
    char *copy = strdup(name);
    char *real = NULL;
    int error = copy ? grow(inputs) : -ENOMEM;
    snprintf(problem, problem_size, "%s", strerror(ENOMEM));
    if (!error)
        error = secret_read(&real, input, problem, problem_size);
    if (error) {
        free(copy);
        return error;
    }
    struct supervisor_camera *camera = &inputs->cameras[inputs->count++];
    *camera = *like;
    camera->name = copy;
    camera->input = real;
    return 0;
}

static int add_named(struct inputs *inputs, const struct supervisor_camera *like,
                     const char *argument, size_t length, char *problem, size_t size)
{
    char name[WORKER_CAMERA_NAME_MAX];
    if (length >= sizeof name) {
        snprintf(problem, size, "the name '%.*s' is longer than %d bytes", (int)length, argument,
                 WORKER_CAMERA_NAME_MAX - 1);
        return -EINVAL;
    }
    memcpy(name, argument, length);
    name[length] = '\0';
    if (inputs_find(inputs, name) >= 0) {
        snprintf(problem, size, "two inputs are called '%s'", name);
        return -EINVAL;
    }
    return inputs_add(inputs, like, name, argument + length + 1, problem, size);
}

static int add_by_stem(struct inputs *inputs, const struct supervisor_camera *like,
                       const char *argument, char *problem, size_t size)
{
    char name[WORKER_CAMERA_NAME_MAX];
    stem(argument, name);
    make_unique(inputs, name);
    return inputs_add(inputs, like, name, argument, problem, size);
}

/* Named ones first, so that a stem never takes a name that was asked for; then all
 * in the order given. */
static int parse_pass(struct inputs *inputs, const struct supervisor_camera *like, char **arguments,
                      unsigned count, bool named, struct supervisor_camera *ordered, char *problem,
                      size_t size)
{
    for (unsigned i = 0; i < count; i++) {
        size_t length = explicit_name(arguments[i]);
        if ((length > 0) != named)
            continue;
        if (!arguments[i][length ? length + 1 : 0]) {
            snprintf(problem, size, "'%s' names no input", arguments[i]);
            return -EINVAL;
        }
        int error = named ? add_named(inputs, like, arguments[i], length, problem, size)
                          : add_by_stem(inputs, like, arguments[i], problem, size);
        if (error)
            return error;
        ordered[i] = inputs->cameras[inputs->count - 1];
    }
    return 0;
}

int inputs_parse(struct inputs *inputs, const struct supervisor_camera *like, char **arguments,
                 unsigned count, char *problem, size_t problem_size)
{
    *inputs = (struct inputs){0};
    struct supervisor_camera *ordered = calloc(count + 1, sizeof *ordered);
    int error = ordered ? 0 : -ENOMEM;
    if (error)
        snprintf(problem, problem_size, "%s", strerror(ENOMEM));
    if (!error)
        error = parse_pass(inputs, like, arguments, count, true, ordered, problem, problem_size);
    if (!error)
        error = parse_pass(inputs, like, arguments, count, false, ordered, problem, problem_size);
    if (error) {
        free(ordered);
        inputs_free(inputs);
        return error;
    }
    free(inputs->cameras);
    inputs->cameras = ordered;
    return 0;
}

void inputs_free(struct inputs *inputs)
{
    for (unsigned i = 0; i < inputs->count; i++) {
        free((void *)inputs->cameras[i].name);
        free((void *)inputs->cameras[i].input);
    }
    free(inputs->cameras);
    *inputs = (struct inputs){0};
}
