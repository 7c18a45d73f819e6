#include "tools/ringside/commands.h"

#include <stdarg.h>
#include <stdio.h>

int command_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "ringside %s: ", command);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; see 'ringside help %s'\n", command);
    va_end(arguments);
    return EXIT_USAGE;
}
