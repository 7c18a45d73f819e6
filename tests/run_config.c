/* The configuration file: what it may say, that it takes effect, and what a mistake in it costs. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/reference.h"
#include "tests/support/ringside.h"
#include "tests/support/scratch.h"

#define USAGE 2
#define CONFIG 78

static char *scratch, *path;

static void set_up(void)
{
    cr_assert_eq(support_scratch_create(&scratch), 0);
    path = support_scratch_path(scratch, "house.yaml");
    cr_assert_eq(chdir(scratch), 0);
}

static void tear_down(void)
{
    free(path);
    cr_assert_eq(chdir("/"), 0);
    support_scratch_remove(&scratch);
}

TestSuite(config, .init = set_up, .fini = tear_down);

static void write_config(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    cr_assert_geq(vasprintf(&text, format, arguments), 0);
    va_end(arguments);
    return text;
}

static struct support_result run(int exit_code, const char *const arguments[])
{
    struct support_result result;
    support_ringside(&result, arguments);
    cr_assert_eq(result.exit_code, exit_code, "%d: %s", result.exit_code, result.err);
    return result;
}

#define RUN(exit_code, ...) run(exit_code, SUPPORT_ARGUMENTS("run", __VA_ARGS__))

/* -- each option has its key ------------------------------------------------------------------- */

/* What is said by the lists cameras and workers, or has to be known before the file is read. */
static bool has_no_key(const char *option)
{
    static const char *const names[] = {"check", "config",  "exec",   "exec-options",
                                        "help",  "version", "worker", NULL};
    for (unsigned i = 0; names[i]; i++)
        if (strcmp(names[i], option) == 0)
            return true;
    return false;
}

/* The names of all options in the help, "\n" before and behind each. */
static char *options_of_help(void)
{
    struct support_result help = run(0, SUPPORT_ARGUMENTS("help", "run"));
    char *names = print("\n");
    for (const char *line = help.out; line; line = strchr(line + 1, '\n')) {
        char name[64], letter;
        if (sscanf(line, "\n      --%63[a-z-]", name) != 1 &&
            sscanf(line, "\n  -%c, --%63[a-z-]", &letter, name) != 2)
            continue;
        names = print("%s%s\n", names, name);
    }
    return names;
}

