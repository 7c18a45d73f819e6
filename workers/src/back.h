/* The inside of the back: the worker's process and the cameras it serves. */
#ifndef WORKERS_SRC_BACK_H
#define WORKERS_SRC_BACK_H

#include "libring/waitset.h"
#include "workers/back.h"
#include "workers/src/picture.h"

struct worker_camera {
    struct worker_camera *next;
    struct worker_back *back;
    unsigned number; /* the front's */
    char name[WORKER_CAMERA_NAME_MAX];
    struct ring_reader *reader; /* NULL: not attached */
    struct picture picture;
    void *state;
    bool seen; /* a frame; the next two are its */
    uint64_t seq;
    double pts;
    int64_t idle_ns; /* monotonic, when idle__ is due */
};

struct worker_back {
    const struct worker_config *config;
    int control;
    struct ring_waitset *waitset;
    struct worker_camera *cameras; /* a list */
    struct worker_camera *self;    /* stands for the worker in messages about no camera */
    bool stop;
    bool look;                /* a ring may have something */
    int epoll;                /* all that there is to hear */
    int timer;                /* for idle__ in another's loop, -1: in the built-in one */
    void (*wait)(void *user); /* NULL: sleep in send */
    void *user;
    struct worker_message message; /* the one being handled */
};

int64_t back_now_ns__(void);

/* Sends a message to the front. */
int back_send__(struct worker_camera *camera, unsigned type, int value, const void *payload,
                size_t size, int descriptor);

/* A camera with its state, in no list yet. NULL when out of memory. */
struct worker_camera *back_camera_create__(struct worker_back *back, unsigned number,
                                           const char *name);
/* Detaches it, takes it out of the list and frees it. */
void back_camera_destroy__(struct worker_camera *camera);

/* The back's camera of that number, NULL: none. */
struct worker_camera *back_camera_find__(const struct worker_back *back, unsigned number);

/* Attaches to the ring and answers with the place, from where on every frame counts,
 * or with what is in the way. */
void back_camera_activate__(struct worker_back *back, unsigned number,
                            const struct worker_activate *activate);

/* The camera's stream is over for this worker (0), or it gives up on it. */
void back_camera_deactivate__(struct worker_camera *camera, int error);

/* Gives the frame to the class. An error is the end for this camera. */
int back_camera_show__(struct worker_camera *camera, const struct ring_view *view);

/* Calls idle__ of those for whom it is time, and returns how many milliseconds the
 * next one has; -1: there is none. */
int back_cameras_idle__(struct worker_back *back);

#endif
