/* The worker classes there are, for people. */
#ifndef TOOLS_RINGSIDE_WORKERS_H
#define TOOLS_RINGSIDE_WORKERS_H

/* Prints every class with its options to standard output, then those of all. */
void workers_print(void);

#endif
