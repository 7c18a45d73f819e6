/* The inside of the supervisor: its processes and its cameras. */
#ifndef WORKERS_SRC_SUPERVISOR_H
#define WORKERS_SRC_SUPERVISOR_H

#include "libring/ring.h"
#include "workers/src/feed.h"
#include "workers/src/member.h"
#include "workers/supervisor.h"

/* A worker's part in a camera. */
enum seat_state {
    SEAT_EMPTY, /* not asked, through, or its worker is dead */
    SEAT_ASKED, /* WORKER_ACTIVATE sent */
    SEAT_TAKEN, /* attached to the ring */
};

struct seat {
    enum seat_state state;
    unsigned place;              /* in the ring's table, when taken */
    struct worker_counts counts; /* when it has left */
    bool was_away;               /* its worker died and came back: what it missed is skipped */
};

struct camera {
    struct supervisor *supervisor;
    unsigned number;
    char *name, *input;
    struct supervisor_camera wanted;
    struct camera *before; /* of the same name, which has to end first; NULL: none */
    int64_t leave_ns;      /* monotonic, when its decoder is killed, as it is to go; 0: it stays */
    enum supervisor_camera_state state;
    struct decoder *decoder; /* NULL: gone */
    pid_t pid;               /* the decoder's, also of a dead one */
    struct words words;      /* the decoder's */
    struct decoder_config decoder_config;
    struct pulse pulse;
    struct restart restart;
    int64_t restart_ns;       /* monotonic, when another decoder is started; 0: none is */
    int64_t active_before_ns; /* while those before it were at work */
    bool has_key;             /* the decoder can write into the ring */
    bool waits;               /* the decoder, for us to say that the ring is ready */
    bool done;                /* no decoder has anything more to say */
    enum worker_outcome outcome;
    struct worker_stream stream;
    struct worker_progress progress;
    unsigned connections; /* of a stream, so far */
    bool connected;       /* by the last of them */
    struct ring *ring;
    uint64_t slot_size; /* of the ring */
    struct seat *seats; /* one for each worker */
    struct source decoder_source, ring_source;
};

struct supervisor {
    struct supervisor_config config;
    struct camera **cameras; /* by their numbers; those that have ended, too */
    unsigned camera_count;
    struct member *members;
    struct source deadline_source, tick_source;
    int epoll;
    int deadline;                   /* timerfd for an orderly end */
    int tick;                       /* timerfd for what the members have to do in time */
    int64_t tick_ns;                /* monotonic, for when it is set; INT64_MAX: not at all */
    void (*turn)(void *user);       /* in supervisor_run_inline */
    bool running_backs;             /* in this process, now */
    bool busy;                      /* some of them had something to do */
    double rates[RING_READERS_MAX]; /* that the workers ask for, as in struct decoder_config */
    unsigned rate_count;
    char *rings; /* their names, as worker_config.rings */
    bool stopped;
    bool ending; /* all cameras have ended, and workers are told to */
    enum supervisor_outcome outcome;
    struct worker_message message; /* the one being handled */
};

void supervisor_log(struct supervisor *supervisor, enum worker_log_level level, const char *camera,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The run's outcome is at least as bad as this from now on. */
void supervisor_worsen(struct supervisor *supervisor, enum supervisor_outcome outcome);

/* Takes what a process has sent, a bounded amount of it, or notices its end. */
void mail_from_decoder(struct camera *camera);
void mail_from_worker(struct supervisor *supervisor, unsigned index);

/* Lets the workers that are in this process work. What one of them says may not fit, and
 * have us called again: then nothing is done. */
void inline_run_backs(struct supervisor *supervisor);

/* Calls the caller's turn, where somebody in this process waits; `user` is the
 * supervisor. */
void supervisor_turn(void *user);

/* The name that a camera's ring has, or will have. */
void camera_ring_name(unsigned number, const char *camera, char name[RING_NAME_MAX + 1]);

/* NULL when out of memory. */
struct camera *camera_create(struct supervisor *supervisor, unsigned number,
                             const struct supervisor_camera *wanted);
void camera_destroy(struct camera *camera);

/* Starts its decoder; on an error it has ended. */
int camera_begin(struct camera *camera);

/* Ends its stream in order. */
void camera_stop(struct camera *camera);

/* What happens to a camera. Each moves it on as far as it can go. */
void camera_stream(struct camera *camera, const struct worker_stream *stream);
void camera_seat_taken(struct camera *camera, unsigned worker, int place_or_error);
/* It did not understand that it was asked; false: it was not asked. */
bool camera_seat_refused(struct camera *camera, unsigned worker, const char *why);
void camera_seat_left(struct camera *camera, unsigned worker, const struct worker_counts *counts);
void camera_worker_died(struct camera *camera, unsigned worker);
void camera_worker_back(struct camera *camera, unsigned worker); /* a new one in its place */
void camera_decoder_done(struct camera *camera, enum worker_outcome outcome);

#endif
