/* A /dev/shm of a test program's own, so that others may run beside it. */
#ifndef TESTS_SUPPORT_ROOM_H
#define TESTS_SUPPORT_ROOM_H

/*
 * Until this process ends, neither it nor what it starts sees anybody else's shared memory. Where a
 * process may not mount, it waits until no other has the machine's /dev/shm in this way. 0 or a
 * negative errno.
 */
int support_room_take(void);

#endif
