#include <bsd/unistd.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/find.h"
#include "tools/ringside/serve/listen.h"
#include "tools/ringside/serve/news.h"
#include "tools/ringside/serve/reception.h"
#include "tools/ringside/serve/site.h"

#define WAIT_EVERY_MS 200 /* at most, while there is no camera */

enum { GO_ON = -1 };

struct serve {
    struct listen_address address;
    struct access access;
    struct gallery_config pictures;
    double interval;      /* seconds, from one look at the rings to the next */
    char *const *cameras; /* ends with NULL; none: all */
    struct site site;
    struct reception reception;
    int signals;         /* signalfd */
    int64_t look_due_ms; /* monotonic */
};

static int print_help(void)
{
    puts("Usage: ringside serve [OPTION...] [CAMERA...]\n"
         "\n"
         "Serves a web page with the cameras' live pictures, what moves in them, the events and\n"
         "the figures of `ringside top`: of all that run on this machine, or of those named, by\n"
         "the camera's or the ring's name or the pid of `ringside run`. It looks from outside; a\n"
         "camera that nobody watches costs nothing.\n"
         "\n"
         "  -l, --listen ADDRESS:PORT\n"
         "                     where (default: 127.0.0.1:8080); anything but a loopback address\n"
         "                     needs one of the next two\n"
         "      --token-file FILE\n"
         "                     only for who shows the token in the file's first line: in the link\n"
         "                     /?token=..., or as `Authorization: Bearer ...`\n"
         "      --password-file FILE\n"
         "                     only for who gives NAME:PASSWORD, the file's first line\n"
         "  -i, --interval S   look at the rings every S seconds (default: 1)\n"
         "      --fps N        at most N pictures a second of each camera (default: 10)\n"
         "  -q, --quality N    of the pictures, 1 to 100 (default: 75)\n"
         "      --help\n"
         "\n"
         "  /                     the page\n"
         "  /cameras.json         cameras and workers, with their figures\n"
         "  /cameras/NAME.mjpeg   a camera's pictures\n"
         "  /pictures             those of all cameras, or of some: /pictures?ring=A&ring=B\n"
         "  /events               events, as server-sent events\n"
         "  /metrics              the figures for Prometheus\n"
         "\n"
         "Exit status: 1 failure, 2 usage, 128 + signal when ended by one.");
    return EXIT_ALL_DELIVERED;
}

/* -- options ------------------------------------------------------------------------------------
 */

static int parse_number(const char *option, const char *text, double least, double most,
                        double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end == text || *end || !(*number >= least) || *number > most)
        return command_usage("serve", "--%s %s: must be a number from %g to %g", option, text,
                             least, most);
    return GO_ON;
}

static int parse_listen(struct serve *serve, const char *text)
{
    char problem[256];
    if (listen_parse(&serve->address, text, problem, sizeof problem) != 0)
        return command_usage("serve", "--listen %s: %s", text, problem);
    return GO_ON;
}

static int parse_secret(struct serve *serve, bool token, const char *path)
{
    char problem[512] = "@no memory";
    int error = token ? access_read_token(&serve->access, path, problem, sizeof problem)
                      : access_read_password(&serve->access, path, problem, sizeof problem);
    if (error)
        return command_usage("serve", "--%s-file %s", token ? "token" : "password", problem + 1);
    return GO_ON;
}

enum { OPTION_TOKEN = 256, OPTION_PASSWORD, OPTION_FPS };

static int handle_option(struct serve *serve, int option, const char *argument)
{
    double quality = serve->pictures.quality;
    int status;
    switch (option) {
    case 'l':
        return parse_listen(serve, optarg);
    case OPTION_TOKEN:
    case OPTION_PASSWORD:
        return parse_secret(serve, option == OPTION_TOKEN, optarg);
    case OPTION_FPS:
        return parse_number("fps", optarg, 0.1, 1000, &serve->pictures.fps);
    case 'i':
        return parse_number("interval", optarg, 0.1, 3600, &serve->interval);
    case 'q':
        status = parse_number("quality", optarg, 1, 100, &quality);
        serve->pictures.quality = (int)quality;
        return status;
    case 'h':
        return print_help();
    default:
        return command_usage("serve", option == ':' ? "%s needs a value" : "no option '%s'",
                             argument);
    }
}

static int parse(struct serve *serve, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"token-file", required_argument, NULL, OPTION_TOKEN},
        {"password-file", required_argument, NULL, OPTION_PASSWORD},
        {"interval", required_argument, NULL, 'i'},
        {"fps", required_argument, NULL, OPTION_FPS},
        {"quality", required_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, status = parse_listen(serve, "127.0.0.1:8080");
    opterr = 0;
    optind = 1;
    while (status == GO_ON && (option = getopt_long(argc, argv, ":l:i:q:h", options, NULL)) != -1)
        status = handle_option(serve, option, argv[optind - 1]);
    serve->cameras = argv + optind;
    if (status == GO_ON && !serve->address.loopback && !serve->access.token &&
        !serve->access.password)
        status = command_usage("serve", "--listen: others could look at this address; give "
                                        "--token-file or --password-file");
    return status;
}

