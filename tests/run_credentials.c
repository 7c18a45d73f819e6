/* A camera's password is seen nowhere: in no line of the program's, and by nobody who lists
 * processes. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"
#include "tests/support/server.h"
#include "tests/support/traces.h"

enum { PROCESSES_MAX = 16, FRAMES = 50 };

#define USER "keeper"
#define PASSWORD "s3cr3t"
#define ENCODED "a2VlcGVyOnMzY3IzdA==" /* USER:PASSWORD as HTTP sends it */
#define CLIP "camera.ts"

static char *make_clip(void)
{
    return support_ringside_clip(CLIP, SUPPORT_ARGUMENTS("-f", "lavfi", "-i",
                                                         "testsrc2=size=64x48:rate=25:duration=2",
                                                         "-c:v", "mpeg2video"));
}

static char *url_of(uint16_t port, const char *credentials, const char *name)
{
    char *url;
    cr_assert_geq(
        asprintf(&url, "http://%s127.0.0.1:%u/%s?token=" PASSWORD, credentials, port, name), 0);
    return url;
}

static void check_silent(const char *text)
{
    cr_expect_null(strstr(text, PASSWORD), "%s", text);
    cr_expect_null(strstr(text, USER), "%s", text);
    cr_expect_null(strstr(text, ENCODED), "%s", text);
}

static void check_result(const struct support_result *result)
{
    check_silent(result->out);
    check_silent(result->err);
}

/* What everybody may read of a process. */
static void check_process(pid_t pid)
{
    static const char *const files[] = {"cmdline", "comm", "stat", "status"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64], text[65536];
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, files[i]);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        size_t size = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        for (size_t c = 0; c < size; c++)
            text[c] = text[c] ? text[c] : ' ';
        text[size] = '\0';
        check_silent(text);
    }
}

/* Whoever has the password gets the frames, and in the middle of it nobody else sees it. */
static void check_run(const char *input, const char *expected_name)
{
    char needle[64];
    snprintf(needle, sizeof needle, "\"camera\":\"%s\"", expected_name);
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "-v", "--json", "--loop", "400", "-w", "framemd5", input));
    cr_expect_eq(support_await(process, needle), 0, "no %s", needle);
    support_ringside_await_full(process);
    pid_t members[PROCESSES_MAX];
    size_t count = support_session_members(support_pid(process), members, PROCESSES_MAX);
    cr_assert(count >= 3 && count <= PROCESSES_MAX);
    for (size_t i = 0; i < count; i++)
        check_process(members[i]);
    cr_assert_eq(support_signal(process, SIGINT), 0);
    struct support_result result;
    support_ringside_wait(&process, &result);
    check_result(&result);
}

static struct support_server server;

static void start_server(void)
{
    free(make_clip());
    support_server_start(&server, getenv("TMPDIR"), "Basic " ENCODED);
}

static void stop_server(void)
{
    support_server_stop(&server);
}

TestSuite(credentials, .init = start_server, .fini = stop_server);

Test(credentials, in_an_argument)
{
    check_run(url_of(server.port, USER ":" PASSWORD "@", CLIP), "camera");
}

Test(credentials, in_a_named_argument)
{
    char *input;
    cr_assert_geq(asprintf(&input, "gate=%s", url_of(server.port, USER ":" PASSWORD "@", CLIP)), 0);
    check_run(input, "gate");
}

Test(credentials, in_a_file)
{
    char *path = support_scratch_path(getenv("TMPDIR"), "url.txt");
    char *input;
    FILE *file = fopen(path, "w");
    fprintf(file, "%s\nsecond line\n", url_of(server.port, USER ":" PASSWORD "@", CLIP));
    fclose(file);
    cr_assert_geq(asprintf(&input, "gate=@%s", path), 0);
    check_run(input, "gate");
    cr_assert_geq(asprintf(&input, "@%s", path), 0);
    check_run(input, "url");
}

Test(credentials, in_the_environment)
{
    cr_assert_eq(setenv("GATE_URL", url_of(server.port, USER ":" PASSWORD "@", CLIP), 1), 0);
    check_run("gate=env:GATE_URL", "gate");
    check_run("env:GATE_URL", "GATE_URL");
}

/* Of the one that had it, neither workers nor what they start do. */
Test(credentials, are_not_handed_on_to_programs)
{
    struct support_result result;
    cr_assert_eq(setenv("GATE_URL", url_of(server.port, USER ":" PASSWORD "@", CLIP), 1), 0);
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "--exec-options", "restarts=0", "--exec",
                                                "env", "gate=env:GATE_URL"));
    cr_expect_not_null(strstr(result.err, "RINGSIDE_CONTROL="), "%s", result.err);
    check_result(&result);
}

static void check_failure(const char *input, const char *cause)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-v", "-w", "framemd5", input));
    cr_expect_eq(result.exit_code, 1);
    cr_expect_not_null(strstr(result.err, cause), "no '%s' in '%s'", cause, result.err);
    check_result(&result);
}

Test(credentials, that_are_wrong_are_told_without_them)
{
    check_failure(url_of(server.port, USER ":" PASSWORD "x@", CLIP), "401 Unauthorized");
    check_failure(url_of(server.port, "", CLIP), "401 Unauthorized");
}

Test(credentials, of_what_is_not_there)
{
    check_failure(url_of(server.port, USER ":" PASSWORD "@", "nothing"), "404 Not Found");
    check_failure(url_of(1, USER ":" PASSWORD "@", "nothing"), "Connection refused");
    check_failure("nonsense://" USER ":" PASSWORD "@127.0.0.1/x", "Protocol not found");
}

/* With a slash too few it is a path, and none that is there. */
Test(credentials, that_are_mistyped)
{
    check_failure("rtsp:/" USER ":" PASSWORD "@127.0.0.1/x", "No such file");
    check_failure("gate=http://" USER ":" PASSWORD "?/#@127.0.0.1:1/x", "cannot be opened");
    check_failure("http://127.0.0.1:1/user=" USER "_password=" PASSWORD "_channel=1",
                  "Connection refused");
}

static void check_usage(const char *input, const char *cause)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", input));
    cr_expect_eq(result.exit_code, 2);
    cr_expect_not_null(strstr(result.err, cause), "no '%s' in '%s'", cause, result.err);
    check_result(&result);
}

Test(credentials, that_can_not_be_read)
{
    char name[400];
    check_usage("gate=@/nonexistent/url", "No such file");
    check_usage("gate=@/dev/null", "its first line is empty");
    check_usage("gate=env:THERE_IS_NO_SUCH_VARIABLE", "there is no such variable");
    memset(name, 'n', 200);
    strcpy(name + 200, "=http://" USER ":" PASSWORD "@127.0.0.1/x");
    check_usage(name, "is longer than 127 bytes");
}
