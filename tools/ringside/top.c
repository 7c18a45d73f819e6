#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/figures.h"
#include "tools/ringside/find.h"
#include "tools/ringside/guard.h"
#include "tools/ringside/screen.h"
#include "tools/ringside/signals.h"

#define PRINT_WIDTH 100 /* columns, where there is no screen */

enum { GO_ON = -1 };

struct top {
    bool once, json;
    double interval; /* seconds */
    enum table_order order;
    char *const *cameras; /* ends with NULL; none: all */
    struct sample sample;
    struct table table;
    int signals; /* signalfd */
};

static int print_help(void)
{
    puts("Usage: ringside top [OPTION...] [CAMERA...]\n"
         "\n"
         "Shows what the cameras and their workers are doing: of all that run on this machine, or\n"
         "of those named, by the camera's or the ring's name or the pid of `ringside run`. It "
         "looks\n"
         "from outside and leaves no trace on the rings.\n"
         "\n"
         "  -i, --interval S  look every S seconds (default: 1)\n"
         "  -s, --sort KEY    name (default), fps, lag, skipped, cpu or memory\n"
         "      --once        print one table, and end\n"
         "      --json        print a JSON object for each camera at each look; with --once, once\n"
         "      --help\n"
         "\n"
         "Keys: q quits, arrows choose a row, enter tells more of it, p pauses, the letters below\n"
         "the table sort it.\n"
         "\n"
         "Lag is how many frames a worker is behind the camera, and for how many milliseconds the\n"
         "oldest of these has been there. Memory is a ring's, or a worker's own proportional "
         "share.\n"
         "\n"
         "Exit status: 0, 1 failure, 2 usage, 128 + signal when ended by one.");
    return EXIT_ALL_DELIVERED;
}

/* -- options ------------------------------------------------------------------------------------
 */

static int parse_interval(struct top *top, const char *text)
{
    char *end;
    top->interval = strtod(text, &end);
    if (end == text || *end || !(top->interval >= 0.1) || top->interval > 3600)
        return command_usage("top", "--interval %s: must be a number from 0.1 to 3600", text);
    return GO_ON;
}

static int parse_order(struct top *top, const char *text)
{
    for (int i = 0; i < TABLE_ORDERS; i++) {
        if (strcmp(table_order_name(i), text) == 0) {
            top->order = i;
            return GO_ON;
        }
    }
    return command_usage("top", "--sort %s: must be name, fps, lag, skipped, cpu or memory", text);
}

static int parse(struct top *top, int argc, char **argv)
{
    static const struct option options[] = {
        {"interval", required_argument, NULL, 'i'}, {"sort", required_argument, NULL, 's'},
        {"once", no_argument, NULL, '1'},           {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},           {0},
    };
    int option, status = GO_ON;
    opterr = 0;
    optind = 1;
    while (status == GO_ON && (option = getopt_long(argc, argv, ":i:s:h", options, NULL)) != -1) {
        if (option == 'h')
            status = print_help();
        else if (option == 'i')
            status = parse_interval(top, optarg);
        else if (option == 's')
            status = parse_order(top, optarg);
        else if (option == '1')
            top->once = true;
        else if (option == 'j')
            top->json = true;
        else
            status = command_usage("top", option == ':' ? "%s needs a value" : "no option '%s'",
                                   argv[optind - 1]);
    }
    top->cameras = argv + optind;
    return status;
}

/* -- looking ------------------------------------------------------------------------------------
 */

static bool is_wanted(void *user, const char *ring)
{
    const struct top *top = user;
    return find_is_among(ring, top->cameras);
}

static int look(struct top *top)
{
    int error = sample_take(&top->sample, is_wanted, top);
    return error ? error : table_build(&top->table, &top->sample, top->order);
}

