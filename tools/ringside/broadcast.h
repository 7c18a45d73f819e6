/*
 * A run's events for other programs of its user on this machine.
 *
 * Life story. A run opens its broadcast; who connects to its socket gets each event from then on as
 * a packet. Nobody who listens can hold the run up: for whom there is no room in the socket the
 * event is lost, and the next one that fits is preceded by a packet that says how many were. What
 * the run's child processes inherit of it they close as they do all else.
 *
 * The socket is of type SOCK_SEQPACKET and has an abstract address, which goes with the process.
 */
#ifndef TOOLS_RINGSIDE_BROADCAST_H
#define TOOLS_RINGSIDE_BROADCAST_H

#include <sys/types.h>

#define BROADCAST_LISTENERS_MAX 16

struct broadcast;

/* Errors as socket(2) and its kin. */
int broadcast_open(struct broadcast **out);

/* NULL-safe, as all of these. */
void broadcast_close(struct broadcast **broadcast);

/* Readable when somebody comes or goes; -1 for NULL. */
int broadcast_fd(const struct broadcast *broadcast);

void broadcast_dispatch(struct broadcast *broadcast);

/* A line without its end. */
void broadcast_line(struct broadcast *broadcast, const char *line);

/* A descriptor for the events of the run of that pid: non-blocking, recv(2) gives one at a time. As
 * connect(2); -EACCES when who answers there is another user. */
int broadcast_listen(pid_t run);

#endif
