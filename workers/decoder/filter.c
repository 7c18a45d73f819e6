#include "workers/decoder/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const int for_all[] = {
    /* descriptors that are there */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    /* the control socket, and bells */
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recv),
    SCMP_SYS(send),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    /* threads, and sleep */
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(gettid),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* time, and who we are */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrandom),
    /* signals to ourselves */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sigaltstack),
};

static const int for_network[] = {
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    /* a library that is loaded to find a host */
    SCMP_SYS(mmap),
    SCMP_SYS(mmap2),
    SCMP_SYS(mprotect),
    /* the files that Landlock lets be read, and others where the kernel has none */
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(getdents64),
};

static const int for_device[] = {SCMP_SYS(select), SCMP_SYS(pselect6)};

static const int fcntl_commands[] = {F_GETFD,         F_SETFD,     F_GETFL,    F_SETFL,
                                     F_DUPFD_CLOEXEC, F_OFD_SETLK, F_OFD_GETLK};

static const int families[] = {AF_INET, AF_INET6, AF_NETLINK};

struct filter {
    scmp_filter_ctx context;
    int error; /* the first there was */
};

static struct scmp_arg_cmp is(unsigned argument, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp is_masked(unsigned argument, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static void allow(struct filter *filter, int call)
{
    int error = seccomp_rule_add(filter->context, SCMP_ACT_ALLOW, call, 0);
    filter->error = filter->error ? filter->error : error;
}

static void allow_all(struct filter *filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        allow(filter, calls[i]);
}

static void allow_where(struct filter *filter, int call, struct scmp_arg_cmp condition)
{
    int error = seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, call, 1, &condition);
    filter->error = filter->error ? filter->error : error;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A thread is no process; who asks by the call whose flags can't be seen is sent to the
 * other one, as by a kernel that has it not. */
static void allow_threads(struct filter *filter)
{
    const uint64_t thread = CLONE_VM | CLONE_THREAD;
    allow_where(filter, SCMP_SYS(clone), is_masked(0, thread, thread));
    int error = seccomp_rule_add(filter->context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    filter->error = filter->error ? filter->error : error;
}

/* Calls that can also be about others, and are only for ourselves. */
static void allow_self(struct filter *filter)
{
    const uint64_t self = (uint64_t)getpid();
    allow_where(filter, SCMP_SYS(tgkill), is(0, self));
    allow_where(filter, SCMP_SYS(pidfd_open), is(0, self));
    allow_where(filter, SCMP_SYS(prlimit64), is(2, 0)); /* to look, not to set */
    allow_where(filter, SCMP_SYS(prctl), is(0, PR_SET_NAME));
    /* fstat, as libc asks for it now */
    allow_where(filter, SCMP_SYS(newfstatat), is(3, AT_EMPTY_PATH));
    for (size_t i = 0; i < COUNT(fcntl_commands); i++) {
        const struct scmp_arg_cmp command = is(1, (uint64_t)(unsigned)fcntl_commands[i]);
        allow_where(filter, SCMP_SYS(fcntl), command);
        allow_where(filter, SCMP_SYS(fcntl64), command);
    }
}

static void allow_data(struct filter *filter)
{
    const struct scmp_arg_cmp no_code = is_masked(2, PROT_EXEC, 0);
    allow_where(filter, SCMP_SYS(mmap), no_code);
    allow_where(filter, SCMP_SYS(mmap2), no_code);
    allow_where(filter, SCMP_SYS(mprotect), no_code);
}

static void allow_network(struct filter *filter)
{
    const uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
    allow_all(filter, for_network, COUNT(for_network));
    for (size_t i = 0; i < COUNT(families); i++)
        allow_where(filter, SCMP_SYS(socket), is(0, (uint64_t)families[i]));
    allow_where(filter, SCMP_SYS(ioctl), is(1, FIONREAD));
    allow_where(filter, SCMP_SYS(ioctl), is(1, FIONBIO));
    allow_where(filter, SCMP_SYS(open), is_masked(1, writes, O_RDONLY));
    allow_where(filter, SCMP_SYS(openat), is_masked(2, writes, O_RDONLY));
    allow_where(filter, SCMP_SYS(newfstatat), is_masked(3, AT_EMPTY_PATH, 0));
}

/* Those of video devices only. */
static void allow_device(struct filter *filter)
{
    const uint64_t kind = _IOC_TYPEMASK << _IOC_TYPESHIFT;
    allow_all(filter, for_device, COUNT(for_device));
    allow_where(filter, SCMP_SYS(ioctl), is_masked(1, kind, (uint64_t)'V' << _IOC_TYPESHIFT));
}

static void fill(struct filter *filter, enum sandbox_kind kind)
{
    allow_all(filter, for_all, COUNT(for_all));
    allow_threads(filter);
    allow_self(filter);
    if (kind == SANDBOX_NETWORK)
        allow_network(filter);
    else
        allow_data(filter);
    if (kind == SANDBOX_DEVICE)
        allow_device(filter);
}

int filter_enter__(enum sandbox_kind kind)
{
    struct filter filter = {.context = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (!filter.context)
        return -ENOMEM;
    fill(&filter, kind);
    /* A tree of comparisons, for there are many calls, and readers wait for some. */
    int error = seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!error)
        error = filter.error;
    if (!error)
        error = seccomp_attr_set(filter.context, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (!error)
        error = seccomp_load(filter.context);
    seccomp_release(filter.context);
    return error;
}