static char *read_man_page(void)
{
    static char text[1 << 16];
    char *page = print("%s/docs/man/ringside.yaml.5.scd", getenv("RINGSIDE_SOURCE"));
    FILE *file = fopen(page, "r");
    cr_assert(file, "%s", page);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

Test(config, has_a_key_for_each_option_of_the_command_line)
{
    const char *page = read_man_page();
    char *names = options_of_help();
    unsigned count = 0;
    for (char *name = strtok(names, "\n"); name; name = strtok(NULL, "\n")) {
        if (has_no_key(name))
            continue;
        write_config(print("%s: [a list]\n", name));
        struct support_result result = RUN(CONFIG, "-c", path);
        cr_expect_str_eq(result.out, "");
        cr_expect(strstr(result.err, print("%s:1: %s: must be ", path, name)), "%s", result.err);
        cr_expect(strstr(page, print("_%s_", name)), "ringside.yaml(5) lacks %s", name);
        count++;
    }
    cr_expect_gt(count, 15);
}

Test(config, has_no_key_without_an_option)
{
    write_config("nonsense: 1\n");
    struct support_result result = RUN(CONFIG, "-c", path);
    char *names = options_of_help();
    char *keys = strstr(result.err, "there are: cameras, workers, worker-defaults, ");
    cr_assert(keys, "%s", result.err);
    keys += strlen("there are: cameras, workers, worker-defaults, ");
    for (char *key = strtok(keys, ", \n"); key; key = strtok(NULL, ", \n"))
        cr_expect(strstr(names, print("\n%s\n", key)), "no option --%s", key);
}

/* -- a good one -------------------------------------------------------------------------------- */

#define RUN_OPTIONS                                                                                \
    "seconds: 1\nstop-timeout: 2.5\ndry-run: no\ninline: no\njson: yes\nquiet: no\n"               \
    "verbose: no\n"
#define CAMERA_OPTIONS                                                                             \
    "    pace: yes\n"                                                                              \
    "    loop: 3\n"                                                                                \
    "    threads: 2\n"                                                                             \
    "    restarts: 4\n"                                                                            \
    "    slots: 24\n"                                                                              \
    "    decode: ref\n"                                                                            \
    "    max-fps: 12.5\n"                                                                          \
    "    corrupt: pass\n"                                                                          \
    "    stall-timeout: 7\n"                                                                       \
    "    on-demand: no\n"                                                                          \
    "    hang-timeout: 30\n"                                                                       \
    "    no-sandbox: no\n"
#define WORKERS                                                                                    \
    "worker-defaults:\n"                                                                           \
    "  nice: 2\n"                                                                                  \
    "  files: 200\n"                                                                               \
    "workers:\n"                                                                                   \
    "  - class: motion\n"                                                                          \
    "    policy: latest\n"                                                                         \
    "    fps: 5\n"                                                                                 \
    "    restarts: 3\n"                                                                            \
    "    hang_timeout: 20\n"                                                                       \
    "    memory: 500\n"                                                                            \
    "    nice: 5\n"                                                                                \
    "    cpus: 0,1\n"                                                                              \
    "    min_area: 0.5\n"                                                                          \
    "    threshold: 12\n"                                                                          \
    "    zones:\n"                                                                                 \
    "      - name: gate\n"                                                                         \
    "        kind: include\n"                                                                      \
    "        min_area: 0.75\n"                                                                     \
    "        sensitivity: 1.5\n"                                                                   \
    "        points: [[0.1, 0.2], [0.4, 0.2], [0.4, 0.9]]\n"                                       \
    "      - name: clock\n"                                                                        \
    "        kind: exclude\n"                                                                      \
    "        max_area: 50\n"                                                                       \
    "        points:\n"                                                                            \
    "          - [0, 0]\n"                                                                         \
    "          - [1, 0]\n"                                                                         \
    "          - [1, 0.1]\n"                                                                       \
    "  - exec: touch started\n"                                                                    \
    "    name: watch\n"                                                                            \
    "    files: 100\n"                                                                             \
    "  - class: snapshot\n"                                                                        \
    "    policy: lossy\n"

/* With every option there is: the tests above have the list. */
Test(config, of_twenty_cameras_is_good)
{
    char *cameras = print("%s", "");
    for (unsigned i = 0; i < 20; i++)
        cameras = print("%s  - name: camera-%u\n    %s\n%s", cameras, i,
                        i % 2 ? "url: rtsp://user:secret@192.0.2.1/stream" : "file: /var/*.mkv",
                        CAMERA_OPTIONS);
    write_config(print(RUN_OPTIONS WORKERS "cameras:\n%s", cameras));
    struct support_result result = RUN(0, "-c", path, "--check");
    cr_expect_str_eq(result.out, "");
    cr_expect_str_eq(result.err, "");
}

#define SCENE "test:size=64x48,rate=10,duration=1"

static long long published(const json_t *events, const char *camera)
{
    return support_integer(support_summary(events, camera), "published");
}

Test(config, takes_effect_for_all_cameras_and_for_one)
{
    write_config("loop: 2\n"
                 "workers: [{class: framemd5}, {class: 'null', policy: latest}]\n"
                 "cameras:\n"
                 "  - {name: both, url: '" SCENE "'}\n"
                 "  - {name: one, url: '" SCENE "', loop: 1}\n"
                 "  - {name: few, url: '" SCENE "', loop: 1, max-fps: 5}\n");
    json_t *events = support_events(RUN(0, "-c", path).out);
    cr_expect_eq(published(events, "both"), 20);
    cr_expect_eq(published(events, "one"), 10);
    cr_expect_lt(published(events, "few"), 10);
    cr_expect_str_eq(
        support_text(support_summary_worker(support_summary(events, "one"), 1), "worker"), "null");
}

Test(config, is_overridden_by_the_command_line)
{
    write_config("loop: 2\n"
                 "quiet: yes\n"
                 "workers: [{class: framemd5}, {class: framemd5}]\n"
                 "cameras: [{name: one, url: '" SCENE "', loop: 1}]\n");
    json_t *events = support_events(RUN(0, "-c", path, "--loop", "3", "-w", "null").out);
    const json_t *summary = support_summary(events, "one");
    support_summary_check(summary, 30, 1);
    cr_expect_str_eq(support_text(support_summary_worker(summary, 0), "worker"), "null");
    cr_expect_eq(json_array_size(events), 1);

    events = support_events(RUN(0, "-c", path, print("other=%s", SCENE)).out);
    support_summary_check(support_summary(events, "other"), 20, 2);
}

Test(config, without_workers_has_motion)
{
    write_config("cameras: [{name: one, url: '" SCENE "'}]\n");
    const json_t *summary = support_summary(support_events(RUN(0, "-c", path).out), "one");
    cr_expect_str_eq(support_text(support_summary_worker(summary, 0), "worker"), "motion");
}

static size_t count_motion(const char *kind)
{
    write_config(print("workers:\n"
                       "  - class: motion\n"
                       "    zones:\n"
                       "      - {name: all, kind: %s, points: [[0, 0], [1, 0], [1, 1], [0, 1]]}\n"
                       "cameras: [{name: one, url: 'test:size=320x240,duration=4'}]\n",
                       kind));
    json_t *motion =
        support_events_pick(support_events(RUN(0, "-c", path).out), "motion", "one", 0);
    if (json_array_size(motion) > 0)
        cr_expect_str_eq(support_text(json_array_get(motion, 0), "zone"), "all");
    return json_array_size(motion);
}

Test(config, draws_zones)
{
    cr_expect_gt(count_motion("include"), 0);
    cr_expect_eq(count_motion("exclude"), 0);
}

Test(config, reads_a_url_from_the_environment)
{
    cr_assert_eq(setenv("SCENE", SCENE, 1), 0);
    write_config("cameras: [{name: one, url: env:SCENE}]\n");
    support_summary_check(support_summary(support_events(RUN(0, "-c", path).out), "one"), 10, 1);
}

/* -- reloading --------------------------------------------------------------------------------- */

static char *clip;

#define SMALL_SCENE "test:size=32x48,rate=10"
#define THIRD "  - {name: third, url: env:THIRD, pace: yes}\n"
#define STEADY "  - {name: steady, file: %s, pace: yes, loop: 0}\n"

static void reload(struct support_process *process, const char *worker, const char *cameras,
                   const char *await)
{
    write_config(print("workers: [{class: %s}]\ncameras:\n" STEADY "%s", worker, clip, cameras));
    cr_assert_eq(support_signal(process, SIGHUP), 0);
    cr_assert_eq(support_await(process, await), 0, "no %s", await);
}

/* Of its first frame. */
static char *hash_of(const char *input)
{
    json_t *events = support_events(RUN(0, "-w", "framemd5", input).out);
    return strdup(support_text(json_array_get(events, 0), "md5"));
}

/* Every frame that was published, with the hash that it has in the clip. */
static void check_steady(const json_t *events)
{
    const struct support_reference reference = support_reference(clip);
    json_t *frames = support_events_pick(events, "frame", "steady", 0);
    const json_t *summary = support_summary(events, "steady");
    const json_t *worker = support_summary_worker(summary, 0);
    for (size_t i = 0; i < json_array_size(frames); i++) {
        const json_t *frame = json_array_get(frames, i);
        cr_assert_eq((size_t)support_integer(frame, "seq"), i);
        cr_assert_str_eq(support_text(frame, "md5"), reference.frames[i % reference.count].md5);
    }
    cr_expect_eq((size_t)support_integer(worker, "received"), json_array_size(frames));
    cr_expect_eq(support_integer(worker, "skipped"), 0);
    cr_expect_eq(support_integer(summary, "published"), support_integer(worker, "received"));
}

static void check_warning(const char *log)
{
    const char *warning = print("ringside: %s:4: cameras[1].url: is missing", path);
    cr_expect(strstr(log, warning), "no '%s': %s", warning, log);
    cr_expect(strstr(log, "; all goes on as before\n"), "%s", log);
}

Test(config, is_followed_on_sighup_and_what_did_not_change_loses_no_frame)
{
    struct support_process *process;
    struct support_result result;
    char *small = hash_of(SMALL_SCENE ",duration=0.1");
    cr_assert_eq(setenv("THIRD", "test:size=32x32,rate=10", 1), 0);
    clip = support_ringside_clip(
        "steady.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i",
                                        "testsrc2=size=64x48:rate=50:duration=1", "-c:v", "mpeg4"));
    write_config(print("workers: [{class: framemd5}]\ncameras:\n" STEADY, clip));
    process = support_ringside_start(SUPPORT_ARGUMENTS("run", "-c", path));
    cr_assert_eq(support_await(process, "\"camera\":\"steady\""), 0);

    reload(process, "framemd5", "  - {name: other, url: 'test:size=64x48,rate=10', pace: yes}\n",
           "\"frame\",\"camera\":\"other\"");
    reload(process, "framemd5", "  - {name: other, url: '" SMALL_SCENE "', pace: yes}\n", small);
    reload(process, "framemd5", THIRD, "\"frame\",\"camera\":\"third\"");
    reload(process, "framemd5", "  - {name: third}\n", "cameras[1].url: is missing");
    reload(process, "'null'", THIRD, "cameras: 0 end, 0 begin; workers that changed wait for");
    reload(process, "'null'", "", "\"summary\",\"camera\":\"third\"");

    cr_assert_eq(support_signal(process, SIGINT), 0);
    support_ringside_wait(&process, &result);
    cr_expect_eq(result.exit_code, 130, "%s", result.err);
    const json_t *events = support_events(result.out);
    check_steady(events);
    cr_expect_eq(json_array_size(support_events_pick(events, "summary", "other", -1)), 2);
    cr_expect_eq(json_array_size(support_events_pick(events, "summary", "third", -1)), 1);
    check_warning(result.err);
}

