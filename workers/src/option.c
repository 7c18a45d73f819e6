#include "workers/src/option.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers/config.h"

/* -- in words -------------------------------------------------------------------------------- */

void option_append(char *text, size_t size, const char *format, ...)
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
        option_append(text, size, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

void worker_option_range(const struct worker_option *option, char *text, size_t size)
{
    *text = '\0';
    switch (option->type) {
    case WORKER_OPTION_INT:
        option_append(text, size, "a whole number from %.10g to %.10g", option->minimum,
                      option->maximum);
        break;
    case WORKER_OPTION_REAL:
        option_append(text, size, "a number from %.10g to %.10g", option->minimum, option->maximum);
        break;
    case WORKER_OPTION_BOOL:
        option_append(text, size, "yes or no");
        break;
    case WORKER_OPTION_STRING:
        option_append(text, size, "a text of at most %g bytes", option->maximum - 1);
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

bool worker_option_store(const struct worker_option *option, void *object, const char *value)
{
    char *field = (char *)object + option->offset;
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

void worker_option_store_default(const struct worker_option *option, void *object)
{
    char *field = (char *)object + option->offset;
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

const struct worker_option *worker_option_find(const struct worker_option *options, const char *key)
{
    while (options->key && strcmp(options->key, key) != 0)
        options++;
    return options->key ? options : NULL;
}

bool worker_option_alike(const struct worker_option *option, const void *one, const void *other)
{
    const char *a = (const char *)one + option->offset;
    const char *b = (const char *)other + option->offset;
    switch (option->type) {
    case WORKER_OPTION_STRING:
        return strcmp(a, b) == 0;
    case WORKER_OPTION_REAL:
        return memcmp(a, b, sizeof(double)) == 0;
    case WORKER_OPTION_BOOL:
        return memcmp(a, b, sizeof(bool)) == 0;
    default:
        return memcmp(a, b, sizeof(int)) == 0;
    }
}
