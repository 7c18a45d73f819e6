/*
 * What processes cost, by /proc.
 *
 * Life story. A table begins empty. In each look process_look is asked for the processes of
 * interest, which are looked at once each, however often they are asked for; process_forget
 * then drops those that nobody asked for. What a table gives is good until it forgets it.
 */
#ifndef TOOLS_RINGSIDE_PROCESS_H
#define TOOLS_RINGSIDE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of a process that can't be looked at the title is "" and the rest 0. */
struct process_use {
    pid_t pid;
    char title[48];     /* as ps shows it, without "ringside: " */
    bool ours;          /* it had that before it: no argument is in the title */
    uint64_t ticks;     /* of a processor, ever */
    double cpu;         /* processors, since the look before */
    int64_t memory;     /* bytes, its proportional share, without the rings */
    unsigned last_look; /* the table's */
};

struct process_table {
    unsigned look;  /* number of the present one, from 1 */
    double seconds; /* since the one before, 0: there was none */
    unsigned count;
    struct process_use **processes;
};

/* Begins the next look. */
void process_begin(struct process_table *table, double seconds);

/* NULL for no pid, or without memory. */
const struct process_use *process_look(struct process_table *table, pid_t pid);

void process_forget(struct process_table *table);

void process_free(struct process_table *table);

#endif
