#include "tools/ringside/serve/http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/ringside/serve/site.h"

/* A connection. */
struct client {
    struct client *next, *previous;
    int fd;
    bool watching;    /* a stream, which has a time limit of its own */
    bool dropped;     /* told to go */
    int64_t since_ms; /* when it came, or its last reply was over */
};

struct http {
    struct MHD_Daemon *daemon;
    struct access *access;
    struct site *site;
    struct client *first, *last; /* the last has been here longest */
    struct http_counts counts;
    unsigned asking;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* -- clients ------------------------------------------------------------------------------------
 */

static void enter(struct http *http, struct client *client)
{
    client->since_ms = now_ms();
    client->next = http->first;
    client->previous = NULL;
    *(client->next ? &client->next->previous : &http->last) = client;
    http->first = client;
}

static void leave(struct http *http, const struct client *client)
{
    *(client->previous ? &client->previous->next : &http->first) = client->next;
    *(client->next ? &client->next->previous : &http->last) = client->previous;
}

/* libmicrohttpd sees its end, and closes it. */
static void drop(struct http *http, struct client *client)
{
    client->dropped = true;
    http->counts.dropped++;
    shutdown(client->fd, SHUT_RDWR);
}

static void drop_slowest(struct http *http)
{
    struct client *client = http->last;
    while (client && (client->watching || client->dropped))
        client = client->previous;
    if (client)
        drop(http, client);
}

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *http = user;
    struct client *client = *context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        http->counts.connections--;
        http->asking -= client && !client->watching;
        if (client)
            leave(http, client);
        free(client);
        *context = NULL;
        return;
    }
    http->counts.connections++;
    client = calloc(1, sizeof *client);
    *context = client;
    if (!client)
        return; /* it has libmicrohttpd's time limit only */
    client->fd =
        mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    enter(http, client);
    if (++http->asking > HTTP_ASKING_MAX)
        drop_slowest(http);
}

static void on_reply_over(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_RequestTerminationCode how)
{
    struct http *http = user;
    struct client *client = client_of(connection);
    (void)how;
    *context = NULL;
    if (!client)
        return;
    http->asking += client->watching;
    client->watching = false;
    leave(http, client);
    enter(http, client);
}

/* -- requests -----------------------------------------------------------------------------------
 */

static struct site_reply refuse(const struct http *http, enum access_verdict verdict)
{
    struct site_reply reply = {.status = MHD_HTTP_UNAUTHORIZED};
    if (verdict == ACCESS_STRANGE) {
        reply.status = MHD_HTTP_MISDIRECTED_REQUEST;
        reply.response = site_text("This address is not served under that name.\n");
        return reply;
    }
    reply.response =
        site_text("The token (/?token=...), or name and password, are missing or wrong.\n");
    if (reply.response && http->access->password)
        mhd.MHD_add_response_header(reply.response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                    "Basic realm=\"ringside\", charset=\"UTF-8\"");
    if (reply.response && http->access->token)
        mhd.MHD_add_response_header(reply.response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    return reply;
}

static struct site_reply decide(struct http *http, struct MHD_Connection *connection,
                                const char *path, const char *method)
{
    const enum access_verdict verdict = access_check(http->access, connection);
    http->counts.requests++;
    if (verdict == ACCESS_UNKNOWN || verdict == ACCESS_STRANGE) {
        http->counts.refused++;
        return refuse(http, verdict);
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        struct site_reply reply = {MHD_HTTP_METHOD_NOT_ALLOWED,
                                   site_text("There is only GET and HEAD here.\n"), false};
        if (reply.response)
            mhd.MHD_add_response_header(reply.response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        return reply;
    }
    if (verdict == ACCESS_BY_LINK && strcmp(path, "/") == 0)
        return (struct site_reply){MHD_HTTP_SEE_OTHER, site_welcome(http->access->token), false};
    return site_answer(http->site, connection, path);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    static char seen;
    struct http *http = user;
    (void)version, (void)upload;
    if (!*context) { /* only the head is there */
        *context = &seen;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    const struct site_reply reply = decide(http, connection, path, method);
    if (!reply.response)
        return MHD_NO;
    struct client *client = client_of(connection);
    if (client && reply.goes_on && !client->watching) {
        client->watching = true;
        http->asking--;
    }
    enum MHD_Result result = mhd.MHD_queue_response(connection, reply.status, reply.response);
    mhd.MHD_destroy_response(reply.response);
    return result;
}

/* -- the server ---------------------------------------------------------------------------------
 */

int http_create(struct http **out, int listener, struct access *access, struct site *site)
{
    int error = mhd_load();
    struct http *http = error ? NULL : calloc(1, sizeof *http);
    *out = http;
    if (!http) {
        close(listener);
        return error ? error : -ENOMEM;
    }
    http->access = access;
    http->site = site;
    http->daemon = mhd.MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_PATIENCE,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_NOTIFY_COMPLETED,
        on_reply_over, http, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (http->daemon)
        return 0;
    free(http); /* and libmicrohttpd has closed the socket */
    *out = NULL;
    return -EIO;
}

void http_destroy(struct http **http)
{
    if (!*http)
        return;
    mhd.MHD_stop_daemon((*http)->daemon);
    free(*http);
    *http = NULL;
}

int http_fd(const struct http *http)
{
    return mhd.MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int http_timeout(const struct http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    if (mhd.MHD_get_timeout(http->daemon, &timeout) != MHD_YES)
        return -1;
    return timeout < 1000000 ? (int)timeout : 1000000;
}

void http_dispatch(struct http *http)
{
    mhd.MHD_run(http->daemon);
}

void http_sweep(struct http *http)
{
    const int64_t deadline = now_ms() - INT64_C(1000) * HTTP_PATIENCE;
    for (struct client *client = http->last; client && client->since_ms < deadline;
         client = client->previous)
        if (!client->watching && !client->dropped)
            drop(http, client);
}

struct http_counts http_counts(const struct http *http)
{
    return http->counts;
}
