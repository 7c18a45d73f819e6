#include "libring/src/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libring/src/name.h"
#include "libring/src/system.h"

int ring_object_allocate(int fd, uint64_t offset, uint64_t size)
{
    /* Unlike ftruncate, this allocates: what does not fit fails here with ENOSPC,
     * and not later with SIGBUS. */
    int error;
    do
        error = posix_fallocate(fd, (off_t)offset, (off_t)size);
    while (error == EINTR);
    return error ? ring_system_error(error) : 0;
}

static int give_to(int fd, gid_t group, mode_t mode)
{
    if (group != RING_NO_GROUP && (fchown(fd, (uid_t)-1, group) < 0 || fchmod(fd, mode) < 0))
        return ring_system_error(errno);
    return 0;
}

int ring_object_create(uint64_t size, gid_t group, mode_t mode)
{
    int fd = open(RING_DIRECTORY, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return ring_system_error(errno);
    int error = give_to(fd, group, mode);
    if (!error)
        error = ring_object_allocate(fd, 0, size);
    if (!error)
        return fd;
    close(fd);
    return error;
}

struct self_path {
    char text[32];
};

static struct self_path self_path(int fd)
{
    struct self_path path;
    snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
    return path;
}

int ring_object_reopen(int fd)
{
    int again = open(self_path(fd).text, O_RDWR | O_CLOEXEC);
    return again < 0 ? ring_system_error(errno) : again;
}

int ring_object_name(int fd, const char *path)
{
    if (linkat(AT_FDCWD, self_path(fd).text, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    return errno == EEXIST ? -EEXIST : ring_system_error(errno);
}

int ring_object_check_name(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return ring_system_error(errno);
    return status.st_nlink > 0 ? 0 : -ENOENT;
}

int ring_object_open(const char *path, int access)
{
    /* A FIFO put there must not keep us: O_NONBLOCK. */
    int fd = open(path, access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0)
        return fd;
    if (errno == ENOENT)
        return -ENOENT;
    return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EPROTO : ring_system_error(errno);
}

int ring_object_check_same(int fd, int again)
{
    struct stat first, second;
    if (fstat(fd, &first) < 0 || fstat(again, &second) < 0)
        return ring_system_error(errno);
    return first.st_ino == second.st_ino && first.st_dev == second.st_dev ? 0 : -ENOENT;
}

int64_t ring_object_size(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return ring_system_error(errno);
    return S_ISREG(status.st_mode) ? status.st_size : -EPROTO;
}

void *ring_object_map(int fd, uint64_t offset, uint64_t size, int writable)
{
    void *memory =
        mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, (off_t)offset);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, size, MADV_DONTFORK); /* where it fails, a child can do what we can */
    return memory;
}
