#include "bench/motion/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/motion/program_picture.h"
#include "workers/libav.h"

#define AT_ONCE 24     /* scenes */
#define PATIENCE 30000 /* ms, for motion to take the next picture */
#define NOBODY (-1)

struct viewing {
    struct program_show *show;
    char folder[32];
    int listener, stream;
    pid_t motion;
    double stretch; /* how many times as long it took as the scene is; negative: failed */
};

static const struct program_show *known;
static int known_count;

bool program_is_installed(void)
{
    return system("command -v motion >/dev/null 2>&1") == 0;
}

/* -- the process ------------------------------------------------------------------------------- */

/* Of all that stands in Debian's motion.conf, what has to do with detection; no movie, no server.
 */
static int write_options(const struct viewing *viewing, int port)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/motion.conf", viewing->folder);
    FILE *file = fopen(path, "we");
    if (!file)
        return -errno;
    fprintf(file,
            "framerate 15\ndespeckle_filter EedDl\nminimum_motion_frames 1\nevent_gap 60\n"
            "width %d\nheight %d\nthreshold %d\nnetcam_url tcp://127.0.0.1:%d/\n"
            "netcam_params capture_rate=100\ntarget_dir %s\npicture_output on\n"
            "picture_filename %%s-%%q=%%i,%%J,%%K,%%L\nmovie_output off\nwebcontrol_port 0\n"
            "stream_port 0\ndaemon off\nlog_level 5\nlog_file %s/log\n",
            PROGRAM_WIDTH, PROGRAM_HEIGHT,
            (int)(CONTENDER_MIN_AREA / 100 * SCENE_WIDTH * SCENE_HEIGHT), port, viewing->folder,
            viewing->folder);
    return fclose(file) == 0 ? 0 : -errno;
}

static int listen_anywhere(struct viewing *viewing)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    viewing->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (viewing->listener < 0 ||
        bind(viewing->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(viewing->listener, 4) != 0 ||
        getsockname(viewing->listener, (struct sockaddr *)&address, &size) != 0)
        return -errno;
    return ntohs(address.sin_port);
}

