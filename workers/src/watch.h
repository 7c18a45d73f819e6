/*
 * What a supervisor waits on: one epoll, in which there are its processes' sockets, pidfds and
 * pipes, its cameras' rings, and two timers: the tick, for what members and feeds have to do in
 * time, and the deadline of an orderly end.
 */
#ifndef WORKERS_SRC_WATCH_H
#define WORKERS_SRC_WATCH_H

struct camera;
struct supervisor;

struct source {
    enum { SOURCE_DECODER, SOURCE_RING, SOURCE_WORKER, SOURCE_DEADLINE, SOURCE_TICK } kind;
    unsigned index; /* of the camera, or the member */
};

/* Makes the epoll and the timers, -1 before. As epoll_create1(2) and timerfd_create(2); what was
 * made is for watch_close all the same. */
int watch_open(struct supervisor *supervisor);
void watch_close(struct supervisor *supervisor);

/* Listens to the camera's decoder, or ring, or the member's worker, from now on, until it is
 * destroyed. */
int watch_decoder(struct camera *camera);
int watch_ring(struct camera *camera);
int watch_worker(struct supervisor *supervisor, unsigned index);

/* Not to this descriptor any more. */
void watch_no_more(struct supervisor *supervisor, int fd);

/* Has the tick come when the first member or feed has something to do. */
void watch_set_tick(struct supervisor *supervisor);

/* Has the deadline come when the time for an orderly end is over. */
void watch_set_deadline(struct supervisor *supervisor);

#endif
