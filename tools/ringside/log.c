#include "tools/ringside/log.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/ringside/text.h"

static void print_json(enum worker_log_level level, const char *camera, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    json_t *line =
        json_pack("{s:i, s:s, s:s, s:o*, s:o}", "v", 1, "type", "log", "level", names[level],
                  "camera", camera ? text_to_json(camera) : NULL, "text", text_to_json(text));
    char *printed = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (printed)
        fprintf(stderr, "%s\n", printed);
    free(printed);
    json_decref(line);
}

/* Names and FFmpeg's texts come from outside: no control character gets through. */
static void print_text(const char *camera, const char *text)
{
    char line[2048];
    snprintf(line, sizeof line, "ringside: %s%s%s", camera ? camera : "", camera ? ": " : "", text);
    for (char *c = line; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    fprintf(stderr, "%s\n", line);
}

void log_line(const struct log *log, enum worker_log_level level, const char *camera,
              const char *text)
{
    if (level > log->level || level < WORKER_ERROR)
        return;
    if (log->json)
        print_json(level, camera, text);
    else
        print_text(camera, text);
}
