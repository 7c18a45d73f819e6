#include "bench/ringbench/argument.h"

#include <stdlib.h>

double argument_number(struct argp_state *state, const char *text, double minimum, double maximum)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= minimum) || value > maximum)
        argp_error(state, "%s: must be a number from %g to %g", text, minimum, maximum);
    return value;
}

unsigned argument_whole(struct argp_state *state, const char *text, unsigned minimum,
                        unsigned maximum)
{
    double value = argument_number(state, text, minimum, maximum);
    if (value != (unsigned)value)
        argp_error(state, "%s: must be a whole number", text);
    return (unsigned)value;
}
