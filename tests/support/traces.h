/*
 * The traces a program may leave behind: processes, and objects in shared memory.
 *
 * /dev/shm belongs to the whole machine, so a test compares what is there before and after only
 * for names that contain something of its own, or runs while no other test does (suite `run`).
 */
#ifndef TESTS_SUPPORT_TRACES_H
#define TESTS_SUPPORT_TRACES_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The members of a session, zombies too: how many there are, and the first CAPACITY of them. The
 * leader is among them until it has been waited for.
 */
size_t support_session_members(pid_t session, pid_t *members, size_t capacity);

/*
 * This user's entries in /dev/shm whose name contains PART ("" takes all): one name a line, in
 * order, so that two looks can be compared as texts. The caller frees it.
 */
char *support_shm_entries(const char *part);

#endif