/* Until the next look is due, or a key is pressed, or a signal comes: its number. */
static int sleep_until(const struct top *top, int64_t due_ns, int keys)
{
    struct signalfd_siginfo info;
    struct timespec now;
    struct pollfd fds[] = {{.fd = top->signals, .events = POLLIN}, {.fd = keys, .events = POLLIN}};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t left = due_ns - (now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
    const struct timespec time = {left > 0 ? left / 1000000000 : 0,
                                  left > 0 ? left % 1000000000 : 0};
    ppoll(fds, 2, &time, NULL);
    if (read(top->signals, &info, sizeof info) == sizeof info)
        return (int)info.ssi_signo;
    return fds[1].revents & (POLLHUP | POLLERR) ? SIGHUP : 0;
}

static int64_t next_due(const struct top *top)
{
    return top->sample.taken_ns + (int64_t)(top->interval * 1e9);
}

/* -- lines --------------------------------------------------------------------------------------
 */

static void print_json(const struct sample_ring *ring)
{
    json_t *line = json_pack("{s:i, s:s}", "v", 1, "type", "top");
    json_t *figures = figures_of(ring);
    json_object_update(line, figures);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    if (text)
        puts(text);
    free(text);
    json_decref(figures);
    json_decref(line);
}

static void print(const struct top *top)
{
    char text[512];
    for (unsigned i = 0; i < top->sample.count && top->json; i++)
        print_json(top->sample.rings[i]);
    if (!top->json) {
        table_summary(&top->sample, text, sizeof text);
        puts(text);
    }
    for (unsigned i = 0; i <= top->table.count && !top->json; i++) {
        table_line(i ? &top->table.rows[i - 1] : NULL, PRINT_WIDTH, text, sizeof text);
        puts(text);
    }
    fflush(stdout);
}

/* The first look knows no rates, and is not shown. Returns the exit status. */
static int print_all(struct top *top)
{
    int error = look(top), caught = 0;
    do {
        caught = error ? 0 : sleep_until(top, next_due(top), -1);
        if (!error && !caught)
            error = look(top);
        if (!error && !caught)
            print(top);
    } while (!error && !caught && !top->once && !ferror(stdout));
    if (error)
        fprintf(stderr, "ringside top: %s\n", strerror(-error));
    return error ? EXIT_FAILED : caught ? EXIT_SIGNAL + caught : EXIT_ALL_DELIVERED;
}

/* -- the screen ---------------------------------------------------------------------------------
 */

static int show(struct top *top)
{
    struct screen screen = {.order = top->order};
    int error = screen_open(), caught = 0;
    if (error) {
        fprintf(stderr, "ringside top: no terminal that it could draw on; see --once and --json\n");
        return EXIT_FAILED;
    }
    while (!error && !caught && !screen.ended) {
        if (!screen.paused)
            error = look(top);
        else
            top->sample.taken_ns += (int64_t)(top->interval * 1e9);
        const int64_t due = next_due(top);
        struct timespec now;
        do {
            if (screen.order != top->order) {
                top->order = screen.order;
                error = table_build(&top->table, &top->sample, top->order);
            }
            screen_draw(&screen, &top->sample, &top->table);
            caught = sleep_until(top, due, STDIN_FILENO);
            screen_keys(&screen);
            clock_gettime(CLOCK_MONOTONIC, &now);
        } while (!caught && !screen.ended && !error &&
                 now.tv_sec * INT64_C(1000000000) + now.tv_nsec < due);
    }
    screen_close();
    if (error)
        fprintf(stderr, "ringside top: %s\n", strerror(-error));
    return error ? EXIT_FAILED : caught ? EXIT_SIGNAL + caught : EXIT_ALL_DELIVERED;
}

static int show_guarded(void *user)
{
    struct top *top = user;
    top->signals = signals_catch();
    return show(top);
}

int command_top(int argc, char **argv)
{
    struct top top = {.interval = 1, .signals = -1};
    int status = parse(&top, argc, argv);
    if (status != GO_ON)
        return status;
    if (top.once || top.json) {
        top.signals = signals_catch();
        status = print_all(&top);
    } else {
        status = guard_terminal(show_guarded, &top);
    }
    close(top.signals);
    table_free(&top.table);
    sample_free(&top.sample);
    return status;
}
