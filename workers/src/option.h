/* What options say of themselves in words; the rest of them is public, see config.h. */
#ifndef WORKERS_SRC_OPTION_H
#define WORKERS_SRC_OPTION_H

#include <stddef.h>

/* Adds to the text what fits. */
void option_append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
