#include "tools/ringside/serve/chunk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk *chunk_create(size_t size)
{
    struct chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk)
        *chunk = (struct chunk){.holders = 1, .size = size};
    return chunk;
}

struct chunk *chunk_print(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    struct chunk *chunk = chunk_create((size_t)length);
    if (chunk)
        memcpy(chunk->data, text, (size_t)length);
    free(text);
    return chunk;
}

struct chunk *chunk_hold(struct chunk *chunk)
{
    chunk->holders++;
    return chunk;
}

void chunk_drop(struct chunk **chunk)
{
    if (*chunk && --(*chunk)->holders == 0)
        free(*chunk);
    *chunk = NULL;
}
