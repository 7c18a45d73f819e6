/* What a decoder that somebody has taken over could do: nothing. System calls are made in a running
 * one, in its name. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/events.h"
#include "tests/support/ringside.h"
#include "tests/support/server.h"
#include "tests/support/sleep.h"
#include "tests/support/traces.h"
#include "tests/support/victim.h"

enum { PROCESSES_MAX = 16, INTERRUPTED = 130, CONTROL_SOCKET = 3 };

#define CAMERA "camera"
#define FOR_EVER "--loop", "0", "--threads", "1"

static char *named_clip(void)
{
    char *clip = support_ringside_clip(
        "clip.mp4", SUPPORT_ARGUMENTS("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2",
                                      "-c:v", "libx264", "-pix_fmt", "yuv420p"));
    char *named;
    cr_assert_geq(asprintf(&named, CAMERA "=%s", clip), 0);
    return named;
}

static bool is_decoder(pid_t pid)
{
    char path[64], title[64] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    char *read = fgets(title, sizeof title, file);
    fclose(file);
    return read && strncmp(title, "ringside: decoder", strlen("ringside: decoder")) == 0;
}

static pid_t find_decoder(const struct support_process *process)
{
    pid_t members[PROCESSES_MAX];
    size_t count = support_session_members(support_pid(process), members, PROCESSES_MAX);
    for (size_t i = 0; i < count && i < PROCESSES_MAX; i++)
        if (is_decoder(members[i]))
            return members[i];
    cr_assert_fail("there is no decoder");
    return -1;
}

struct scene {
    struct support_process *process;
    pid_t supervisor;
    struct support_victim decoder;
};

/* In the decoder, which sleeps. */
static void seize(struct scene *scene, struct support_process *process)
{
    scene->process = process;
    scene->supervisor = support_pid(process);
    const pid_t decoder = find_decoder(process);
    while (!support_is_asleep(decoder, NULL))
        sched_yield();
    int error = support_victim_seize(&scene->decoder, decoder);
    if (error == -EPERM || error == -ENOTSUP)
        cr_skip_test("no process can be traced here");
    cr_assert_eq(error, 0);
    cr_assert_eq(support_victim_call(&scene->decoder, SYS_getpid, 0, 0, 0, 0), decoder);
}

static void open_file_scene(struct scene *scene, const char *option)
{
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", FOR_EVER, option, "-w", "framemd5", named_clip()));
    support_ringside_await_full(process);
    seize(scene, process);
}

/* The decoder goes on as if nothing had been. */
static void close_scene(struct scene *scene, const char *err)
{
    struct support_result result;
    support_victim_release(&scene->decoder);
    cr_assert_eq(support_signal(scene->process, SIGINT), 0);
    support_ringside_wait(&scene->process, &result);
    cr_expect_eq(result.exit_code, INTERRUPTED);
    cr_expect_str_eq(result.err, err);
    const json_t *summary = support_summary(support_events(result.out), CAMERA);
    cr_expect_str_eq(support_text(summary, "outcome"), "stopped");
    support_result_free(&result);
}

/* -- attempts ---------------------------------------------------------------------------------- */

#define CALL(number, ...) call_in(scene, SYS_##number, (const long[6]){__VA_ARGS__})

static long call_in(struct scene *scene, long number, const long arguments[6])
{
    return support_victim_call(&scene->decoder, number, arguments[0], arguments[1], arguments[2],
                               arguments[3]);
}

static long text(struct scene *scene, const char *string)
{
    return support_victim_text(&scene->decoder, string);
}

static const char *new_file(void)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/written", getenv("TMPDIR"));
    return path;
}

#define REFUSED(call, ...) cr_expect_eq(CALL(call, __VA_ARGS__), -EPERM, "%s", #call)