/* -- broken ones ------------------------------------------------------------------------------- */

#define NO_LINE 0
#define ANY_LINE 10000

static void check_place(const char *told, unsigned line)
{
    char *file = print("ringside: %s:", path);
    char *end;
    cr_expect(strncmp(told, file, strlen(file)) == 0, "no '%s': %s", file, told);
    const unsigned long number = strtoul(told + strlen(file), &end, 10);
    if (line == NO_LINE)
        return;
    cr_expect(*end == ':' && number > 0, "no line: %s", told);
    cr_expect(line == ANY_LINE || line == number, "not line %u: %s", line, told);
}

/* One line, with place and cause; and nothing was started, which would have left a file. */
static void check_refused(unsigned line, const char *cause)
{
    struct support_result result = RUN(CONFIG, "-c", path);
    const char *end = strchr(result.err, '\n');
    cr_expect_str_eq(result.out, "");
    cr_expect(end && !end[1], "not one line: %s", result.err);
    check_place(result.err, line);
    cr_expect(strstr(result.err, cause), "no '%s': %s", cause, result.err);
    cr_expect_null(strstr(result.err, "secret"), "%s", result.err);
    cr_expect_neq(access("started", F_OK), 0);
    support_result_free(&result);
}

Test(config, that_is_wrong_is_told_with_line_key_and_what_was_expected)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *cause;
    } cases[] = {
        {"", 1, "must be a mapping of options; there is nothing"},
        {"- name: a\n", 1, "must be a mapping of options"},
        {"loop: 1\n", 1, "cameras: is missing, and no INPUT is given"},
        {"cameras: []\n", 1, "cameras: must be a list of cameras; it is empty"},
        {"cameras: {name: a}\n", 1, "cameras: must be a list of cameras"},
        {"cameras:\n- a\n", 2, "cameras[0]: must be a mapping with name, and url or file"},
        {"cameras:\n- url: http://secret\n", 2, "cameras[0].name: is missing; must be letters"},
        {"cameras:\n- name: a b\n", 2, "cameras[0].name: must be letters"},
        {"cameras:\n- name: a\n", 2, "cameras[0].url: is missing; must be a URL"},
        {"cameras:\n- name: a\n  url: /a/secret\n", 3, "cameras[0].url: must be a URL"},
        {"cameras:\n- name: a\n  file: http://secret\n", 3, "cameras[0].file: must be the path"},
        {"cameras:\n- name: a\n  file: a\n  url: http://secret\n", 3, "cameras[0].file: must not"},
        {"cameras:\n- name: a\n  url: env:NO_SUCH\n", 3, "there is no such variable"},
        {"cameras:\n- name: a\n  url: '@/nonexistent'\n", 3, "No such file"},
        {"cameras:\n- {name: a, file: a}\n- {name: a, file: b}\n", 3,
         "cameras[1].name: must be the name of one camera; that of cameras[0] is the same"},
        {"cameras:\n- name: a\n  seconds: 3\n", 3, "cameras[0].seconds: no such key; there are: "},
        {"cameras:\n- {name: a, file: a}\nslots: 1\n", 3, "slots: must be at least"},
        {"worker: motion\n", 1, "worker: no such key; there are: cameras, workers"},
        {"workers: []\n", 1, "workers: must be a list of workers; it is empty"},
        {"workers:\n- class: secret\n", 2, "workers[0].class: must be one of framemd5, "},
        {"workers:\n- plugin: ./none.so\n", 2, "workers[0].plugin: must be the path of a plug-in"},
        {"workers:\n- exec: a | secret\n", 2, "workers[0].exec: must be a command of words"},
        {"workers:\n- fps: 3\n", 2, "workers[0].class: is missing"},
        {"workers:\n- class: motion\n  exec: a\n", 3, "workers[0].exec: must not be given beside"},
        {"workers:\n- class: motion\n  sleep_ms: 3\n", 3,
         "workers[0].sleep_ms: no such key; there"},
        {"workers:\n- class: motion\n  name: a\n", 3, "workers[0].name: no such key; there are:"},
        {"workers:\n- class: motion\n  cpus: one\n", 3, "must be numbers of processors"},
        {"workers:\n- class: motion\n  zones:\n  - {name: a, kind: exclude}\n", 4,
         "workers[0].zones[0].points: is missing"},
        {"workers:\n- class: motion\n  zones:\n  - points: [[0, 0], [0, 1]]\n", 4,
         "workers[0].zones[0].points: must be a list of 3 to 64 points"},
        {"workers:\n- class: motion\n  zones:\n  - points: [[0, 0], [0, 1], [0, 1.1]]\n", 4,
         "workers[0].zones[0].points[2][1]: must be a number from 0 to 1"},
        {"workers:\n- class: motion\n  zones:\n  - points: [[0, 0], [0, 1], [0, 1, 1]]\n", 4,
         "workers[0].zones[0].points[2]: must be two numbers from 0 to 1"},
        {"workers:\n- class: motion\n  zones:\n  - {name: a, kind: secret}\n", 4,
         "workers[0].zones[0].kind: must be include, ignore or exclude"},
        {"worker-defaults:\n  threshold: 3\n", 2, "worker-defaults.threshold: no such key; there"},
        {"inline: yes\nworkers: [{exec: a}]\n", 1, "inline: must be no, where a worker is a"},
        {"{rtsp://a:secret@b: c}\n", 1, "(a key): no such key"},
        {"[a]: b\n", 1, "must have keys that are words"},
        {"loop: 1\n---\nloop: 2\n", 3, "must be one document; here begins another"},
        {"loop: \"1\\0\"\n", 1, "loop: must be a whole number"},
        {"&a cameras: [*a, *b]\n", 1, "must be YAML: found undefined alias"},
        {"cameras: &a [*a]\n", 1, "cameras[0]: must be a mapping"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_config(cases[i].text);
        check_refused(cases[i].line, cases[i].cause);
    }
    cr_assert_eq(unlink(path), 0);
    check_refused(NO_LINE, "No such file or directory");
}

