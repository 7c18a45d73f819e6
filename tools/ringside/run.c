#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/ringside/broadcast.h"
#include "tools/ringside/budget.h"
#include "tools/ringside/commands.h"
#include "tools/ringside/options.h"
#include "tools/ringside/output.h"
#include "tools/ringside/reload.h"
#include "tools/ringside/signals.h"
#include "tools/ringside/status.h"

#define STATUS_EVERY_MS 500
#define PATIENCE_MS 5000 /* with who reads our output, when we are to end */

struct run {
    struct run_options options;
    struct supervisor *supervisor;
    struct output output;
    struct broadcast *broadcast; /* NULL: there is none */
    struct status_line status;
    struct budget budget;
    int signals;       /* signalfd */
    int caught;        /* the signal that ends the run, 0: none */
    bool impatient;    /* a second one came */
    bool output_ended; /* its failure has been told */
    int64_t end_ms;    /* monotonic, when --seconds is over; 0: never */
    int argc;
    char **argv;
    int64_t stop_ms; /* monotonic, when the run was told to end; 0: not yet */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void on_event(void *user, const char *line)
{
    struct run *run = user;
    output_line(&run->output, line);
    broadcast_line(run->broadcast, line);
}

static void on_log(void *user, enum worker_log_level level, const char *camera, const char *text)
{
    struct run *run = user;
    status_hide(&run->status);
    log_line(&run->options.log, level, camera, text);
}

static void on_budget(void *user, const char *camera, const struct worker_stream *stream,
                      const struct ring_config *ring, const struct ring_memory *memory)
{
    struct run *run = user;
    budget_add(&run->budget, camera, stream, ring, memory);
}

static bool leaves_rights(const struct inputs *inputs)
{
    for (unsigned i = 0; i < inputs->count; i++)
        if (inputs->cameras[i].no_sandbox)
            return true;
    return false;
}

static int start(struct run *run)
{
    const struct run_options *options = &run->options;
    const struct supervisor_config config = {
        .cameras = options->inputs.cameras,
        .camera_count = options->inputs.count,
        .workers = options->workers.workers,
        .worker_count = options->workers.count,
        .stop_ns = (int64_t)(options->stop_timeout * 1e9),
        .dry_run = options->dry_run,
        .in_process = options->in_process,
        .verbose = options->log.level >= WORKER_DEBUG,
        .user = run,
        .event = on_event,
        .log = on_log,
        .budget = on_budget,
    };
    if (leaves_rights(&options->inputs))
        on_log(run, WORKER_WARNING, NULL,
               "without a sandbox a damaged or hostile input can do all that you can");
    int error = supervisor_create(&run->supervisor, &config);
    if (error) {
        char text[160];
        snprintf(text, sizeof text, "cannot start its processes: %s",
                 error == -ELIBACC ? "FFmpeg's libavformat is missing, or not of the version that "
                                     "ringside was built with"
                                   : strerror(-error));
        on_log(run, WORKER_ERROR, NULL, text);
    }
    return error;
}

static void stop(struct run *run)
{
    if (!run->stop_ms)
        run->stop_ms = now_ms();
    supervisor_stop(run->supervisor);
}

static bool is_reloadable(const struct run *run)
{
    const struct run_options *options = &run->options;
    return options->file && !options->in_process && !options->dry_run && !run->stop_ms;
}

static void take_signal(struct run *run)
{
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP && is_reloadable(run)) {
        reload(run->supervisor, &run->options, run->argc, run->argv);
        return;
    }
    run->impatient = run->caught != 0;
    run->caught = (int)info.ssi_signo;
    stop(run);
}

static void check_output(struct run *run)
{
    char text[128];
    output_flush(&run->output);
    if (!run->output.error || run->output_ended)
        return;
    run->output_ended = true;
    snprintf(text, sizeof text, "standard output: %s", strerror(run->output.error));
    on_log(run, WORKER_ERROR, NULL, text);
    stop(run);
}

static int timeout_ms(const struct run *run)
{
    int64_t timeout = run->status.enabled || run->stop_ms ? STATUS_EVERY_MS : -1;
    if (run->end_ms) {
        int64_t left = run->end_ms - now_ms();
        if (left < 0)
            left = 0;
        if (timeout < 0 || left < timeout)
            timeout = left;
    }
    return timeout > 1000000 ? 1000000 : (int)timeout;
}

/* One look at everything. While nobody takes our output we leave the supervisor
 * alone, and so hold the run where it is; not when it is to end. */
