#include <bsd/unistd.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "tools/ringside/commands.h"
#include "tools/ringside/find.h"
#include "tools/ringside/serve/news.h"
#include "tools/ringside/serve/options.h"
#include "tools/ringside/serve/reception.h"
#include "tools/ringside/serve/site.h"
#include "tools/ringside/signals.h"

#define WAIT_EVERY_MS 200 /* at most, while there is no camera */
#define IDLE_LOOKS 5      /* as many times as rarely while nobody watches */

struct serve {
    struct serve_options options;
    struct site site;
    struct reception reception;
    int signals;       /* signalfd */
    int64_t looked_ms; /* monotonic */
};

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
    return find_is_among(ring, serve->options.cameras);
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

static int64_t interval_ms(const struct serve *serve)
{
    return (int64_t)(serve->options.interval * 1000);
}

/* Without memory for a look the next one is tried. */
static void look(struct serve *serve)
{
    sample_take(&serve->site.sample, is_wanted, serve);
    follow(serve);
    reception_tune(&serve->reception, &serve->site.sample);
    streams_wake(&serve->site.streams);
    streams_keep_alive(&serve->site.streams);
    http_sweep(serve->site.http);
    serve->looked_ms = now_ms(); /* however long it took, there is time for others until the next */
}

static void refresh(void *user)
{
    struct serve *serve = user;
    if (now_ms() - serve->looked_ms >= interval_ms(serve))
        look(serve);
}

/* Somebody watches, or else we only want to know of new cameras: who asks is shown a new look. */
static int64_t look_due_ms(const struct serve *serve)
{
    int64_t interval = interval_ms(serve);
    if (serve->site.sample.count == 0 && interval > WAIT_EVERY_MS)
        interval = WAIT_EVERY_MS;
    else if (serve->site.streams.count == 0)
        interval *= IDLE_LOOKS;
    return serve->looked_ms + interval;
}

static int timeout_ms(const struct serve *serve)
{
    const int64_t left = look_due_ms(serve) - now_ms();
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
    if (now_ms() >= look_due_ms(serve))
        look(serve);
    return 0;
}

/* -- beginning and end --------------------------------------------------------------------------
 */

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
        error = gallery_create(&site->gallery, &serve->options.pictures);
    if (error)
        return complain(error, "");
    int listener = listen_open(&serve->options.address);
    if (listener < 0)
        return complain(listener, "--listen: ");
    listen_url(listener, url, sizeof url);
    site->streams = (struct streams){
        .gallery = site->gallery, .journal = &site->journal, .changed = follow, .user = serve};
    site->refresh = refresh;
    site->user = serve;
    error = http_create(&site->http, listener, &serve->options.access, site);
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
    serve->signals = signals_catch();
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
    struct serve serve = {0};
    int status = serve_options_parse(&serve.options, argc, argv);
    if (status < 0)
        status = run(&serve);
    access_free(&serve.options.access);
    return status;
}
