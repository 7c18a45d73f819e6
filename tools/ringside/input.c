#include "tools/ringside/input.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* Bytes of an explicit NAME, 0: there is none. */
static size_t explicit_name(const char *argument)
{
    size_t length = strspn(argument, NAME_CHARACTERS);
    return argument[length] == '=' ? length : 0;
}

/* A URL's path, or its host where it has none; what may hold a password, the query
 * and what stands before the '@', is left out. A path is returned as it is. */
static const char *without_secrets(const char *input, size_t *length)
{
    const char *scheme = strstr(input, "://");
    *length = strlen(input);
    if (!scheme)
        return input;
    const char *host = scheme + strlen("://");
    const char *path = host + strcspn(host, "/?#");
    for (const char *c = host; c < path; c++)
        if (*c == '@')
            host = c + 1;
    const char *end = path + strcspn(path, "?#");
    const char *begin = end - path > 1 ? path : host;
    *length = (size_t)(end - begin);
    return begin;
}

/* The name of what is no file; NULL: it is one, or a URL. */
static const char *well_known(const char *argument)
{
    if (strcmp(argument, "-") == 0)
        return "stdin";
    return strncmp(argument, "test:", strlen("test:")) == 0 ? "test" : NULL;
}

/* The file's name without directory and last suffix. */
static void stem(const char *argument, char name[WORKER_CAMERA_NAME_MAX])
{
    size_t end;
    const char *known = well_known(argument);
    const char *input = without_secrets(known ? known : argument, &end);
    while (end > 0 && input[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && input[begin - 1] != '/')
        begin--;
    const bool is_host = begin == 0 && input != argument;
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

static bool is_taken(const struct inputs *inputs, const char *name)
{
    for (unsigned i = 0; i < inputs->count; i++)
        if (strcmp(inputs->cameras[i].name, name) == 0)
            return true;
    return false;
}

static void make_unique(const struct inputs *inputs, char name[WORKER_CAMERA_NAME_MAX])
{
    char *end = name + strlen(name);
    for (unsigned number = 2; is_taken(inputs, name); number++)
        snprintf(end, 8, "-%u", number);
}

static int add(struct inputs *inputs, const char *name, const char *input)
{
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    inputs->cameras[inputs->count++] = (struct supervisor_camera){.name = copy, .input = input};
    return 0;
}

static int add_named(struct inputs *inputs, const char *argument, size_t length, char *problem,
                     size_t size)
{
    char name[WORKER_CAMERA_NAME_MAX];
    if (length >= sizeof name) {
        snprintf(problem, size, "the name in '%s' is longer than %d bytes", argument,
                 WORKER_CAMERA_NAME_MAX - 1);
        return -EINVAL;
    }
    memcpy(name, argument, length);
    name[length] = '\0';
    if (is_taken(inputs, name)) {
        snprintf(problem, size, "two inputs are called '%s'", name);
        return -EINVAL;
    }
    return add(inputs, name, argument + length + 1);
}

static int add_by_stem(struct inputs *inputs, const char *argument)
{
    char name[WORKER_CAMERA_NAME_MAX];
    stem(argument, name);
    make_unique(inputs, name);
    return add(inputs, name, argument);
}

/* Named ones first, so that a stem never takes a name that was asked for; then all
 * in the order given. */
static int parse_pass(struct inputs *inputs, char **arguments, unsigned count, bool named,
                      struct supervisor_camera *ordered, char *problem, size_t size)
{
    for (unsigned i = 0; i < count; i++) {
        size_t length = explicit_name(arguments[i]);
        if ((length > 0) != named)
            continue;
        if (!arguments[i][length ? length + 1 : 0]) {
            snprintf(problem, size, "'%s' names no input", arguments[i]);
            return -EINVAL;
        }
        int error = named ? add_named(inputs, arguments[i], length, problem, size)
                          : add_by_stem(inputs, arguments[i]);
        if (error)
            return error;
        ordered[i] = inputs->cameras[inputs->count - 1];
    }
    return 0;
}

int inputs_parse(struct inputs *inputs, char **arguments, unsigned count, char *problem,
                 size_t problem_size)
{
    *inputs = (struct inputs){.cameras = calloc(count + 1, sizeof *inputs->cameras)};
    struct supervisor_camera *ordered = calloc(count + 1, sizeof *ordered);
    int error = inputs->cameras && ordered ? 0 : -ENOMEM;
    if (error)
        snprintf(problem, problem_size, "%s", strerror(ENOMEM));
    if (!error)
        error = parse_pass(inputs, arguments, count, true, ordered, problem, problem_size);
    if (!error)
        error = parse_pass(inputs, arguments, count, false, ordered, problem, problem_size);
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
    for (unsigned i = 0; i < inputs->count; i++)
        free((void *)inputs->cameras[i].name);
    free(inputs->cameras);
    *inputs = (struct inputs){0};
}
