/*
 * A crowd of threads in place of processes, for ThreadSanitizer. Every handle maps the ring for
 * itself, and one byte of it at several addresses is several bytes to the sanitizer; so this
 * program is linked with --wrap=mmap64 --wrap=munmap, and its mappings of one part of a file are
 * one memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/crowd.h"
#include "tests/support/message.h"
#include "tests/support/require.h"

/* -- one memory for each part of a file
 * -------------------------------------------------------------------
 */

void *__real_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t size);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t size);

static struct mapping {
    dev_t device;
    ino_t inode;
    off_t offset;
    void *memory;
    size_t size;
    unsigned users;
} mappings[8];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct mapping *find(const struct stat *status, off_t offset)
{
    struct mapping *unused = NULL;
    for (size_t i = 0; i < sizeof(mappings) / sizeof(*mappings); i++) {
        if (mappings[i].users > 0 && mappings[i].device == status->st_dev &&
            mappings[i].inode == status->st_ino && mappings[i].offset == offset)
            return &mappings[i];
        if (mappings[i].users == 0)
            unused = &mappings[i];
    }
    support_require(unused);
    return unused;
}

/* All that there is behind the offset, and writable, whoever comes first: a reader may be. */
static void map_rest(struct mapping *mapping, int fd, const struct stat *status, off_t offset)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int writable = open(path, O_RDWR | O_CLOEXEC);
    support_require(writable >= 0);
    *mapping = (struct mapping){
        .device = status->st_dev,
        .inode = status->st_ino,
        .offset = offset,
        .size = (size_t)(status->st_size - offset),
    };
    mapping->memory =
        __real_mmap64(NULL, mapping->size, PROT_READ | PROT_WRITE, MAP_SHARED, writable, offset);
    support_require(mapping->memory != MAP_FAILED);
    close(writable);
}

void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (fd < 0 || !(flags & MAP_SHARED))
        return __real_mmap64(address, size, protection, flags, fd, offset);
    struct stat status;
    support_require(fstat(fd, &status) == 0 && (off_t)size <= status.st_size - offset);
    pthread_mutex_lock(&lock);
    struct mapping *mapping = find(&status, offset);
    if (mapping->users == 0)
        map_rest(mapping, fd, &status, offset);
    mapping->users++;
    void *memory = mapping->memory;
    pthread_mutex_unlock(&lock);
    return memory;
}

int __wrap_munmap(void *address, size_t size)
{
    int result = 0;
    pthread_mutex_lock(&lock);
    struct mapping *mapping = NULL;
    for (size_t i = 0; i < sizeof(mappings) / sizeof(*mappings); i++)
        if (mappings[i].users > 0 && mappings[i].memory == address)
            mapping = &mappings[i];
    if (!mapping)
        result = __real_munmap(address, size);
    else if (--mapping->users == 0)
        result = __real_munmap(mapping->memory, mapping->size);
    pthread_mutex_unlock(&lock);
    return result;
}

/* -- the crowd ----------------------------------------------------------------------------------
 */

enum { readers = 6, messages = 6000, hurried_messages = 60000 };

struct part {
    struct support_crowd *crowd;
    unsigned index;
    uint64_t seed;
};

static void *write_part(void *argument)
{
    struct part *part = argument;
    support_crowd_write(part->crowd, 0, part->seed);
    return NULL;
}

static void *read_part(void *argument)
{
    struct part *part = argument;
    if (part->index == 0 && !part->crowd->hurried)
        support_crowd_read_all(part->crowd, part->seed);
    else
        support_crowd_read(part->crowd, part->seed);
    return NULL;
}

struct owner {
    struct ring *ring;
    int over; /* a pipe's end, which hangs up when all others have gone */
};

static void *serve(void *argument)
{
    const struct owner *owner = argument;
    struct pollfd fds[] = {{.fd = ring_fd(owner->ring), .events = POLLIN}, {.fd = owner->over}};
    while (!fds[1].revents) {
        support_require(poll(fds, 2, -1) > 0);
        ring_dispatch(owner->ring);
        support_require(ring_reap(owner->ring) == 0); /* nobody dies here */
    }
    return NULL;
}

static void meet(unsigned slots, bool polls, bool hurried, uint64_t seed)
{
    static struct support_crowd crowd;
    struct part parts[readers + 1];
    pthread_t threads[readers + 1], server;
    int over[2];
    support_crowd_open(&crowd, slots, hurried ? hurried_messages : messages, polls);
    crowd.hurried = hurried;
    for (unsigned i = 0; i <= readers; i++) {
        parts[i] = (struct part){&crowd, i, support_random(&seed)};
        support_require(pthread_create(&threads[i], NULL, i == readers ? write_part : read_part,
                                       &parts[i]) == 0);
    }
    support_require(pipe(over) == 0);
    struct owner owner = {.ring = crowd.ring, .over = over[0]};
    support_require(pthread_create(&server, NULL, serve, &owner) == 0);
    for (unsigned i = 0; i <= readers; i++)
        pthread_join(threads[i], NULL);
    close(over[1]);
    pthread_join(server, NULL);
    close(over[0]);
    support_crowd_close(&crowd);
}

int main(void)
{
    for (unsigned slots = 2; slots <= 6; slots++) {
        meet(slots, false, false, 100 + slots);
        meet(slots, true, false, 200 + slots);
    }
    for (unsigned slots = 3; slots <= 6; slots++) {
        meet(slots, false, true, 300 + slots);
        meet(slots, true, true, 400 + slots);
    }
    return 0;
}