/* -- the loop -----------------------------------------------------------------------------------
 */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool is_wanted(void *user, const char *ring)
{
    const struct serve *serve = user;
    return find_is_among(ring, serve->cameras);
}

static bool is_watched(void *user, const char *ring)
{
    const struct serve *serve = user;
    return streams_watch(&serve->site.streams, ring) > 0;
}

static void on_event(void *user, pid_t run, const char *line)
{
    struct serve *serve = user;
    news_write(&serve->site.journal, &serve->site.sample, run, line);
}

static void follow(void *user)
{
    struct serve *serve = user;
    gallery_follow(serve->site.gallery, &serve->site.sample, is_watched, serve);
}

/* What is done now and then. Without memory for a look the next one is tried. */
static void look(struct serve *serve)
{
    sample_take(&serve->site.sample, is_wanted, serve);
    follow(serve);
    reception_tune(&serve->reception, &serve->site.sample);
    streams_wake(&serve->site.streams);
    streams_keep_alive(&serve->site.streams);
    http_sweep(serve->site.http);
    const int64_t interval = (int64_t)(serve->interval * 1000);
    const bool waits = serve->site.sample.count == 0 && interval > WAIT_EVERY_MS;
    serve->look_due_ms = now_ms() + (waits ? WAIT_EVERY_MS : interval);
}

static int timeout_ms(const struct serve *serve)
{
    const int64_t left = serve->look_due_ms - now_ms();
    const int own = left > 0 ? (int)left : 0, its = http_timeout(serve->site.http);
    return its >= 0 && its < own ? its : own;
}

/* Until something happens, and what is to be done then. The signal that ends it, or 0. */
static int turn(struct serve *serve)
{
    struct site *site = &serve->site;
    struct signalfd_siginfo info;
    struct pollfd fds[] = {
        {.fd = serve->signals, .events = POLLIN},
        {.fd = http_fd(site->http), .events = POLLIN},
        {.fd = gallery_fd(site->gallery), .events = POLLIN},
        {.fd = serve->reception.epoll, .events = POLLIN},
    };
    poll(fds, sizeof fds / sizeof *fds, timeout_ms(serve));
    if (read(serve->signals, &info, sizeof info) == sizeof info)
        return (int)info.ssi_signo;
    if (fds[3].revents)
        reception_dispatch(&serve->reception, on_event, serve);
    if ((fds[2].revents && gallery_dispatch(site->gallery)) || fds[3].revents)
        streams_wake(&site->streams);
    http_dispatch(site->http);
    if (now_ms() >= serve->look_due_ms)
        look(serve);
    return 0;
}

/* -- beginning and end --------------------------------------------------------------------------
 */

static int catch_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A descriptor for each connection, and for what is looked at. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int complain(int error, const char *what)
{
    fprintf(stderr, "ringside serve: %s%s\n", what,
            error == -ELIBACC ? "it needs libmicrohttpd12, libavformat and libavcodec"
                              : strerror(-error));
    return error;
}

static int start(struct serve *serve)
{
    char url[128];
    struct site *site = &serve->site;
    int error = reception_open(&serve->reception);
    if (!error)
        error = gallery_create(&site->gallery, &serve->pictures);
    if (error)
        return complain(error, "");
    int listener = listen_open(&serve->address);
    if (listener < 0)
        return complain(listener, "--listen: ");
    listen_url(listener, url, sizeof url);
    site->streams = (struct streams){
        .gallery = site->gallery, .journal = &site->journal, .changed = follow, .user = serve};
    error = http_create(&site->http, listener, &serve->access, site);
    if (error)
        return complain(error, "");
    fprintf(stderr, "ringside serve: %s\n", url);
    return 0;
}

static void finish(struct serve *serve)
{
    struct site *site = &serve->site;
    streams_end(&site->streams);
    http_destroy(&site->http);
    gallery_destroy(&site->gallery);
    journal_free(&site->journal);
    sample_free(&site->sample);
    reception_close(&serve->reception);
    close(serve->signals);
}

static int run(struct serve *serve)
{
    int caught = 0;
    av_log_set_level(AV_LOG_ERROR);
    setproctitle("-ringside: serve"); /* in the rings' figures, too */
    raise_limit();
    serve->signals = catch_signals();
    int error = start(serve);
    if (!error)
        look(serve);
    while (!error && !caught)
        caught = turn(serve);
    finish(serve);
    return error ? EXIT_FAILED : EXIT_SIGNAL + caught;
}

int command_serve(int argc, char **argv)
{
    struct serve serve = {.pictures = {.fps = 10, .quality = 75}, .interval = 1};
    int status = parse(&serve, argc, argv);
    if (status == GO_ON)
        status = run(&serve);
    access_free(&serve.access);
    return status;
}
