#include "tests/support/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/require.h"

struct part {
    int listener;
    const char *folder, *credentials;
};

int support_listen(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    support_require(fd >= 0);
    support_require(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    support_require(listen(fd, 16) == 0);
    support_require(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* To the empty line that ends it. */
static bool read_request(int connection, char *request, size_t size)
{
    size_t used = 0;
    while (used + 1 < size) {
        ssize_t count = recv(connection, request + used, size - 1 - used, 0);
        if (count <= 0)
            return false;
        used += (size_t)count;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void answer(int connection, const char *status, long long length)
{
    char head[256];
    int size = snprintf(
        head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %lld\r\nConnection: close\r\n%s\r\n",
        status, length, *status == '4' ? "WWW-Authenticate: Basic realm=\"camera\"\r\n" : "");
    send(connection, head, (size_t)size, MSG_NOSIGNAL);
}

static void send_file(int connection, const char *folder, const char *name)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        answer(connection, "404 Not Found", 0);
        return;
    }
    answer(connection, "200 OK", status.st_size);
    while (sendfile(connection, fd, NULL, 1 << 20) > 0)
        ;
    close(fd);
}

static void serve(void *argument)
{
    const struct part *part = argument;
    for (;;) {
        char request[4096], name[256];
        int connection = accept4(part->listener, NULL, NULL, SOCK_CLOEXEC);
        support_require(connection >= 0);
        if (!read_request(connection, request, sizeof request) ||
            sscanf(request, "GET /%255[^ ?]", name) != 1)
            answer(connection, "400 Bad Request", 0);
        else if (part->credentials && !strstr(request, part->credentials))
            answer(connection, "401 Unauthorized", 0);
        else
            send_file(connection, part->folder, name);
        close(connection);
    }
}

void support_server_start(struct support_server *server, const char *folder,
                          const char *credentials)
{
    struct part part = {.folder = folder, .credentials = credentials};
    part.listener = support_listen(&server->port);
    signal(SIGPIPE, SIG_IGN);
    server->child = support_fork(serve, &part);
    close(part.listener);
}

void support_server_stop(struct support_server *server)
{
    support_kill(server->child);
}

int support_listen_silently(const char *camera, char *input, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(input, size, "%s=tcp://127.0.0.1:%d", camera, ntohs(address.sin_port));
    return fd;
}
