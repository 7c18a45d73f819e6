/* What the system says, in the words of ring.h. */
#ifndef LIBRING_SRC_SYSTEM_H
#define LIBRING_SRC_SYSTEM_H

#include <stdint.h>

/* errno as an error from the table in ring.h, for a caller to whom it means nothing in
 * particular. What means something else there, such as ENOBUFS, is not passed on. */
int ring_system_error(int number);

/* epoll_ctl(2), with the same errors. */
int ring_system_watch(int epoll, int operation, int fd, uint32_t events, void *data);

#endif
