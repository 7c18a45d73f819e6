/* ringside top: what cameras and workers are doing, on a screen and in lines. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/terminal.h"

#define CAMERA "gate"

/* A paced run for ever, of which top is to tell. */
struct scene {
    struct support_process *run;
    char ring[RING_NAME_MAX + 1];
};

static void begin(struct scene *scene)
{
    struct ring_info info;
    char *input, *clip = support_ringside_clip(
                     "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i",
                                                   "testsrc2=size=64x48:rate=25:duration=1", "-c:v",
                                                   "libx264", "-pix_fmt", "yuv420p"));
    cr_assert_geq(asprintf(&input, CAMERA "=%s", clip), 0);
    scene->run = support_ringside_start(SUPPORT_ARGUMENTS(
        "run", "--loop", "0", "--pace", "-w", "null", "-w", "motion:policy=latest", input));
    snprintf(scene->ring, sizeof scene->ring, "%d-0-" CAMERA, (int)support_pid(scene->run));
    while (ring_inspect_name(scene->ring, &info) != 0 || info.published < 5)
        sched_yield();
    free(input);
    free(clip);
}

static void finish(struct scene *scene)
{
    struct support_result result;
    cr_assert_eq(support_signal(scene->run, SIGTERM), 0);
    support_ringside_wait(&scene->run, &result);
    cr_expect_eq(result.exit_code, 128 + SIGTERM);
    support_result_free(&result);
}

static unsigned readers(const struct scene *scene)
{
    struct ring_info info;
    cr_assert_eq(ring_inspect_name(scene->ring, &info), 0);
    return info.readers;
}

static struct support_result top(const char *const arguments[], int status)
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_expect_eq(result.exit_code, status, "%d: %s", result.exit_code, result.err);
    return result;
}

Test(top, table_has_a_line_for_each_camera_and_worker)
{
    struct scene scene;
    begin(&scene);
    struct support_result result = top(SUPPORT_ARGUMENTS("top", "--once", scene.ring), 0);
    char *line = strtok(result.out, "\n");
    cr_expect_eq(strncmp(line, "1 camera (0 offline), 2 readers, ", 33), 0, "%s", line);
    cr_expect_not_null(strstr(strtok(NULL, "\n"), "POLICY       FPS     LAG     MS HELD SKIPPED"));
    static const struct {
        const char *name, *policy;
    } rows[] = {{CAMERA, "live"}, {"  worker motion#1", "latest"}, {"  worker null#0", "lossless"}};
    for (size_t i = 0; i < 3; i++) {
        char policy[16];
        double fps;
        line = strtok(NULL, "\n");
        cr_assert_eq(strncmp(line, rows[i].name, strlen(rows[i].name)), 0, "%s", line);
        cr_assert_eq(sscanf(line + strlen(rows[i].name), "%15s %lf", policy, &fps), 2, "%s", line);
        cr_expect_str_eq(policy, rows[i].policy);
        cr_expect_gt(fps, 0);
    }
    cr_expect_null(strtok(NULL, "\n"));
    cr_expect_eq(readers(&scene), 2, "it has left nothing on the ring");
    support_result_free(&result);
    finish(&scene);
}

