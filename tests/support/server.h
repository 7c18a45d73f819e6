/*
 * A web server for a test: on the loopback, in a child process, with the files of one folder.
 *
 *     support_server_start -> the program under test -> support_server_stop
 */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include <stddef.h>

#include <stdint.h>
#include <sys/types.h>

struct support_server {
    pid_t child;
    uint16_t port;
};

/* Serves GET of what is in the folder, each connection to its end. Where `credentials`
 * ("Basic dXNlcjpzZWNyZXQ=") is not NULL, only who shows them gets anything. */
void support_server_start(struct support_server *server, const char *folder,
                          const char *credentials);

void support_server_stop(struct support_server *server);

/* A socket that listens on the loopback, and its port. */
int support_listen(uint16_t *port);

/* Listens where whoever connects is told nothing: a decoder waits for it in libavformat. `input`
 * gets the camera's name and the URL, as `ringside run` takes them. A socket to accept from. */
int support_listen_silently(const char *camera, char *input, size_t size);

#endif
