#include "tests/support/web.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/ringside.h"
#include "tests/support/scratch.h"

enum { ARGUMENTS_MAX = 32 };

static uint16_t read_port(const char *path)
{
    char text[256] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    const size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    const char *colon = size && text[size - 1] == '\n' ? strrchr(text, ':') : NULL;
    return colon ? (uint16_t)atoi(colon + 1) : 0;
}

/* Its line on standard error goes to a file, from which the port can be had while it runs. */
void support_web_start(struct support_web *web, const char *const arguments[])
{
    char *path = support_scratch_path(getenv("TMPDIR"), "address");
    const char *argv[ARGUMENTS_MAX] = {
        "bash", "-c", "address=$1; shift; exec \"$RINGSIDE\" serve \"$@\" 2>\"$address\"",
        "bash", path, "-l",
        "0"};
    for (int i = 0; arguments[i]; i++)
        argv[7 + i] = arguments[i];
    unlink(path);
    cr_assert_eq(support_start(&web->process, SUPPORT_DEADLINE, argv), 0);
    while (!(web->port = read_port(path))) {
        siginfo_t end = {0};
        waitid(P_PID, (id_t)support_pid(web->process), &end, WEXITED | WNOHANG | WNOWAIT);
        cr_assert_eq(end.si_pid, 0, "it does not listen");
        usleep(1000); /* there is no event for that */
    }
    free(path);
}

void support_web_stop(struct support_web *web)
{
    struct support_result result;
    cr_assert_eq(support_signal(web->process, SIGTERM), 0);
    support_wait(&web->process, &result);
    cr_expect(!result.expired);
    cr_expect_eq(result.leftover, 0);
    cr_expect_eq(result.exit_code, 128 + SIGTERM, "%d: %s", result.exit_code, result.err);
    support_result_free(&result);
}

int support_web_connect(const struct support_web *web)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(web->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = SUPPORT_DEADLINE / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0, "%s",
                 strerror(errno));
    return fd;
}

int support_web_ask(const struct support_web *web, const char *target, const char *headers)
{
    char *request;
    int fd = support_web_connect(web);
    int size = asprintf(&request, "GET %s HTTP/1.1\r\n%s%s\r\n", target,
                        strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers);
    cr_assert_eq(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
    free(request);
    return fd;
}

size_t support_web_read(int connection, void *data, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t count = recv(connection, (char *)data + used, size - used, 0);
        cr_assert(count >= 0 || errno == ECONNRESET, "%s", strerror(errno));
        if (count <= 0)
            break;
        used += (size_t)count;
    }
    return used;
}

struct support_reply support_web_get(const struct support_web *web, const char *target,
                                     const char *headers)
{
    enum { REPLY_MAX = 4 << 20 };
    char *all, *reply = malloc(REPLY_MAX + 1);
    cr_assert_geq(asprintf(&all, "Connection: close\r\n%s", headers), 0);
    int fd = support_web_ask(web, target, all);
    const size_t size = support_web_read(fd, reply, REPLY_MAX);
    close(fd);
    free(all);
    reply[size] = '\0';
    char *end = strstr(reply, "\r\n\r\n");
    cr_assert_not_null(end, "no reply to %s", target);
    end[2] = '\0';
    struct support_reply result = {.head = reply, .body = end + 4};
    result.size = size - (size_t)(result.body - reply);
    cr_assert_eq(sscanf(reply, "HTTP/1.1 %d", &result.status), 1);
    return result;
}

json_t *support_web_camera(const struct support_web *web, const char *camera)
{
    struct support_reply reply = support_web_get(web, "/cameras.json", "");
    cr_assert_eq(reply.status, 200);
    json_t *all = json_loads(reply.body, 0, NULL), *each, *found = NULL;
    cr_assert_not_null(all, "%s", reply.body);
    size_t i;
    json_array_foreach(json_object_get(all, "cameras"), i,
                       each) if (strcmp(json_string_value(json_object_get(each, "camera")),
                                        camera) == 0) found = each;
    json_incref(found);
    json_decref(all);
    free(reply.head);
    return found;
}

double support_web_metric(const struct support_web *web, const char *begin)
{
    struct support_reply reply = support_web_get(web, "/metrics", "");
    cr_assert_eq(reply.status, 200);
    double value = -1;
    for (const char *line = strtok(reply.body, "\n"); line && value < 0; line = strtok(NULL, "\n"))
        if (strncmp(line, begin, strlen(begin)) == 0)
            value = atof(strrchr(line, ' ') + 1);
    free(reply.head);
    return value;
}