Test(top, json_tells_the_same)
{
    struct scene scene;
    begin(&scene);
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)support_pid(scene.run));
    struct support_result result = top(SUPPORT_ARGUMENTS("top", "--once", "--json", pid), 0);
    json_t *lines = support_json_lines(result.out);
    cr_assert_eq(json_array_size(lines), 1);
    const json_t *camera = json_array_get(lines, 0);
    cr_expect_str_eq(support_text(camera, "type"), "top");
    cr_expect_str_eq(support_text(camera, "camera"), CAMERA);
    cr_expect_str_eq(support_text(camera, "ring"), scene.ring);
    cr_expect_str_eq(support_text(camera, "state"), "online");
    cr_expect_gt(json_real_value(json_object_get(camera, "fps")), 0);
    const json_t *decoder = json_object_get(camera, "decoder");
    cr_expect_str_eq(support_text(decoder, "title"), "decoder " CAMERA);
    cr_expect_gt(support_integer(decoder, "memory"), 100000);
    const json_t *workers = json_object_get(camera, "workers");
    cr_assert_eq(json_array_size(workers), 2);
    size_t i;
    const json_t *worker, *motion = NULL;
    json_array_foreach(workers, i, worker)
    {
        if (strcmp(support_text(json_object_get(worker, "process"), "title"), "worker motion#1") ==
            0)
            motion = worker;
    }
    cr_assert_not_null(motion);
    cr_expect_str_eq(support_text(motion, "policy"), "latest");
    cr_expect_eq(support_integer(motion, "restarts"), 0);
    support_result_free(&result);
    finish(&scene);
}

Test(top, knows_when_there_is_nothing)
{
    struct support_result result = top(SUPPORT_ARGUMENTS("top", "--once", "no-such-camera"), 0);
    cr_expect_eq(strncmp(result.out, "0 cameras (0 offline), 0 readers, 0.0 fps", 41), 0);
    support_result_free(&result);
}

static void check_refused(const char *const arguments[], int status, const char *line)
{
    struct support_result result = top(arguments, status);
    cr_expect_str_eq(result.out, "");
    cr_expect_str_eq(result.err, line);
    support_result_free(&result);
}

#define SEE "; see 'ringside help top'\n"

Test(top, bad_arguments_are_told_in_a_line)
{
    check_refused(SUPPORT_ARGUMENTS("top", "-i", "0"), 2,
                  "ringside top: --interval 0: must be a number from 0.1 to 3600" SEE);
    check_refused(SUPPORT_ARGUMENTS("top", "--sort", "age"), 2,
                  "ringside top: --sort age: must be name, fps, lag, skipped, cpu or memory" SEE);
    check_refused(SUPPORT_ARGUMENTS("top", "--sort"), 2, "ringside top: --sort needs a value" SEE);
    check_refused(SUPPORT_ARGUMENTS("top", "-x"), 2, "ringside top: no option '-x'" SEE);
    check_refused(SUPPORT_ARGUMENTS("top"), 1,
                  "ringside top: no terminal that it could draw on; see --once and --json\n");
}

/* -- on a screen --------------------------------------------------------------------------------
 */

/* The modes that a program changes which draws; and that something can be typed. */
#define ASK_MODE "stty -a | grep -E -o ' -?(icanon|echo|icrnl|onlcr)\\b' | tr -d '\\n'; echo ."
#define MODE " icrnl onlcr icanon echo."

static void start_top(const struct scene *scene, struct support_terminal *terminal)
{
    char *command;
    support_terminal_open(terminal, 80, 24);
    cr_assert_geq(asprintf(&command, "%s top -i 0.2 %s; echo status $?", support_ringside_path(),
                           scene->ring),
                  0);
    support_terminal_type(terminal, command, "Enter");
    free(support_terminal_await(terminal, "worker motion#1"));
    free(command);
}

static void check_terminal(struct support_terminal *terminal, const char *status)
{
    char *screen = support_terminal_await(terminal, status);
    cr_expect_null(strstr(screen, "worker motion#1"), "the screen from before is back");
    free(screen);
    support_terminal_type(terminal, ASK_MODE, "Enter");
    free(support_terminal_await(terminal, MODE));
    support_terminal_close(terminal);
}