static const char whole[] =
    RUN_OPTIONS WORKERS "cameras:\n"
                        "  - name: door\n"
                        "    url: rtsp://user:secret@192.0.2.1/\n" CAMERA_OPTIONS "  - name: yard\n"
                        "    file: /var/*.mkv\n" CAMERA_OPTIONS;

/* A line of it, taken apart: "  - " "key" "value". */
struct line {
    unsigned number; /* from 1 */
    const char *begin;
    int length; /* without the line feed */
    int indent; /* to the key */
    char key[32];
    char value[128];
    bool follows; /* a key of the same mapping stands in the line before */
};

static bool next_line(struct line *line)
{
    const struct line before = *line;
    line->begin = line->begin ? line->begin + line->length + 1 : whole;
    line->length = (int)strcspn(line->begin, "\n");
    line->indent = (int)strspn(line->begin, " -");
    line->number++;
    *line->key = *line->value = '\0';
    sscanf(line->begin + line->indent, "%31[a-z_-]:%*[ ]%127[^\n]", line->key, line->value);
    line->follows = *before.value && before.indent == line->indent && line->begin[0] &&
                    !memchr(line->begin, '-', (size_t)line->indent);
    return *line->begin;
}

enum mutation {
    LIST,
    MISSPELT,
    TWICE,
    OUT_OF_RANGE,
    NO_VALUE,
    NO_NUMBER,
    INDENTED,
    TAB,
    ALIAS,
    QUOTE,
    CUT_OFF,
    MUTATIONS
};

