/* ringside ls and rm: what they say of the rings there are, and what they take away. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/writer.h"
#include "tests/support/child.h"
#include "tests/support/events.h"
#include "tests/support/require.h"
#include "tests/support/ringside.h"
#include "tests/support/traces.h"

enum { refused = 77 };

static void own(void *argument)
{
    struct ring *ring;
    const struct ring_config config = {.slot_size = 1000, .slots = 4};
    const int *ready = argument;
    support_require(ring_create(&ring, "test-run-ls", &config) == 0);
    struct ring_writer *writer;
    struct ring_reader *reader;
    struct ring_slot slot;
    support_require(ring_writer_open(&writer, "test-run-ls", ring) == 0);
    support_require(ring_reader_attach(&reader, "test-run-ls",
                                       &(struct ring_reader_config){.policy = RING_LOSSY}) == 0);
    for (int i = 0; i < 3; i++) {
        support_require(ring_writer_acquire(writer, &slot) == 0);
        support_require(ring_writer_publish(writer, &slot, 10, NULL) == 0);
    }
    support_require(write(ready[1], "", 1) == 1);
    pause();
}

static pid_t start_owner(void)
{
    int ready[2];
    char byte;
    support_require(pipe(ready) == 0);
    pid_t owner = support_fork(own, ready);
    support_require(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    return owner;
}

/* What a command of ringside prints on standard output; its exit status must be that. */
static char *say(const char *arguments, int status)
{
    char command[1000], *text = NULL;
    size_t size = 0;
    snprintf(command, sizeof(command), "'%s' %s", support_ringside_path(), arguments);
    FILE *out = open_memstream(&text, &size), *pipe_ = popen(command, "r");
    support_require(out && pipe_);
    for (int c = getc(pipe_); c != EOF; c = getc(pipe_))
        putc(c, out);
    fclose(out);
    int ended = pclose(pipe_);
    support_require(WIFEXITED(ended) && WEXITSTATUS(ended) == status);
    return text;
}

static json_t *line_of_ours(void)
{
    char *text = say("ls --json", 0);
    json_t *ring = NULL;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *one = json_loads(line, 0, NULL);
        support_require(one);
        support_require(json_integer_value(json_object_get(one, "v")) == 1);
        if (strcmp(json_string_value(json_object_get(one, "ring")), "test-run-ls") == 0)
            ring = one;
        else
            json_decref(one);
    }
    free(text);
    return ring;
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    support_require(json_is_integer(value));
    return json_integer_value(value);
}

/* With a /dev/shm of our own: --stale looks at all that there is. */
static void be_alone(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=8m") < 0)
        _exit(refused);
}

static void check_ls(void *unused)
{
    (void)unused;
    be_alone();
    support_require(!line_of_ours());
    pid_t owner = start_owner();
    json_t *ring = line_of_ours();
    support_require(ring);
    support_require(json_is_false(json_object_get(ring, "stale")));
    support_require(number(ring, "owner") == owner && number(ring, "writer") == owner);
    support_require(number(ring, "published") == 3 && number(ring, "slots") == 4);
    support_require(number(ring, "slot_bytes") == 1000);
    const json_t *reader = json_array_get(json_object_get(ring, "readers"), 0);
    support_require(json_array_size(json_object_get(ring, "readers")) == 1);
    support_require(strcmp(json_string_value(json_object_get(reader, "policy")), "lossy") == 0);
    support_require(number(reader, "pid") == owner && number(reader, "lag_frames") == 3);
    support_require(json_is_real(json_object_get(reader, "lag_ms")));
    json_decref(ring);
    char *text = say("ls", 0);
    support_require(strstr(text, "test-run-ls: live"));
    free(text);
    text = say("ls --stale", 0);
    support_require(text[0] == '\0');
    free(text);

    support_kill(owner);
    ring = line_of_ours();
    support_require(json_is_true(json_object_get(ring, "stale")));
    support_require(json_is_null(json_object_get(ring, "writer")));
    json_decref(ring);
}

static void check_rm(void *unused)
{
    (void)unused;
    be_alone();
    pid_t owner = start_owner();
    free(say("rm test-run-ls", 1));
    free(say("rm --stale", 0));
    json_t *ring = line_of_ours();
    support_require(ring); /* a live one is left alone */
    json_decref(ring);
    support_kill(owner);
    char *removed = say("rm --stale", 0);
    support_require(strcmp(removed, "test-run-ls\n") == 0);
    free(removed);
    support_require(!line_of_ours());

    support_kill(start_owner());
    free(say("rm test-run-ls", 0));
    free(say("rm test-run-ls", 1));
    char *left = support_shm_entries("");
    support_require(left[0] == '\0');
    free(left);
}

static void check_unreadable(void *unused)
{
    (void)unused;
    be_alone();
    FILE *file = fopen("/dev/shm/ring.test-garbage.control", "w");
    fputs("this is no ring", file);
    fclose(file);
    free(say("ls", 1));
    char *removed = say("rm --stale", 0);
    support_require(strcmp(removed, "test-garbage\n") == 0);
    free(removed);
    free(say("ls", 0));
    free(say("ls --no-such", 2));
    free(say("rm", 2));
    free(say("rm --stale name", 2));
}

static void run_alone(void (*body)(void *))
{
    int status = support_join(support_fork(body, NULL));
    if (WIFEXITED(status) && WEXITSTATUS(status) == refused)
        cr_skip_test("no mount namespace, and so no /dev/shm of our own");
    cr_assert_eq(status, 0);
}

Test(ls, tells_of_owner_writer_and_readers)
{
    run_alone(check_ls);
}

Test(rm, takes_away_what_the_dead_left_and_nothing_else)
{
    run_alone(check_rm);
}

Test(rm, takes_away_what_is_no_ring)
{
    run_alone(check_unreadable);
}