Test(top, screen_fills_the_terminal_and_gives_it_back)
{
    struct scene scene;
    struct support_terminal terminal;
    begin(&scene);
    start_top(&scene, &terminal);
    free(support_terminal_await(&terminal, "sort: [n]ame f fps"));
    support_terminal_type(&terminal, "f", NULL);
    free(support_terminal_await(&terminal, "sort: n name [f]ps"));
    support_terminal_type(&terminal, NULL, "Down");
    support_terminal_type(&terminal, NULL, "Enter");
    char *screen = support_terminal_await(&terminal, "worker, pid ");
    cr_expect_not_null(strstr(screen, "fps, most "));
    free(screen);
    support_terminal_resize(&terminal, 200, 60);
    /* The name's column is wider now. */
    free(support_terminal_await(&terminal, "  worker motion#1                              "));
    support_terminal_resize(&terminal, 40, 6);
    free(support_terminal_await(&terminal, "CAMERA, "));
    support_terminal_resize(&terminal, 80, 24);
    support_terminal_type(&terminal, "q", NULL);
    check_terminal(&terminal, "status 0");
    cr_expect_eq(readers(&scene), 2);
    finish(&scene);
}

Test(top, interrupt_gives_the_terminal_back)
{
    struct scene scene;
    struct support_terminal terminal;
    begin(&scene);
    start_top(&scene, &terminal);
    support_terminal_type(&terminal, NULL, "C-c");
    check_terminal(&terminal, "status 130");
    finish(&scene);
}

/* Its two processes: the one that draws, and the one that guards the terminal. */
static pid_t process_of(const struct scene *scene, bool draws)
{
    char *command;
    struct support_result result;
    cr_assert_geq(asprintf(&command, "pgrep -f 'top -i 0.2 %s$' | sort -n | %s", scene->ring,
                           draws ? "tail -n 1" : "head -n 1"),
                  0);
    cr_assert_eq(support_run(&result, SUPPORT_DEADLINE, SUPPORT_ARGUMENTS("bash", "-c", command)),
                 0);
    const pid_t pid = (pid_t)atol(result.out);
    cr_assert_gt(pid, 1);
    support_result_free(&result);
    free(command);
    return pid;
}

Test(top, terminal_is_in_order_when_who_draws_is_killed)
{
    struct scene scene;
    struct support_terminal terminal;
    begin(&scene);
    start_top(&scene, &terminal);
    cr_assert_eq(kill(process_of(&scene, true), SIGKILL), 0);
    check_terminal(&terminal, "status 137");
    cr_expect_eq(readers(&scene), 2);
    finish(&scene);
}

Test(top, terminal_is_in_order_when_who_guards_is_killed)
{
    struct scene scene;
    struct support_terminal terminal;
    begin(&scene);
    start_top(&scene, &terminal);
    const pid_t draws = process_of(&scene, true);
    struct pollfd end = {.fd = pidfd_open(draws, 0), .events = POLLIN};
    cr_assert_eq(kill(process_of(&scene, false), SIGKILL), 0);
    cr_assert_eq(poll(&end, 1, -1), 1);
    close(end.fd);
    /* The shell went on while the table was still there, and its prompt has gone with that. */
    support_terminal_type(&terminal, "echo status", "Enter");
    check_terminal(&terminal, "status");
    cr_expect_eq(readers(&scene), 2);
    finish(&scene);
}

Test(top, camera_without_a_decoder_is_offline)
{
    struct scene scene;
    struct support_terminal terminal;
    begin(&scene);
    start_top(&scene, &terminal);
    struct ring_info info;
    cr_assert_eq(ring_inspect_name(scene.ring, &info), 0);
    cr_assert_eq(kill(support_pid(scene.run), SIGSTOP), 0);
    cr_assert_eq(kill(info.writer, SIGKILL), 0);
    free(support_terminal_await(&terminal, "offline "));
    cr_assert_eq(kill(support_pid(scene.run), SIGCONT), 0);
    support_terminal_type(&terminal, "q", NULL);
    check_terminal(&terminal, "status 0");
    cr_assert_eq(support_signal(scene.run, SIGTERM), 0);
    struct support_result result;
    support_ringside_wait(&scene.run, &result);
    support_result_free(&result);
}
