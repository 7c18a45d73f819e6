/*
 * Whether a process is alive, by what it says.
 *
 * Life story. It begins when the process is started. From then on it is checked some times in
 * each timeout: heard of since the last check, the process lives; else it is asked for a sign
 * of life. One that has not given any for as many checks as there are in a timeout hangs: it is
 * aborted, for a core file to tell what it hung in, and killed if it is there a little later.
 *
 * It is measured by checks and not by the clock: after the whole machine has slept, or we have,
 * the process gets its time.
 */
#ifndef WORKERS_SRC_PULSE_H
#define WORKERS_SRC_PULSE_H

#include <stdbool.h>
#include <stdint.h>

struct pulse {
    int64_t timeout_ns; /* 0: it is never checked */
    int64_t check_ns;   /* monotonic, of the next check; 0: none */
    bool heard;         /* since the last one */
    unsigned silent;    /* checks in a row in which it was not */
    bool condemned;     /* killed at the next check */
};

enum pulse_verdict {
    PULSE_ASK,   /* for a sign of life */
    PULSE_ABORT, /* it hangs */
    PULSE_KILL,  /* it still does */
};

void pulse_begin(struct pulse *pulse, double timeout_seconds);

/* Nothing is checked any more. */
void pulse_end(struct pulse *pulse);

/* The process gave a sign of life. */
void pulse_heard(struct pulse *pulse);

/* It is to have ended by then, or is killed. Said again, that gives it no more time. */
void pulse_condemn(struct pulse *pulse, int64_t within_ns);

/* When the next check is due, monotonic; INT64_MAX: never. */
int64_t pulse_due(const struct pulse *pulse);

/* The check. `fd` is our end of its socket: if something waits there, it waits for us to read,
 * and not we for it. */
enum pulse_verdict pulse_check(struct pulse *pulse, int fd);

#endif