static bool is_number(const struct line *line)
{
    char *end;
    strtod(line->value, &end);
    return end != line->value && !*end;
}

static bool is_text(const struct line *line)
{
    static const char *const keys[] = {"name", "url", "file", "exec", "class", "cpus", NULL};
    for (unsigned i = 0; keys[i]; i++)
        if (strcmp(keys[i], line->key) == 0)
            return true;
    return false;
}

/* The line as it is spoilt; NULL: this can't be done to it. `cause`: what the fault has to say. */
static char *spoil(const struct line *line, enum mutation mutation, const char **cause)
{
    char *head = print("%.*s", line->indent, line->begin);
    *cause = line->key;
    switch (mutation) {
    case LIST:
        return *line->value ? print("%s%s: [1, 2]", head, line->key) : NULL;
    case MISSPELT:
        return *line->key ? print("%s%c%s: %s", head, line->key[0], line->key, line->value) : NULL;
    case TWICE:
        return *line->value ? print("%.*s\n%*s%s: %s", line->length, line->begin, line->indent, "",
                                    line->key, line->value)
                            : NULL;
    case OUT_OF_RANGE:
        return is_number(line) ? print("%s%s: -%s000000", head, line->key, line->value) : NULL;
    case NO_VALUE:
        return *line->value && strcmp(line->key, "cpus") != 0 ? print("%s%s:", head, line->key)
                                                              : NULL;
    case NO_NUMBER:
        return *line->value && !is_text(line) ? print("%s%s: nonsense", head, line->key) : NULL;
    default:
        break;
    }
    *cause = "must be YAML";
    switch (mutation) {
    case INDENTED:
        return line->follows ? print(" %.*s", line->length, line->begin) : NULL;
    case TAB:
        *cause = "there is a tab";
        return line->follows && line->indent ? print("\t%s: %s", line->key, line->value) : NULL;
    case ALIAS:
        return *line->value ? print("%s%s: *nobody", head, line->key) : NULL;
    case QUOTE:
        return *line->value ? print("%s%s: \"%s", head, line->key, line->value) : NULL;
    default:
        return *line->value ? print("%s%s: [", head, line->key) : NULL;
    }
}

