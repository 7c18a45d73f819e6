#include "tools/ringside/serve/discreet.h"

#include <stdio.h>
#include <string.h>

static void shorten(json_t *value)
{
    const char *text = json_string_value(value);
    const char *slash = text ? strrchr(text, '/') : NULL;
    json_t *rest = slash ? json_string(slash + 1) : NULL;
    if (rest)
        json_string_set(value, json_string_value(rest));
    else if (slash)
        json_string_set(value, "");
    json_decref(rest);
}

void discreet_json(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    shorten(value);
    json_object_del(value, "log");
    json_object_foreach(value, key, member) discreet_json(member);
    json_array_foreach(value, i, member) discreet_json(member);
}

void discreet_title(const struct process_use *process, char *title, size_t size)
{
    const size_t length = process->ours ? strlen(process->title) : strcspn(process->title, " ");
    const char *begin = process->title, *slash;
    while (!process->ours &&
           (slash = memchr(begin, '/', length - (size_t)(begin - process->title))))
        begin = slash + 1;
    snprintf(title, size, "%.*s", (int)(length - (size_t)(begin - process->title)), begin);
}