static int start(struct viewing *viewing)
{
    char options[PATH_MAX];
    strcpy(viewing->folder, "/tmp/bench-motion-XXXXXX");
    if (!mkdtemp(viewing->folder))
        return -errno;
    const int port = listen_anywhere(viewing);
    if (port < 0)
        return port;
    int error = write_options(viewing, port);
    if (error)
        return error;
    snprintf(options, sizeof options, "%s/motion.conf", viewing->folder);
    char *const arguments[] = {(char *)"motion", (char *)"-n", (char *)"-c", options, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    error = posix_spawnp(&viewing->motion, "motion", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

static void end(struct viewing *viewing)
{
    char command[PATH_MAX];
    if (viewing->motion > 0) {
        kill(viewing->motion, SIGTERM);
        waitpid(viewing->motion, NULL, 0);
    }
    if (viewing->stream >= 0)
        close(viewing->stream);
    if (viewing->listener >= 0)
        close(viewing->listener);
    program_picture_read_all(viewing->folder, viewing->show->boxes, viewing->show->frames);
    snprintf(command, sizeof command, "rm -rf %s", viewing->folder);
    if (*viewing->folder && system(command) != 0)
        fprintf(stderr, "motion: %s is left\n", viewing->folder);
}

/* -- the stream -------------------------------------------------------------------------------- */

static int send_all(const struct viewing *viewing, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        struct pollfd writable = {.fd = viewing->stream, .events = POLLOUT};
        if (poll(&writable, 1, PATIENCE) != 1)
            return -ETIMEDOUT;
        const ssize_t sent = send(viewing->stream, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return -errno;
        bytes += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

/* It looks what comes, hangs up, and calls again. */
static int be_called(struct viewing *viewing)
{
    static const char header[] = PROGRAM_STREAM_HEADER;
    struct pollfd call = {.fd = viewing->listener, .events = POLLIN};
    if (viewing->stream >= 0)
        close(viewing->stream);
    viewing->stream = NOBODY;
    if (poll(&call, 1, PATIENCE) != 1)
        return -ETIMEDOUT;
    viewing->stream = accept4(viewing->listener, NULL, NULL, SOCK_CLOEXEC);
    return viewing->stream < 0 ? -errno : send_all(viewing, header, sizeof header - 1);
}

static int show_picture(struct viewing *viewing, const struct program_picture *picture)
{
    int error = send_all(viewing, picture, sizeof *picture);
    return error == -EPIPE || error == -ECONNRESET ? be_called(viewing) : error;
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static void sleep_until(const struct timespec *begin, double seconds)
{
    const double left = seconds - seconds_since(begin);
    const struct timespec rest = {.tv_sec = (time_t)left,
                                  .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
    if (left > 0)
        nanosleep(&rest, NULL);
}

static int show_scene(struct viewing *viewing, struct scene *scene)
{
    struct timespec begin;
    struct program_picture *picture = malloc(sizeof *picture);
    int error = picture ? be_called(viewing) : -ENOMEM;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int n = 0; n < viewing->show->frames && !error; n++) {
        program_picture_fill(picture, scene_draw(scene), n);
        error = show_picture(viewing, picture);
        sleep_until(&begin, (n + 1) / SCENE_RATE);
    }
    viewing->stretch = seconds_since(&begin) * SCENE_RATE / viewing->show->frames;
    free(picture);
    return error;
}

static void *view(void *argument)
{
    struct viewing *viewing = argument;
    struct program_show *show = viewing->show;
    struct scene *scene = NULL;
    show->boxes = calloc((size_t)show->frames, sizeof *show->boxes);
    int error = show->boxes ? scene_create(&scene, show->recipe, show->seed) : -ENOMEM;
    if (!error)
        error = start(viewing);
    if (!error)
        error = show_scene(viewing, scene);
    end(viewing);
    scene_destroy(&scene);
    if (error) {
        fprintf(stderr, "motion: %s: %s\n", show->recipe->name, strerror(-error));
        viewing->stretch = -1;
    }
    return NULL;
}

static double view_some(struct program_show *shows, int count)
{
    struct viewing viewings[AT_ONCE];
    pthread_t threads[AT_ONCE];
    double worst = 1;
    for (int i = 0; i < count; i++) {
        viewings[i] = (struct viewing){.show = &shows[i], .listener = NOBODY, .stream = NOBODY};
        if (pthread_create(&threads[i], NULL, view, &viewings[i]) != 0)
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        if (viewings[i].stretch < 0 || worst < 0)
            worst = -1;
        else if (viewings[i].stretch > worst)
            worst = viewings[i].stretch;
    }
    return worst;
}

double program_watch(struct program_show *shows, int count)
{
    double worst = libav_load() == 0 ? 1 : -1;
    for (int i = 0; i < count && worst > 0; i += AT_ONCE) {
        const double stretch = view_some(shows + i, count - i < AT_ONCE ? count - i : AT_ONCE);
        worst = stretch < 0 || stretch > worst ? stretch : worst;
    }
    known = shows;
    known_count = worst > 0 ? count : 0;
    return worst;
}

void program_forget(struct program_show *shows, int count)
{
    for (int i = 0; i < count; i++)
        free(shows[i].boxes);
    known_count = 0;
}

/* -- the contender ----------------------------------------------------------------------------- */

static void *create(const struct scene_recipe *recipe, int width, int height)
{
    (void)width;
    (void)height;
    for (int i = 0; i < known_count; i++)
        if (known[i].recipe == recipe)
            return (void *)&known[i];
    return NULL;
}

static int look(void *state, const uint8_t *data, int stride, double seconds,
                struct vision_box boxes[CONTENDER_BOXES_MAX])
{
    const struct program_show *show = state;
    const int frame = (int)(seconds * SCENE_RATE + 0.5);
    (void)data;
    (void)stride;
    if (frame >= show->frames || show->boxes[frame].width == 0)
        return 0;
    boxes[0] = show->boxes[frame];
    return 1;
}

static void destroy(void *state)
{
    (void)state;
}

const struct contender contender_motion = {
    .name = "motion",
    .is_elsewhere = true,
    .create = create,
    .look = look,
    .destroy = destroy,
};