static void turn(struct run *run)
{
    const bool hold = output_full(&run->output) && !run->stop_ms;
    struct pollfd fds[] = {
        {.fd = run->signals, .events = POLLIN},
        {.fd = hold ? -1 : supervisor_fd(run->supervisor), .events = POLLIN},
        {.fd = output_pending(&run->output) ? run->output.fd : -1, .events = POLLOUT},
        {.fd = broadcast_fd(run->broadcast), .events = POLLIN},
    };
    int timeout = timeout_ms(run);
    if (run->options.in_process && !hold) /* workers in this process have no descriptor there */
        timeout = supervisor_busy(run->supervisor) ? 0 : 1;
    poll(fds, sizeof fds / sizeof *fds, timeout);
    if (fds[0].revents)
        take_signal(run);
    if (fds[1].revents || (run->options.in_process && !hold))
        supervisor_dispatch(run->supervisor);
    if (fds[3].revents)
        broadcast_dispatch(run->broadcast);
    check_output(run);
    if (run->end_ms && now_ms() >= run->end_ms) {
        run->end_ms = 0;
        stop(run);
    }
}

/* All is done, and all is written; or nobody takes it, and we were told to end. */
static bool is_over(struct run *run)
{
    if (run->impatient)
        return true;
    if (!supervisor_finished(run->supervisor))
        return false;
    if (output_pending(&run->output) && run->stop_ms && now_ms() - run->stop_ms > PATIENCE_MS) {
        run->output.error = ETIMEDOUT;
        check_output(run);
    }
    return !output_pending(&run->output);
}

static void turn_inline(void *user)
{
    turn(user);
}

static void stream(struct run *run)
{
    int64_t shown_ms = 0;
    if (run->options.in_process)
        supervisor_run_inline(run->supervisor, turn_inline);
    while (!is_over(run)) {
        turn(run);
        if (now_ms() - shown_ms < STATUS_EVERY_MS)
            continue;
        status_show(&run->status, run->supervisor);
        shown_ms = now_ms();
    }
    status_hide(&run->status);
}

static int exit_status(const struct run *run)
{
    if (run->caught)
        return EXIT_SIGNAL + run->caught;
    if (run->output_ended)
        return EXIT_FAILED;
    switch (supervisor_outcome(run->supervisor)) {
    case SUPERVISOR_COMPLETE:
        return EXIT_ALL_DELIVERED;
    case SUPERVISOR_PARTIAL:
        return EXIT_PARTIAL;
    default:
        return EXIT_FAILED;
    }
}

static int finish_budget(struct run *run, int status)
{
    bool enough = budget_finish(&run->budget, &run->options.log);
    while (output_pending(&run->output) && !run->impatient)
        turn(run);
    return status == EXIT_ALL_DELIVERED && !enough ? EXIT_FAILED : status;
}

/* Those who would listen are no reason not to run. */
static void open_broadcast(struct run *run)
{
    char text[128];
    int error = broadcast_open(&run->broadcast);
    snprintf(text, sizeof text, "no events for others on this machine: %s", strerror(-error));
    if (error)
        on_log(run, WORKER_WARNING, NULL, text);
}

static int run_to_end(struct run *run)
{
    const struct run_options *options = &run->options;
    run->output.fd = STDOUT_FILENO;
    run->budget = (struct budget){.json = options->json,
                                  .verbose = options->log.level >= WORKER_DEBUG,
                                  .workers = options->workers.count,
                                  .output = &run->output};
    run->signals = signals_catch();
    if (options->seconds > 0)
        run->end_ms = now_ms() + (int64_t)(options->seconds * 1000);
    open_broadcast(run);
    if (start(run) != 0)
        return EXIT_FAILED;
    status_init(&run->status, options->log.level > WORKER_ERROR && !options->json);
    stream(run);
    int status = exit_status(run);
    if (options->dry_run && !run->caught)
        status = finish_budget(run, status);
    supervisor_destroy(&run->supervisor);
    return status;
}

int command_run(int argc, char **argv)
{
    struct run run = {.signals = -1, .argc = argc, .argv = argv};
    int status = run_options_parse(&run.options, argc, argv);
    if (status < 0)
        status = run.options.check ? EXIT_ALL_DELIVERED : run_to_end(&run);
    broadcast_close(&run.broadcast);
    output_free(&run.output);
    run_options_free(&run.options);
    return status;
}
