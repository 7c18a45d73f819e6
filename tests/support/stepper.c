#include "tests/support/stepper.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/support/child.h"
#include "tests/support/require.h"

enum { POINTS_MAX = 1 << 16 };

struct support_point {
    uintptr_t at, stack;
    bool asleep;
    /* How many times the process has come here, this one included, where a breakpoint can find it
     * by that; else 0. */
    unsigned occurrence;
    bool reachable; /* by that alone, with nothing to be done on the way */
};

/* -- the library --------------------------------------------------------------------------------
 */

static int find_text(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct support_stepper *stepper = argument;
    const char *slash = strrchr(info->dlpi_name, '/');
    (void)size;
    if (!slash || strncmp(slash + 1, stepper->library, strlen(stepper->library)) != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        stepper->base = info->dlpi_addr;
        stepper->from = info->dlpi_addr + part->p_vaddr;
        stepper->to = stepper->from + part->p_memsz;
    }
    return 1;
}

static bool is_inside(const struct support_stepper *stepper, uintptr_t address)
{
    return address >= stepper->from && address < stepper->to;
}

/* Functions that write to shared memory, or call back. */
static bool is_walked(uintptr_t address)
{
    return address == (uintptr_t)memset || address == (uintptr_t)qsort_r;
}

/* -- from point to point ------------------------------------------------------------------------
 */

/* Has come out of the library, or back to it. False: it is through with the call. */
static bool arrive(struct support_stepper *stepper)
{
    struct user_regs_struct now = support_tracee_registers(stepper->process);
    stepper->where = SUPPORT_INSIDE;
    if (is_inside(stepper, now.rip))
        return true;
    if (now.rsp > stepper->stack)
        return false;
    stepper->back_stack = now.rsp;
    stepper->where = is_walked(now.rip) ? SUPPORT_WALKING : SUPPORT_OUTSIDE;
    if (stepper->where == SUPPORT_OUTSIDE)
        stepper->back = support_breakpoint_set(stepper->process,
                                               support_tracee_peek(stepper->process, now.rsp));
    return true;
}

static bool walk(struct support_stepper *stepper)
{
    support_tracee_go(stepper->process, PTRACE_SINGLESTEP);
    struct user_regs_struct now = support_tracee_registers(stepper->process);
    return now.rsp > stepper->back_stack ? arrive(stepper) : true;
}

/* At the beginning of a system call that may sleep. */
static bool may_sleep(const struct support_stepper *stepper)
{
    if (!stepper->wake)
        return false;
    struct user_regs_struct now = support_tracee_registers(stepper->process);
    return now.orig_rax == SYS_futex && (long)now.rax == -ENOSYS;
}

/* To the next system call's beginning, sleep or end. False: it has come to the breakpoint. */
static bool go_on(struct support_stepper *stepper)
{
    if (stepper->asleep) {
        stepper->asleep = false;
        stepper->wake(stepper->argument);
        return support_tracee_await(stepper->process);
    }
    if (!may_sleep(stepper))
        return support_tracee_go(stepper->process, PTRACE_SYSCALL);
    stepper->asleep = support_tracee_go_asleep(stepper->process, PTRACE_SYSCALL);
    return true;
}

static bool go_outside(struct support_stepper *stepper)
{
    if (go_on(stepper))
        return true;
    support_breakpoint_take(stepper->process, &stepper->back);
    return arrive(stepper);
}

static bool next_point(struct support_stepper *stepper)
{
    if (stepper->where == SUPPORT_WALKING)
        return walk(stepper);
    if (stepper->where == SUPPORT_OUTSIDE)
        return go_outside(stepper);
    support_tracee_go(stepper->process, PTRACE_SINGLESTEP);
    if (!arrive(stepper))
        return false;
    return stepper->where == SUPPORT_OUTSIDE ? go_outside(stepper) : true;
}

/* From the mark to the first instruction of the library. */
static void enter(struct support_stepper *stepper)
{
    struct user_regs_struct now;
    do {
        support_tracee_go(stepper->process, PTRACE_SINGLESTEP);
        now = support_tracee_registers(stepper->process);
    } while (!is_inside(stepper, now.rip));
    stepper->stack = now.rsp;
    stepper->where = SUPPORT_INSIDE;
}