/* Two in five of the lines that can be spoilt so. */
static unsigned check_mutation(enum mutation mutation)
{
    unsigned count = 0, able = 0;
    const char *cause;
    for (struct line line = {0}; next_line(&line);) {
        char *spoilt = spoil(&line, mutation, &cause);
        if (!spoilt || (able++ + mutation) % 5 > 1)
            continue;
        write_config(print("%.*s%s%s", (int)(line.begin - whole), whole, spoilt,
                           mutation == CUT_OFF ? "" : line.begin + line.length));
        check_refused(mutation >= INDENTED ? ANY_LINE : line.number + (mutation == TWICE), cause);
        count++;
    }
    return count;
}

Test(config, that_is_spoilt_anywhere_is_refused)
{
    unsigned count = 0;
    write_config(whole);
    RUN(0, "-c", path, "--check");
    for (enum mutation mutation = 0; mutation < MUTATIONS; mutation++)
        count += check_mutation(mutation);
    cr_expect_geq(count, 200, "%u", count);
}

Test(config, is_not_needed_to_check_a_command_line)
{
    struct support_result result =
        run(0, SUPPORT_ARGUMENTS("run", "--check", "-w", "motion", "/nonexistent"));
    cr_expect_str_eq(result.err, "");
    run(USAGE, SUPPORT_ARGUMENTS("run", "--check", "-w", "nonsense", "/nonexistent"));
    run(USAGE, SUPPORT_ARGUMENTS("run", "--check"));
}
