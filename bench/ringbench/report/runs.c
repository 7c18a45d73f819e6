#include "bench/ringbench/report/runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_lines(json_t *rows, FILE *file, unsigned *number)
{
    char *line = NULL;
    size_t size = 0;
    int error = 0;
    for (*number = 1; !error && getline(&line, &size, file) >= 0; ++*number) {
        json_t *row = json_loads(line, 0, NULL);
        if (json_is_object(row))
            json_array_append(rows, row);
        else
            error = -EINVAL;
        json_decref(row);
    }
    --*number;
    free(line);
    return error;
}

int runs_read(struct runs *runs, const char *path, unsigned *line)
{
    *line = 0;
    if (runs->count == RUNS_MAX)
        return -E2BIG;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file)
        return -errno;
    json_t *rows = json_array();
    runs->rows[runs->count++] = rows;
    int error = read_lines(rows, file, line);
    if (file != stdin)
        fclose(file);
    return error;
}

void runs_free(struct runs *runs)
{
    while (runs->count > 0)
        json_decref(runs->rows[--runs->count]);
}

json_t *runs_select(const struct runs *runs, bool wants(const json_t *row, const void *user),
                    const void *user)
{
    json_t *best = json_array();
    for (unsigned i = 0; i < runs->count; i++) {
        json_t *found = json_array(), *row;
        size_t at;
        json_array_foreach(runs->rows[i], at, row) if (wants(row, user))
            json_array_append(found, row);
        if (json_array_size(found) > json_array_size(best)) {
            json_t *old = best;
            best = found;
            found = old;
        }
        json_decref(found);
    }
    return best;
}

const char *row_text(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

double row_number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}