/* -- paths --------------------------------------------------------------------------------------
 */

static unsigned count_occurrences(const struct support_path *path, uintptr_t at)
{
    for (unsigned i = path->count; i-- > path->awake;)
        if (path->points[i].at == at && path->points[i].occurrence)
            return path->points[i].occurrence;
    return 0;
}

static void append(struct support_path *path, const struct support_stepper *stepper)
{
    support_require(path->count < POINTS_MAX);
    if (path->asleep && !path->awake && stepper->where == SUPPORT_INSIDE)
        path->awake = path->count;
    if (stepper->asleep) {
        path->asleep = path->count;
        path->points[path->count++] = (struct support_point){.asleep = true};
        return;
    }
    const struct user_regs_struct now = support_tracee_registers(stepper->process);
    struct support_point point = {.at = now.rip, .stack = now.rsp};
    /* A repeated instruction is stepped round by round, but met by a breakpoint once. */
    bool again = path->count > 0 && path->points[path->count - 1].at == now.rip;
    if (is_inside(stepper, now.rip)) {
        path->instructions++;
        if (!again)
            point.occurrence = count_occurrences(path, now.rip) + 1;
        point.reachable = !again && stepper->where == SUPPORT_INSIDE;
    }
    path->points[path->count++] = point;
}

void support_stepper_record(struct support_stepper *stepper, struct support_path *path)
{
    *path = (struct support_path){.points = calloc(POINTS_MAX, sizeof *path->points)};
    support_require(path->points);
    enter(stepper);
    do
        append(path, stepper);
    while (next_point(stepper));
    append(path, stepper);
}

/* To the nearest point before that a breakpoint finds. */
static unsigned approach(struct support_stepper *stepper, const struct support_path *path,
                         unsigned point)
{
    while (!path->points[point].reachable)
        point--;
    const struct support_point *goal = &path->points[point];
    for (unsigned i = 0; i < goal->occurrence; i++) {
        if (i > 0)
            support_tracee_go(stepper->process, PTRACE_SINGLESTEP);
        struct support_breakpoint here = support_breakpoint_set(stepper->process, goal->at);
        support_tracee_go(stepper->process, PTRACE_CONT);
        support_breakpoint_take(stepper->process, &here);
    }
    stepper->stack = path->points[0].stack;
    stepper->where = SUPPORT_INSIDE;
    return point;
}

/* By way of a breakpoint at `first` or before. */
static void go_to(struct support_stepper *stepper, const struct support_path *path, unsigned first,
                  unsigned point)
{
    for (unsigned i = approach(stepper, path, first); i < point; i++)
        support_require(next_point(stepper) == (i + 1 < path->count - 1));
}

void support_stepper_advance(struct support_stepper *stepper, const struct support_path *path,
                             unsigned point)
{
    /* No breakpoint is met in sleep. */
    if (path->awake && point >= path->awake)
        go_to(stepper, path, path->asleep, path->awake);
    go_to(stepper, path, point, point);
    const struct support_point *goal = &path->points[point];
    support_require(stepper->asleep == goal->asleep);
    if (goal->asleep)
        return;
    const struct user_regs_struct now = support_tracee_registers(stepper->process);
    support_require(now.rip == goal->at && now.rsp == goal->stack);
}

void support_path_describe(const struct support_path *path, const struct support_stepper *stepper,
                           unsigned point, char *text, size_t size)
{
    while (point > 0 && !is_inside(stepper, path->points[point].at))
        point--;
    snprintf(text, size, "%s+0x%zx", stepper->library, path->points[point].at - stepper->base);
}

void support_path_free(struct support_path *path)
{
    free(path->points);
    *path = (struct support_path){0};
}

/* -- the process --------------------------------------------------------------------------------
 */

int support_stepper_start(struct support_stepper *stepper, void (*body)(void *argument),
                          void *body_argument)
{
    support_require(dl_iterate_phdr(find_text, stepper) == 1);
    return support_tracee_start(&stepper->process, body, body_argument);
}

void support_stepper_run(struct support_stepper *stepper)
{
    support_require(!support_tracee_go(stepper->process, PTRACE_CONT));
}

void support_stepper_kill(struct support_stepper *stepper)
{
    support_kill(stepper->process);
}
