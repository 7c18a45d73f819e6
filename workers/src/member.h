/*
 * A worker as the supervisor keeps it.
 *
 * Life story. It is spawned, and spawned again when it dies, by the rules of
 * restart.h. While it runs it is pinged, and one that gives no sign of life for
 * hang_timeout, no message and no pong, is killed by the rules of pulse.h. What it said
 * last is remembered, and told with its death.
 *
 * Dead is a worker whose process has ended, and no other.
 *
 *   RUNNING --dies--> WAITING --delay over--> RUNNING
 *   RUNNING --told to stop, and ends; or dies too often--> GONE
 */
#ifndef WORKERS_SRC_MEMBER_H
#define WORKERS_SRC_MEMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "workers/src/pulse.h"
#include "workers/src/restart.h"
#include "workers/src/watch.h"
#include "workers/src/words.h"

struct supervisor;
struct worker_message;

struct member {
    struct worker *worker; /* NULL: it does not run */
    pid_t pid;
    bool stopping;
    bool measured; /* its memory has been told */

    struct restart restart;
    int64_t restart_ns; /* monotonic, when it is to be started again; 0: it is not */

    struct pulse pulse;
    struct words words;
    struct source source;
};

int member_spawn(struct supervisor *supervisor, unsigned index);

/* A line of log is remembered. */
void member_said(struct member *member, const struct worker_message *message);

/* Puts what it has printed into the log. */
void member_listen(struct supervisor *supervisor, unsigned index);

/* Tells the log, where it is to be verbose, what its memory costs; once. */
void member_measure(struct supervisor *supervisor, unsigned index);

/* It has closed its end of the socket: it is to end soon, or is killed. */
void member_hung_up(struct supervisor *supervisor, unsigned index);

/* Its process has ended. */
void member_gone(struct supervisor *supervisor, unsigned index);

/* Runs, or will again. */
bool member_is_left(const struct member *member);

/* When member_tick has something to do, monotonic; INT64_MAX: never. */
int64_t member_due(const struct member *member);
void member_tick(struct supervisor *supervisor, unsigned index, int64_t now_ns);

#endif
