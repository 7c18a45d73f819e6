#include "tests/torture/watch.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "libring/inspect.h"
#include "tests/support/sleep.h"

enum {
    PATIENCE_ASLEEP = 120, /* seconds */
    PATIENCE_AWAKE = 1800, /* of one that runs, or would if it were let: there may be others */
    STEPS = 32,            /* in calm; more than any ring has slots */
};

/* What has been seen of a process. */
struct sight {
    uint64_t steps, since; /* so far, and the second in which it came to them */
    uint64_t slept;        /* times */
};

struct watch {
    struct torture_crew *crew;
    struct sight sight[TORTURE_PROCESSES];
    uint64_t goal[TORTURE_PROCESSES];
};

static uint64_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

static bool is_stuck(const struct watch *watch, unsigned index)
{
    const struct torture_member *member = &watch->crew->member[index];
    const uint64_t time = seconds() - watch->sight[index].since;
    if (!member->pid || time < PATIENCE_ASLEEP)
        return false;
    if (time < PATIENCE_AWAKE && !support_is_asleep(member->pid, NULL))
        return false;
    fprintf(stderr, "torture: %s %d is stuck: no step in %" PRIu64 " s\n", member->role,
            member->pid, time);
    return true;
}

/* Whether anybody is stuck. */
static bool look(struct watch *watch)
{
    bool stuck = false;
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++) {
        const uint64_t steps = atomic_load(&watch->crew->ledger->steps[i]);
        if (steps != watch->sight[i].steps)
            watch->sight[i] = (struct sight){.steps = steps, .since = seconds()};
        else if (is_stuck(watch, i))
            stuck = true;
    }
    return stuck;
}

static void begin(struct watch *watch, struct torture_crew *crew)
{
    watch->crew = crew;
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++) {
        const uint64_t steps = atomic_load(&crew->ledger->steps[i]);
        watch->sight[i] = (struct sight){.steps = steps, .since = seconds()};
        watch->goal[i] = steps + (i < TORTURE_RINGS ? 2 : STEPS); /* an owner has little to do */
    }
}

static bool all_went_on(const struct watch *watch)
{
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        if (atomic_load(&watch->crew->ledger->steps[i]) < watch->goal[i])
            return false;
    return true;
}

/* Until `done` says so; false when somebody is stuck before that. */
static bool await(struct watch *watch, bool (*done)(const struct watch *watch))
{
    while (!done(watch)) {
        poll(NULL, 0, 2);
        torture_crew_reap(watch->crew);
        if (watch->crew->violations > 0)
            return true; /* and that is the end anyway */
        if (look(watch)) {
            watch->crew->violations++;
            torture_watch_report(watch->crew);
            return false;
        }
    }
    return true;
}

bool torture_watch_calm(struct torture_crew *crew)
{
    struct watch watch;
    atomic_store(&crew->ledger->calm, true);
    torture_crew_reap(crew);
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        torture_crew_continue(crew, i);
    begin(&watch, crew);
    bool alright = await(&watch, all_went_on);
    atomic_store(&crew->ledger->calm, false);
    return alright;
}

static bool all_ended(const struct watch *watch)
{
    return torture_crew_is_gone(watch->crew);
}

bool torture_watch_end(struct torture_crew *crew)
{
    struct watch watch;
    begin(&watch, crew);
    return await(&watch, all_ended);
}

/* -- the report ---------------------------------------------------------------------------------
 */

static void report_reader(unsigned place, const struct ring_reader_info *reader)
{
    fprintf(stderr,
            "    place %u: pid %d, %s, policy %d, holds %u, received %" PRIu64 ", skipped %" PRIu64
            ", lag %" PRIu64 "\n",
            place, reader->pid, reader->alive ? "alive" : "dead", reader->policy, reader->held,
            reader->received, reader->skipped, reader->lag);
}

static void report_ring(const char *name)
{
    struct ring_info info;
    int error = ring_inspect_name(name, &info);
    if (error) {
        char text[256];
        ring_explain(name, text, sizeof(text));
        fprintf(stderr, "  ring %s: %s\n", name, text);
        return;
    }
    fprintf(stderr,
            "  ring %s: owner %d%s, writer %d%s, published %" PRIu64 " from %#" PRIx64
            ", %u slots of %" PRIu64 " bytes, %u readers\n",
            name, info.owner, info.stale ? " (dead)" : "", info.writer,
            info.ended ? " (finished)" : "", info.published, info.first_seq, info.slots,
            info.slot_size, info.readers);
    for (unsigned place = 0; place < RING_READERS_MAX; place++)
        if (info.reader[place].attached)
            report_reader(place, &info.reader[place]);
}

void torture_watch_report(const struct torture_crew *crew)
{
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        report_ring(crew->ledger->ring[i].name);
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++) {
        const struct torture_member *member = &crew->member[i];
        fprintf(stderr, "  %s %u: pid %d, %" PRIuFAST64 " steps%s%s\n", member->role, i,
                member->pid, atomic_load(&crew->ledger->steps[i]),
                member->stopped ? ", stopped" : "",
                member->pid && support_is_asleep(member->pid, NULL) ? ", asleep" : "");
    }
}
