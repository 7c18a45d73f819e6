/* Shared-memory objects: files in RING_DIRECTORY, made whole and then named. */
#ifndef LIBRING_SRC_OBJECT_H
#define LIBRING_SRC_OBJECT_H

#include <stdint.h>
#include <sys/types.h>

#define RING_NO_GROUP ((gid_t)-1)

/* Makes an object of `size` zeroed, allocated bytes that has no name yet, so that
 * nobody sees it half made and nothing is left when its maker dies. Mode 0600, or
 * `mode` where a group is given. A descriptor, or a negative errno. */
int ring_object_create(uint64_t size, gid_t group, mode_t mode);

/* Allocates so many zeroed bytes at `offset`, which makes the object longer where they lie
 * beyond its end. When they don't all fit it is as before: -ENOSPC, … */
int ring_object_allocate(int fd, uint64_t offset, uint64_t size);

/* -EEXIST when the name is taken. */
int ring_object_name(int fd, const char *path);

/* -ENOENT when its name is gone, and may be another object's. */
int ring_object_check_name(int fd);

/* `access`: O_RDONLY or O_RDWR. A descriptor, or a negative errno; what is there but
 * is no file is -EPROTO. */
int ring_object_open(const char *path, int access);

/* Another description of the object, which may have no name; to read and to write. A descriptor,
 * or a negative errno. */
int ring_object_reopen(int fd);

/* -ENOENT when the two descriptors are not of one object: what was opened by one name twice may
 * have been replaced in between. */
int ring_object_check_same(int fd, int again);

/* Bytes of the object; negative errno. */
int64_t ring_object_size(int fd);

/* Maps `size` bytes from `offset` on, a multiple of RING_PAGE; `writable` or read-only. NULL on
 * failure, with errno. The mapping outlives the descriptor. */
void *ring_object_map(int fd, uint64_t offset, uint64_t size, int writable);

#endif
