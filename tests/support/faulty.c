/* A plug-in that goes wrong on request: what a supervisor has to put up with. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "workers/back.h"

enum { NOT, ABORT, KILL, EXIT, LOOP, HOG, FAIL, ENVIRONMENT, PRINT, FLOOD };
static const char *const ways[] = {"not",  "abort",       "kill",  "exit",  "loop", "hog",
                                   "fail", "environment", "print", "flood", NULL};

struct faulty {
    int how;
    int at; /* frames before it goes wrong */
    int frames;
};

static int hog__(void)
{
    for (;;) {
        volatile char *memory = malloc(1 << 20);
        if (!memory)
            return -ENOMEM;
        for (int i = 0; i < 1 << 20; i += 4096)
            memory[i] = 1;
    }
}

/* As libraries do that see no way to go on. */
static void print__(void)
{
    fputs("first words, \xff\nlast words", stderr);
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* A report of a sanitizer, say, and then some: 2 MB. */
static void flood__(void)
{
    for (int i = 0; i < 10000; i++)
        fprintf(stderr, "line %d %0200d\n", i, 0);
    for (int i = 0; i < 1000; i++)
        fputs("no end", stderr);
    raise(SIGKILL);
}

static int go_wrong__(struct worker_camera *camera, const struct faulty *faulty)
{
    volatile unsigned turns = 0;
    switch (faulty->how) {
    case ABORT:
        worker_log__(camera, "last words");
        signal(SIGABRT, SIG_DFL);
        abort();
    case KILL:
        return raise(SIGKILL);
    case EXIT:
        _exit(7);
    case LOOP:
        signal(SIGABRT, SIG_DFL);
        for (;;)
            turns++;
    case HOG:
        return hog__();
    case FAIL:
        return -ENODATA;
    case ENVIRONMENT:
        return worker_event__(camera, "environment", "{s:s, s:s}", "value",
                              getenv("RINGSIDE_PROBE"), "program", program_invocation_short_name);
    case PRINT:
        print__();
        return 0;
    case FLOOD:
        flood__();
        return 0;
    default:
        return 0;
    }
}

static int frame__(struct worker_camera *camera, void *state, const struct frame *frame)
{
    struct faulty *faulty = state;
    (void)frame;
    return faulty->frames++ < faulty->at ? 0 : go_wrong__(camera, faulty);
}

static const struct worker_option options[] = {
    {.key = "how",
     .type = WORKER_OPTION_CHOICE,
     .offset = offsetof(struct faulty, how),
     .choices = ways,
     .help = "what it does"},
    {.key = "at",
     .type = WORKER_OPTION_INT,
     .offset = offsetof(struct faulty, at),
     .maximum = 1000000,
     .help = "frames before it does so"},
    {.key = NULL},
};

static const struct worker_class faulty = {
    .name = "faulty",
    .summary = "goes wrong",
    .state_size = sizeof(struct faulty),
    .options = options,
    .frame__ = frame__,
};

#ifdef OF_ANOTHER_ABI
extern const struct worker_plugin worker_plugin;
const struct worker_plugin worker_plugin = {WORKER_ABI + 1, sizeof(struct worker_class), &faulty};
#else
WORKER_PLUGIN(faulty);
#endif
