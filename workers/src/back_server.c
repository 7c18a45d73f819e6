/* The fork server's own side. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers/src/birth.h"
#include "workers/src/server.h"

static int answer__(int control, unsigned type, int value, const void *payload, size_t size,
                    int descriptor)
{
    const struct worker_message_header header = {.type = (uint16_t)type, .value = value};
    return worker_message_send(control, header, payload, size, descriptor, true);
}

static int read_options__(struct worker_config *config, int descriptor)
{
    const size_t size = config->class_->state_size;
    void *options = calloc(1, size ? size : 1);
    config->options = options;
    if (!options)
        return -ENOMEM;
    return pread(descriptor, options, size, 0) == (ssize_t)size ? 0 : -EIO;
}

static int hand_over__(int control, struct worker_process *process)
{
    int error =
        answer__(control, SERVER_BORN, 0, &process->pid, sizeof process->pid, process->control);
    if (!error)
        error = answer__(control, SERVER_PIDFD, 0, NULL, 0, process->pidfd);
    close(process->control);
    close(process->pidfd);
    return error;
}

static int spawn__(const struct worker_class *const *classes, int control,
                   const struct server_request *request, int options)
{
    struct worker worker = {.config = request->config};
    worker.config.class_ = classes[request->class_];
    worker.config.server = NULL;
    worker.config.rings = NULL;
    int error = read_options__(&worker.config, options);
    if (!error)
        error = birth_of(&worker);
    error = error ? answer__(control, SERVER_BORN, error, NULL, 0, -1)
                  : hand_over__(control, &worker.process);
    worker_config_free(&worker.config);
    return error;
}

static int reap__(int control, const unsigned char *bytes)
{
    pid_t pid;
    int status = 0;
    memcpy(&pid, bytes, sizeof pid);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return answer__(control, SERVER_ENDED, status, NULL, 0, -1);
}

int server_main__(const struct worker_class *const *classes, int control)
{
    static struct worker_message message;
    struct pollfd wait = {.fd = control, .events = POLLIN};
    int error = 0;
    while (!error || error == -EAGAIN) {
        int descriptor;
        poll(&wait, 1, -1);
        error = worker_message_receive(control, &message, &descriptor);
        if ((!error || error == -EMFILE) && message.header.type == SERVER_SPAWN) {
            struct server_request request;
            memcpy(&request, message.bytes, sizeof request);
            error = spawn__(classes, control, &request, descriptor);
        } else if (!error) {
            error = reap__(control, message.bytes);
        }
        if (descriptor >= 0)
            close(descriptor);
    }
    return error == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE;
}
