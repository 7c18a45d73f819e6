#include "tools/ringside/serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* Splits the text into a host, "" where there is none, and a port. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':');
    const char *begin = text;
    size_t length = colon ? (size_t)(colon - text) : 0;
    *port = colon ? colon + 1 : text;
    if (length >= 2 && *text == '[' && text[length - 1] == ']') {
        begin++;
        length -= 2;
    } else if (memchr(text, ':', length)) {
        return false; /* IPv6 without brackets */
    }
    snprintf(host, size, "%.*s", (int)length, begin);
    return length < size && **port && strspn(*port, "0123456789") == strlen(*port) &&
           strlen(*port) <= 5 && strtoul(*port, NULL, 10) <= UINT16_MAX;
}

int listen_parse(struct listen_address *out, const char *text, char *problem, size_t size)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    char host[256];
    const char *port;
    if (!split(text, host, sizeof host, &port)) {
        snprintf(problem, size, "must be ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080");
        return -EINVAL;
    }
    int error = getaddrinfo(*host ? host : "127.0.0.1", port, &hints, &found);
    if (error) {
        snprintf(problem, size, "%s", gai_strerror(error));
        return -EINVAL;
    }
    *out = (struct listen_address){.length = found->ai_addrlen,
                                   .loopback = is_loopback(found->ai_addr)};
    memcpy(&out->address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

int listen_open(const struct listen_address *address)
{
    const int on = 1;
    int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&address->address, address->length) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

void listen_url(int socket, char *text, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "", port[8] = "";
    getsockname(socket, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(text, size, strchr(host, ':') ? "http://[%s]:%s/" : "http://%s:%s/", host, port);
}