static void try_files_to_change(struct scene *scene)
{
    REFUSED(openat, AT_FDCWD, text(scene, new_file()), O_WRONLY | O_CREAT, 0600);
    REFUSED(open, text(scene, new_file()), O_RDWR | O_CREAT, 0600);
    REFUSED(creat, text(scene, new_file()), 0600);
    REFUSED(openat, AT_FDCWD, text(scene, "/dev/shm"), O_RDWR | O_TMPFILE, 0600);
    REFUSED(openat2, AT_FDCWD, text(scene, "/etc/passwd"), 0, 0);
    REFUSED(mkdir, text(scene, new_file()), 0700);
    REFUSED(unlink, text(scene, "/etc/hostname"));
    REFUSED(chmod, text(scene, "/etc/hostname"), 0777);
    REFUSED(truncate, text(scene, "/etc/hostname"), 0);
    REFUSED(memfd_create, text(scene, "memory"), 0);
    REFUSED(mount, 0, text(scene, "/mnt"), 0, 0);
    REFUSED(chroot, text(scene, "/tmp"));
    cr_expect_neq(access(new_file(), F_OK), 0);
    for (int fd = 0; fd < 32; fd++) /* the ring is among them */
        REFUSED(ftruncate, fd, 0);
}

static void try_processes(struct scene *scene)
{
    REFUSED(execve, text(scene, "/bin/sh"), 0, 0);
    REFUSED(execveat, AT_FDCWD, text(scene, "/bin/sh"), 0, 0);
    REFUSED(fork, 0);
    REFUSED(vfork, 0);
    REFUSED(clone, SIGCHLD, 0, 0, 0);
    REFUSED(ptrace, PTRACE_ATTACH, scene->supervisor, 0, 0);
    REFUSED(process_vm_readv, scene->supervisor, 0, 0, 0);
    REFUSED(kill, scene->supervisor, 0);
    REFUSED(kill, -1, 0);
    REFUSED(tgkill, scene->supervisor, scene->supervisor, 0);
    REFUSED(tkill, scene->supervisor, 0);
    REFUSED(rt_sigqueueinfo, scene->supervisor, 0, 0);
    REFUSED(pidfd_open, scene->supervisor, 0);
    REFUSED(prlimit64, scene->supervisor, RLIMIT_NOFILE, scene->decoder.scratch, 0);
    cr_expect_eq(CALL(clone3, 0, 0), -ENOSYS); /* libc is to take clone */
}

/* To outlive the supervisor, to type into its terminal, and what has been a way into kernels. */
static void try_ways_out(struct scene *scene)
{
    REFUSED(prctl, PR_SET_PDEATHSIG, 0, 0, 0);
    REFUSED(setsid, 0);
    REFUSED(setpgid, 0, 0);
    REFUSED(ioctl, STDERR_FILENO, TIOCSTI, scene->decoder.scratch);
    REFUSED(unshare, CLONE_NEWUSER);
    REFUSED(bpf, 0, 0, 0);
    REFUSED(io_uring_setup, 1, scene->decoder.scratch);
    REFUSED(perf_event_open, scene->decoder.scratch, 0, -1, -1);
    REFUSED(userfaultfd, 0);
    REFUSED(keyctl, 0, 0, 0, 0);
    REFUSED(shmget, 0, 4096, 0600);
}

static void try_network(struct scene *scene)
{
    REFUSED(socket, AF_INET, SOCK_STREAM, 0);
    REFUSED(socket, AF_INET6, SOCK_DGRAM, 0);
    REFUSED(connect, CONTROL_SOCKET, scene->decoder.scratch, 16);
    REFUSED(bind, CONTROL_SOCKET, scene->decoder.scratch, 16);
}

