/*
 * torture [--seed N] [SECONDS]: several tiny rings and a crowd of processes around them that come
 * and go, hold and let go, are stopped, killed and replaced at random moments, for as long as one
 * likes; see part.h for what they do, ledger.h for what it is checked against and watch.h for how
 * one that is stuck is found.
 *
 * Standard output is one line of figures at the end. The exit status is 1 where anything was wrong,
 * and 2 for wrong usage. The seed repeats all choices that are made; what they meet is the
 * machine's.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/traces.h"
#include "tests/torture/crew.h"
#include "tests/torture/watch.h"

enum {
    SECONDS_DEFAULT = 60,
    ACTIONS_TO_CALM = 100,
    REPORT_EACH = 10, /* seconds */
};

struct torture {
    struct torture_ledger *ledger;
    struct torture_crew crew;
    uint64_t seed, random, seconds;
    struct timespec began;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static uint64_t elapsed(const struct torture *torture)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)(now.tv_sec - torture->began.tv_sec) - (now.tv_nsec < torture->began.tv_nsec);
}

static void print_figures(const struct torture *torture, FILE *to)
{
    const struct torture_crew *crew = &torture->crew;
    const struct torture_ledger *ledger = torture->ledger;
    fprintf(to,
            "torture: %" PRIu64 " s, seed %" PRIu64 ": %" PRIu64 " processes started, %" PRIu64
            " kills survived (%" PRIu64 " of owners, %" PRIu64 " of writers), %" PRIu64 " stops, ",
            elapsed(torture), torture->seed, crew->started, crew->kills, crew->owners_killed,
            crew->writers_killed, crew->stops);
    fprintf(to,
            "%" PRIuFAST64 " takeovers, %" PRIuFAST64 " resizes, %" PRIuFAST64
            " visits, %" PRIuFAST64 " frames checked, %u violations\n",
            atomic_load(&ledger->takeovers), atomic_load(&ledger->resizes),
            atomic_load(&ledger->visits), atomic_load(&ledger->checked), crew->violations);
    fflush(to);
}

/* -- what is done -------------------------------------------------------------------------------
 */

static uint64_t roll(struct torture *torture, uint64_t sides)
{
    return support_random(&torture->random) % sides;
}

static void act(struct torture *torture)
{
    struct torture_crew *crew = &torture->crew;
    const unsigned any = (unsigned)roll(torture, TORTURE_PROCESSES);
    switch (roll(torture, 8)) {
    case 0:
    case 1:
    case 2: /* an owner's death ends the ring for all: not each time */
        if (any >= TORTURE_RINGS || roll(torture, 4) == 0)
            torture_crew_kill(crew, any);
        break;
    case 3:
    case 4:
        torture_crew_stop(crew, any);
        break;
    default:
        torture_crew_continue(crew, any);
        break;
    }
}

/* Of any length up to a few milliseconds, and now and then none. */
static void pause_a_little(struct torture *torture)
{
    const struct timespec time = {.tv_nsec = (long)roll(torture, 8000000)};
    if (roll(torture, 4))
        nanosleep(&time, NULL);
}

static void run(struct torture *torture)
{
    uint64_t reported = 0;
    struct torture_crew *crew = &torture->crew;
    while (elapsed(torture) < torture->seconds && !interrupted && crew->violations == 0) {
        for (unsigned i = 0; i < ACTIONS_TO_CALM; i++) {
            act(torture);
            pause_a_little(torture);
            torture_crew_reap(crew);
        }
        torture_watch_calm(crew);
        if (elapsed(torture) >= reported + REPORT_EACH) {
            reported = elapsed(torture);
            print_figures(torture, stderr);
        }
    }
}

/* Nothing is left of them, neither processes nor shared memory. */
static void check_traces(struct torture *torture)
{
    char *left = support_shm_entries(torture->ledger->ring[0].name);
    for (unsigned i = 0; i < TORTURE_RINGS; i++) {
        free(left);
        left = support_shm_entries(torture->ledger->ring[i].name);
        if (!left[0])
            continue;
        fprintf(stderr, "torture: left in /dev/shm: %s", left);
        torture->crew.violations++;
    }
    free(left);
    if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD) {
        fputs("torture: processes are left\n", stderr);
        torture->crew.violations++;
    }
}

static void finish(struct torture *torture)
{
    struct torture_crew *crew = &torture->crew;
    if (crew->violations == 0) {
        torture_crew_dismiss(crew);
        torture_watch_end(crew);
    } else {
        torture_watch_report(crew);
    }
    torture_crew_close(crew);
    check_traces(torture);
}

/* -- the program --------------------------------------------------------------------------------
 */

static bool read_number(const char *text, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool read_arguments(struct torture *torture, int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
        if (option != 's' || !read_number(optarg, &torture->seed))
            return false;
    if (optind < argc && !read_number(argv[optind++], &torture->seconds))
        return false;
    return optind == argc && torture->seed > 0;
}

int main(int argc, char **argv)
{
    struct torture torture = {.seconds = SECONDS_DEFAULT};
    uint32_t any;
    support_require(getrandom(&any, sizeof(any), 0) == sizeof(any));
    torture.seed = 1 + (uint64_t)any;
    if (!read_arguments(&torture, argc, argv)) {
        fputs("usage: torture [--seed NUMBER] [SECONDS]\n", stderr);
        return 2;
    }
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    fprintf(stderr, "torture: seed %" PRIu64 "\n", torture.seed);
    clock_gettime(CLOCK_MONOTONIC, &torture.began);
    torture.random = torture.seed;
    torture.ledger = torture_ledger_create();
    torture_crew_open(&torture.crew, torture.ledger, support_random(&torture.random));
    run(&torture);
    finish(&torture);
    print_figures(&torture, stdout);
    torture_ledger_destroy(torture.ledger);
    return torture.crew.violations ? EXIT_FAILURE : EXIT_SUCCESS;
}
