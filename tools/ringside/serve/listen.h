/* The address that a server listens at. */
#ifndef TOOLS_RINGSIDE_SERVE_LISTEN_H
#define TOOLS_RINGSIDE_SERVE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct listen_address {
    struct sockaddr_storage address;
    socklen_t length;
    bool loopback; /* only this machine reaches it */
};

/* ADDRESS:PORT, [ADDRESS]:PORT or PORT, which is the loopback's. -EINVAL, with a line in `problem`.
 */
int listen_parse(struct listen_address *out, const char *text, char *problem, size_t size);

/* A socket that listens there, or a negative errno. */
int listen_open(const struct listen_address *address);

/* Where that is, as a URL. */
void listen_url(int socket, char *text, size_t size);

#endif
