#include "tools/ringside/secret.h"

#include <bsd/unistd.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/decoder/source.h"

#define VARIABLE "env:"

static bool is_variable(const char *input)
{
    return strncmp(input, VARIABLE, strlen(VARIABLE)) == 0;
}

const char *secret_name(const char *input)
{
    if (*input == '@')
        return input + 1;
    return is_variable(input) ? input + strlen(VARIABLE) : NULL;
}

static int read_first_line(char **out, const char *path, char *problem, size_t size)
{
    size_t capacity = 0;
    FILE *file = fopen(path, "re");
    errno = file ? 0 : errno;
    ssize_t length = file ? getline(out, &capacity, file) : -1;
    int error = length < 0 ? (errno ? -errno : -ENODATA) : 0;
    if (file)
        fclose(file);
    if (!error) {
        (*out)[strcspn(*out, "\r\n")] = '\0';
        if (**out)
            return 0;
        error = -ENODATA;
    }
    free(*out);
    *out = NULL;
    snprintf(problem, size, "@%s: %s", path,
             error == -ENODATA ? "its first line is empty" : strerror(-error));
    return error;
}

/* Variables that were taken out of the environment, for who reads them again. */
static struct taken {
    struct taken *next;
    char *name, *value;
} * all_taken;

static const char *find_taken(const char *name)
{
    const struct taken *taken = all_taken;
    while (taken && strcmp(taken->name, name) != 0)
        taken = taken->next;
    return taken ? taken->value : NULL;
}

static int take_variable(const char *name)
{
    const char *value = getenv(name);
    struct taken *taken = value && *value ? calloc(1, sizeof *taken) : NULL;
    if (!taken)
        return value && *value ? -ENOMEM : -ENOENT;
    *taken = (struct taken){all_taken, strdup(name), strdup(value)};
    if (!taken->name || !taken->value) {
        free(taken->name);
        free(taken->value);
        free(taken);
        return -ENOMEM;
    }
    all_taken = taken;
    unsetenv(name);
    return 0;
}

static int read_variable(char **out, const char *name, char *problem, size_t size)
{
    int error = find_taken(name) ? 0 : take_variable(name);
    if (error == -ENOENT)
        snprintf(problem, size, "env:%s: there is no such variable", name);
    if (!error)
        *out = strdup(find_taken(name));
    return error || *out ? error : -ENOMEM;
}

int secret_read(char **out, const char *input, char *problem, size_t size)
{
    *out = NULL;
    if (*input == '@')
        return read_first_line(out, input + 1, problem, size);
    if (is_variable(input))
        return read_variable(out, input + strlen(VARIABLE), problem, size);
    *out = strdup(input);
    return *out ? 0 : -ENOMEM;
}

/* An argument as it may be shown; INPUT or NAME=INPUT, or an option. */
static void show(const char *argument, char *text, size_t size)
{
    const char *colon = strchr(argument, ':');
    const char *equals = strchr(argument, '=');
    const char *input = equals && colon && equals < colon ? equals + 1 : argument;
    char shown[512];
    source_describe(input, shown, sizeof shown);
    snprintf(text, size, "%.*s%s", (int)(input - argument), argument, shown);
}

void secret_hide(int argc, char **argv)
{
    bool secret = false;
    char title[4096] = "ringside", argument[1024];
    for (int i = 0; i < argc; i++) {
        const size_t used = strlen(title);
        show(argv[i], argument, sizeof argument);
        secret = secret || strcmp(argument, argv[i]) != 0;
        snprintf(title + used, sizeof title - used, " %s", argument);
    }
    if (secret)
        setproctitle("-%s", title);
}
