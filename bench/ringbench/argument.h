/* Numbers on a command line, for argp's parsers. */
#ifndef BENCH_RINGBENCH_ARGUMENT_H
#define BENCH_RINGBENCH_ARGUMENT_H

#include <argp.h>

/* The number that the text is; where it is none, or outside these limits, argp says so and ends the
 * program. */
double argument_number(struct argp_state *state, const char *text, double minimum, double maximum);

/* Likewise, a whole one. */
unsigned argument_whole(struct argp_state *state, const char *text, unsigned minimum,
                        unsigned maximum);

#endif
