#include "workers/src/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workers/src/birth.h"

struct worker_server {
    pthread_mutex_t lock; /* over a question and its answer */
    struct worker_process process;
    const struct worker_class **classes; /* NULL at the end, as the server has them */
    struct worker_message message;       /* the answer */
};

/* -- life ------------------------------------------------------------------------------------ */

static const struct worker_class **copy_list(const struct worker_class *const *classes)
{
    size_t count = 0;
    while (classes[count])
        count++;
    const struct worker_class **copy = calloc(count + 1, sizeof(const struct worker_class *));
    if (copy)
        memcpy(copy, classes, count * sizeof(const struct worker_class *));
    return copy;
}

int worker_server_start(struct worker_server **out, const struct worker_class *const *classes)
{
    *out = NULL;
    struct worker_server *server = calloc(1, sizeof *server);
    if (!server)
        return -ENOMEM;
    server->classes = copy_list(classes ? classes : worker_classes);
    int error = server->classes ? birth_of_server(&server->process, server->classes) : -ENOMEM;
    if (error) {
        free(server->classes);
        free(server);
        return error;
    }
    pthread_mutex_init(&server->lock, NULL);
    *out = server;
    return 0;
}

void worker_server_destroy(struct worker_server **pointer)
{
    struct worker_server *server = pointer ? *pointer : NULL;
    if (!server)
        return;
    worker_process_end(&server->process, NULL);
    pthread_mutex_destroy(&server->lock);
    free(server->classes);
    free(server);
    *pointer = NULL;
}

/* -- questions, under the lock --------------------------------------------------------------- */

static int ask(struct worker_server *server, unsigned type, const void *payload, size_t size,
               int descriptor)
{
    const struct worker_message_header header = {.type = (uint16_t)type};
    return worker_message_send(server->process.control, header, payload, size, descriptor, true);
}

/* Waits for a message of this type; -EPIPE when there will be none. */
static int await(struct worker_server *server, unsigned type, int *descriptor)
{
    struct pollfd control = {.fd = server->process.control, .events = POLLIN};
    int error;
    while ((error = worker_message_receive(control.fd, &server->message, descriptor)) == -EAGAIN)
        poll(&control, 1, -1);
    return !error && server->message.header.type != type ? -EPROTO : error;
}

/* Waits for its end. */
static int ask_for_end(struct worker_server *server, pid_t pid)
{
    int descriptor;
    int error = ask(server, SERVER_REAP, &pid, sizeof pid, -1);
    if (!error)
        error = await(server, SERVER_ENDED, &descriptor);
    /* A server that died took its children along, in this way. */
    return error ? SIGKILL : server->message.header.value;
}

static int reap(void *user, pid_t pid)
{
    struct worker_server *server = user;
    pthread_mutex_lock(&server->lock);
    const int status = ask_for_end(server, pid);
    pthread_mutex_unlock(&server->lock);
    return status;
}

static int take_newborn(struct worker_server *server, struct worker_process *process)
{
    *process = (struct worker_process){.pid = -1, .pidfd = -1, .control = -1};
    int error = await(server, SERVER_BORN, &process->control);
    if (error && error != -EMFILE)
        return error;
    if (server->message.header.value < 0)
        return server->message.header.value;
    memcpy(&process->pid, server->message.bytes, sizeof process->pid);
    process->reap = reap;
    process->reaper = server;
    int second = await(server, SERVER_PIDFD, &process->pidfd);
    if (!error)
        error = second;
    if (!error)
        return 0;
    if (process->pidfd >= 0)
        close(process->pidfd);
    if (process->control >= 0)
        close(process->control); /* by which it ends */
    ask_for_end(server, process->pid);
    return error;
}

/* -- spawning -------------------------------------------------------------------------------- */

static int class_number(const struct worker_server *server, const struct worker_class *class_)
{
    for (int i = 0; server->classes[i]; i++)
        if (server->classes[i] == class_)
            return i;
    return -ENOENT;
}

/* A descriptor of these bytes. */
static int wrap(const void *bytes, size_t size)
{
    int fd = memfd_create("options", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, bytes, size) == (ssize_t)size)
        return fd;
    close(fd);
    return -ENOMEM;
}

int server_spawn(struct worker_server *server, struct worker *worker)
{
    const struct worker_config *config = &worker->config;
    const int number = class_number(server, config->class_);
    const int options = number < 0 ? number : wrap(config->options, config->class_->state_size);
    if (options < 0)
        return options;
    const struct server_request request = {.class_ = (uint32_t)number, .config = *config};
    pthread_mutex_lock(&server->lock);
    int error = ask(server, SERVER_SPAWN, &request, sizeof request, options);
    if (!error)
        error = take_newborn(server, &worker->process);
    pthread_mutex_unlock(&server->lock);
    close(options);
    return error;
}
