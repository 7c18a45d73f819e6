#include "tests/torture/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "libring/inspect.h"
#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"

struct start {
    const struct torture_member *member;
    struct torture_part part;
};

static void play(void *argument)
{
    struct start *start = argument;
    signal(SIGINT, SIG_IGN); /* the terminal's is for the one who leads */
    start->member->play(&start->part);
}

static void start(struct torture_crew *crew, unsigned index)
{
    struct torture_member *member = &crew->member[index];
    struct start start = {
        .member = member,
        .part = {crew->ledger, index, member->ring, support_random(&crew->random)},
    };
    member->stopped = member->killed = false;
    member->pid = support_fork(play, &start);
    crew->started++;
}

static void assign(struct torture_crew *crew)
{
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++) {
        struct torture_member *member = &crew->member[i];
        member->ring = i % TORTURE_RINGS;
        if (i < TORTURE_RINGS)
            member->play = torture_own, member->role = "owner";
        else if (i < 2 * TORTURE_RINGS)
            member->play = torture_write, member->role = "writer";
        else
            member->play = torture_read, member->role = "reader";
    }
}

void torture_crew_open(struct torture_crew *crew, struct torture_ledger *ledger, uint64_t seed)
{
    *crew = (struct torture_crew){.ledger = ledger, .random = seed};
    assign(crew);
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        start(crew, i);
}

static void send(struct torture_crew *crew, unsigned index, int signal)
{
    support_require(kill(crew->member[index].pid, signal) == 0); /* a child: a zombie at least */
}

void torture_crew_kill(struct torture_crew *crew, unsigned index)
{
    struct torture_member *member = &crew->member[index];
    if (!member->pid || member->killed)
        return;
    send(crew, index, SIGKILL);
    member->killed = true;
    crew->kills++;
    crew->owners_killed += member->play == torture_own;
    crew->writers_killed += member->play == torture_write;
}

void torture_crew_stop(struct torture_crew *crew, unsigned index)
{
    struct torture_member *member = &crew->member[index];
    if (!member->pid || member->stopped || member->killed)
        return;
    send(crew, index, SIGSTOP);
    member->stopped = true;
    crew->stops++;
}

void torture_crew_continue(struct torture_crew *crew, unsigned index)
{
    struct torture_member *member = &crew->member[index];
    if (!member->pid || !member->stopped)
        return;
    send(crew, index, SIGCONT);
    member->stopped = false;
}

static void judge(struct torture_crew *crew, const struct torture_member *member, int status)
{
    if (status == 0 || (member->killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        return;
    crew->violations++;
    if (WIFSIGNALED(status))
        fprintf(stderr, "torture: %s %d ended by %s\n", member->role, member->pid,
                strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "torture: %s %d ended with status %d\n", member->role, member->pid,
                WEXITSTATUS(status));
}

void torture_crew_reap(struct torture_crew *crew)
{
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        unsigned index = 0;
        while (crew->member[index].pid != ended)
            index++;
        judge(crew, &crew->member[index], status);
        crew->member[index].pid = 0;
        if (!crew->dismissed)
            start(crew, index);
    }
}

void torture_crew_dismiss(struct torture_crew *crew)
{
    torture_crew_reap(crew);
    crew->dismissed = true;
    atomic_store(&crew->ledger->over, true);
    atomic_store(&crew->ledger->calm, false);
    support_require(eventfd_write(crew->ledger->over_bell, 1) == 0);
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        torture_crew_continue(crew, i);
}

bool torture_crew_is_gone(const struct torture_crew *crew)
{
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        if (crew->member[i].pid)
            return false;
    return true;
}

void torture_crew_close(struct torture_crew *crew)
{
    if (torture_crew_is_gone(crew))
        return;
    for (unsigned i = 0; i < TORTURE_PROCESSES; i++)
        if (crew->member[i].pid)
            support_kill(crew->member[i].pid);
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        ring_remove(crew->ledger->ring[i].name);
}