Test(sandbox, of_a_file_leaves_nothing_but_what_is_open)
{
    struct scene opened, *scene = &opened;
    open_file_scene(scene, "--quiet");
    REFUSED(openat, AT_FDCWD, text(scene, "/etc/passwd"), O_RDONLY, 0);
    REFUSED(open, text(scene, "/etc/passwd"), O_RDONLY, 0);
    REFUSED(openat, AT_FDCWD, text(scene, "/dev/shm"), O_RDONLY | O_DIRECTORY, 0);
    REFUSED(socket, AF_UNIX, SOCK_STREAM, 0);
    REFUSED(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
    REFUSED(mprotect, scene->decoder.scratch & ~4095L, 4096, PROT_READ | PROT_EXEC);
    try_files_to_change(scene);
    try_processes(scene);
    try_ways_out(scene);
    try_network(scene);
    close_scene(scene, "");
}

/* Else the test above would prove nothing. */
Test(sandbox, is_what_refuses)
{
    struct scene opened, *scene = &opened;
    open_file_scene(scene, "--no-sandbox");
    const long file = CALL(openat, AT_FDCWD, text(scene, "/etc/passwd"), O_RDONLY, 0);
    cr_expect_geq(file, 0, "%ld", file);
    cr_expect_eq(CALL(close, file), 0);
    const long socket = CALL(socket, AF_INET, SOCK_STREAM, 0);
    cr_expect_geq(socket, 0, "%ld", socket);
    cr_expect_eq(CALL(close, socket), 0);
    cr_expect_eq(CALL(kill, scene->supervisor, 0), 0);
    close_scene(scene, "ringside: without a sandbox a damaged or hostile input can do all that "
                       "you can\n");
}

Test(sandbox, of_a_network_input_leaves_sockets)
{
    struct scene opened, *scene = &opened;
    char url[64];
    int server = support_listen_silently(CAMERA, url, sizeof url);
    struct support_process *process = support_ringside_start(
        SUPPORT_ARGUMENTS("run", "--stall-timeout", "0", "-w", "framemd5", url));
    int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(connection, 0);
    seize(scene, process);
    const long socket = CALL(socket, AF_INET, SOCK_STREAM, 0);
    cr_expect_geq(socket, 0, "%ld", socket);
    const long hosts = CALL(openat, AT_FDCWD, text(scene, "/etc/hosts"), O_RDONLY, 0);
    cr_expect_geq(hosts, 0, "%ld", hosts);
    cr_expect_eq(CALL(openat, AT_FDCWD, text(scene, "/etc/passwd"), O_RDONLY, 0), -EACCES);
    cr_expect_eq(CALL(openat, AT_FDCWD, text(scene, "/dev/shm"), O_RDONLY, 0), -EACCES);
    REFUSED(socket, AF_UNIX, SOCK_STREAM, 0);
    REFUSED(listen, socket, 1);
    try_files_to_change(scene);
    try_processes(scene);
    try_ways_out(scene);
    close_scene(scene, "");
    close(connection);
    close(server);
}

/* -- limits, and layers that a kernel lacks ---------------------------------------------------- */

/* A line of a file in /proc begins so. */
static bool has_line(pid_t pid, const char *file, const char *begin)
{
    char path[64], line[256];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *in = fopen(path, "re");
    cr_assert_not_null(in);
    while (!found && fgets(line, sizeof line, in))
        found = strncmp(line, begin, strlen(begin)) == 0;
    fclose(in);
    return found;
}

Test(sandbox, has_all_layers)
{
    struct scene opened, *scene = &opened;
    open_file_scene(scene, "--quiet");
    const pid_t decoder = scene->decoder.pid;
    cr_expect(has_line(decoder, "status", "NoNewPrivs:\t1"));
    cr_expect(has_line(decoder, "status", "Seccomp:\t2"));
    cr_expect(has_line(decoder, "limits", "Max core file size        1 "));
    cr_expect(has_line(decoder, "limits", "Max data size             4294967296 "));
    close_scene(scene, "");
}

/* For this process and those it starts. */
static void forbid(int call)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const struct scmp_arg_cmp mode = {.op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP};
    cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0), 0);
    if (call == SCMP_SYS(seccomp))
        cr_assert_eq(
            seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &mode), 0);
    cr_assert_eq(seccomp_load(filter), 0);
    seccomp_release(filter);
}

static void check_missing(const char *layer)
{
    struct support_result result;
    support_ringside(&result, SUPPORT_ARGUMENTS("run", "-w", "framemd5", named_clip()));
    cr_expect_eq(result.exit_code, 0);
    char *end = strchr(result.err, '\n');
    cr_expect(end && end[1] == '\0', "not one line: %s", result.err);
    cr_expect_not_null(strstr(result.err, "this kernel refuses: "), "%s", result.err);
    cr_expect_not_null(strstr(result.err, layer), "%s", result.err);
    support_summary_check(support_summary(support_events(result.out), CAMERA), 50, 1);
}

Test(sandbox, tells_that_landlock_is_missing)
{
    forbid(SCMP_SYS(landlock_create_ruleset));
    check_missing("refuses: Landlock (Function not implemented)\n");
}

Test(sandbox, tells_that_seccomp_is_missing)
{
    forbid(SCMP_SYS(seccomp));
    check_missing("refuses: seccomp (");
}
