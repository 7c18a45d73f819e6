/*
 * pidfd_open for programs under a valgrind that doesn't know this system call (before 3.21): one
 * that valgrind leaves alone makes it, and hands the descriptor over. Preloaded by `./dev
 * valgrind`.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* From the helper, whose standard input is the other end. */
static int receive(int socket)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } rights = {0};
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = rights.bytes,
        .msg_controllen = sizeof(rights.bytes),
    };
    int descriptor = -1;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
        memcpy(&descriptor, CMSG_DATA(&rights.align), sizeof(descriptor));
    return descriptor;
}

static int run_helper(pid_t process, int socket)
{
    char number[16];
    char path[] = PIDFD_OPEN_HELPER;
    char *argv[] = {path, number, NULL};
    posix_spawn_file_actions_t actions;
    pid_t helper;
    snprintf(number, sizeof(number), "%d", process);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    int error = posix_spawn(&helper, argv[0], &actions, NULL, argv, NULL);
    posix_spawn_file_actions_destroy(&actions);
    if (!error && waitpid(helper, NULL, 0) != helper)
        error = errno;
    return error;
}

/* Exported, in place of libc's. */
int pidfd_open(pid_t process, unsigned flags)
{
    int ends[2], descriptor = -1;
    if (flags) {
        errno = EINVAL;
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    int error = run_helper(process, ends[1]);
    close(ends[1]);
    if (!error)
        descriptor = receive(ends[0]);
    close(ends[0]);
    if (descriptor < 0)
        errno = error ? error : ESRCH;
    return descriptor;
}
