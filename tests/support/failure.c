#include "tests/support/failure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct support_failure *now; /* NULL: nothing fails */
static unsigned calls;              /* so far in this round */

bool support_failure_next(struct support_failure *failure)
{
    if (failure->begun && !failure->call)
        return false;
    if (failure->last_way) {
        failure->number++;
        failure->way = 0;
    } else if (failure->begun) {
        failure->way++;
    }
    failure->begun = true;
    failure->last_way = false;
    failure->call = NULL;
    failure->error = 0;
    return true;
}

void support_failure_begin(struct support_failure *failure)
{
    calls = 0;
    now = failure;
}

void support_failure_end(void)
{
    now = NULL;
}

/* Whether this call is to fail, with errno then set. `ways`: errnos, ended by 0. */
static bool fails(const char *call, const int *ways)
{
    if (!now)
        return false;
    if (!now->call && calls++ == now->number) {
        /* Where time has a say it may be another call than in the round before. */
        unsigned way = 0;
        while (way < now->way && ways[way + 1])
            way++;
        now->call = call;
        now->error = ways[way];
        now->last_way = !ways[way + 1];
    } else if (!now->lasting || !now->call || strcmp(now->call, call) != 0 || now->error == EINTR) {
        return false;
    }
    errno = now->error;
    return true;
}

/* The wrapper of a function: its result, name, parameters and arguments, what it returns when it
 * fails, and the ways in which it may. */
#define WRAP(result, name, parameters, arguments, failed, ...)                                     \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters                                                                \
    {                                                                                              \
        static const int ways[] = {__VA_ARGS__, 0};                                                \
        return fails(#name, ways) ? (failed) : __real_##name arguments;                            \
    }

#define NO_DESCRIPTOR EMFILE, ENFILE, ENOMEM

/* -- memory -------------------------------------------------------------------------------------
 */

WRAP(void *, malloc, (size_t size), (size), NULL, ENOMEM)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL, ENOMEM)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size), NULL, ENOMEM)
WRAP(void *, mmap64, (void *address, size_t size, int protection, int flags, int fd, off_t offset),
     (address, size, protection, flags, fd, offset), MAP_FAILED, ENOMEM, EAGAIN, ENFILE, EPERM,
     EACCES, ENODEV)

/* -- files --------------------------------------------------------------------------------------
 */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    static const int open_ways[] = {NO_DESCRIPTOR, EACCES, EIO, 0};
    static const int create_ways[] = {NO_DESCRIPTOR, ENOSPC, EDQUOT, EROFS, ENOENT, EOPNOTSUPP, 0};
    const bool creates = (flags & O_TMPFILE) == O_TMPFILE;
    if (fails("open64", creates ? create_ways : open_ways))
        return -1;
    return __real_open64(path, flags, 0600);
}

/* It returns the error, and leaves errno alone. */
int __real_posix_fallocate64(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate64(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate64(int fd, off_t offset, off_t size)
{
    static const int ways[] = {ENOSPC, EINTR, EFBIG, EIO, ENOMEM, 0};
    const int before = errno;
    if (!fails("posix_fallocate64", ways))
        return __real_posix_fallocate64(fd, offset, size);
    errno = before;
    return now->error;
}

WRAP(int, fallocate64, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size), -1,
     EINTR, ENOMEM)
WRAP(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), -1, EPERM, EDQUOT, EROFS)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM, EROFS)
WRAP(int, chown, (const char *path, uid_t user, gid_t group), (path, user, group), -1, EPERM)
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode), -1, EPERM)
WRAP(int, linkat, (int from, const char *old, int to, const char *path, int flags),
     (from, old, to, path, flags), -1, ENOSPC, EACCES, ENOENT, EMLINK)
WRAP(int, unlink, (const char *path), (path), -1, EPERM, EACCES, EBUSY)
WRAP(int, access, (const char *path, int mode), (path, mode), -1, EACCES, ENOMEM)
WRAP(int, fstat64, (int fd, struct stat *status), (fd, status), -1, ENOMEM, EOVERFLOW)
WRAP(int, statvfs64, (const char *path, struct statvfs *status), (path, status), -1, ENOMEM, EINTR)
WRAP(ssize_t, pread64, (int fd, void *buffer, size_t size, off_t offset),
     (fd, buffer, size, offset), -1, EIO)
WRAP(DIR *, opendir, (const char *path), (path), NULL, NO_DESCRIPTOR, ENOENT)
WRAP(int, getentropy, (void *buffer, size_t size), (buffer, size), -1, ENOSYS)

/* Of its commands those for locks and duplicates fail; its argument is an int or a pointer. */
int __real_fcntl64(int fd, int command, void *argument);
int __wrap_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
    static const int lock_ways[] = {ENOLCK, ENOMEM, EAGAIN, 0};
    static const int look_ways[] = {ENOMEM, 0};
    static const int duplicate_ways[] = {EMFILE, 0};
    const int *ways = command == F_OFD_SETLK       ? lock_ways
                      : command == F_OFD_GETLK     ? look_ways
                      : command == F_DUPFD_CLOEXEC ? duplicate_ways
                                                   : NULL;
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return ways && fails("fcntl64", ways) ? -1 : __real_fcntl64(fd, command, argument);
}

/* -- descriptors --------------------------------------------------------------------------------
 */

WRAP(int, eventfd, (unsigned value, int flags), (value, flags), -1, NO_DESCRIPTOR, ENODEV)
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags), -1, NO_DESCRIPTOR)
WRAP(int, pidfd_open, (pid_t process, unsigned flags), (process, flags), -1, NO_DESCRIPTOR, ENOSYS,
     EPERM)
WRAP(int, epoll_create1, (int flags), (flags), -1, NO_DESCRIPTOR)
WRAP(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event),
     (epoll, operation, fd, event), -1, ENOMEM, ENOSPC)
WRAP(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout),
     (epoll, events, count, timeout), -1, EINTR)
/* No poll: for one descriptor, at once, it needs no memory and is not interrupted. */

/* -- sockets ------------------------------------------------------------------------------------
 */

WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, NO_DESCRIPTOR,
     ENOBUFS, EAFNOSUPPORT)
WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), -1,
     ENOMEM, ENOSPC, EACCES, EADDRINUSE, EROFS)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE, ENOBUFS)
WRAP(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
     (fd, address, size, flags), -1, NO_DESCRIPTOR, ECONNABORTED, EINTR)
WRAP(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
     -1, ENOMEM, EAGAIN, EACCES, ECONNREFUSED, ENOENT, EPROTOTYPE)
WRAP(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
     (fd, level, name, value, size), -1, ENOMEM)

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    static const int ways[] = {EAGAIN, ENOBUFS,    ENOMEM, EINTR, ETOOMANYREFS,
                               EPIPE,  ECONNRESET, EPERM,  0};
    return fails("sendmsg", ways) ? -1 : __real_sendmsg(fd, message, flags);
}

/* Where there is no room for a descriptor the message comes without it. */
static ssize_t receive_without(int fd, struct msghdr *message, int flags,
                               ssize_t (*receive)(int, struct msghdr *, int))
{
    ssize_t size = receive(fd, message, flags);
    if (size <= 0 || !CMSG_FIRSTHDR(message))
        return size;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof(descriptor));
    close(descriptor);
    message->msg_controllen = 0;
    message->msg_flags |= MSG_CTRUNC;
    return size;
}

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    static const int ways[] = {EMFILE, EINTR, ENOMEM, 0};
    if (!fails("recvmsg", ways))
        return __real_recvmsg(fd, message, flags);
    return errno == EMFILE ? receive_without(fd, message, flags, __real_recvmsg) : -1;
}
