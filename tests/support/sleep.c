#include "tests/support/sleep.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "tests/support/require.h"

void support_sleep_in_poll(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (poll(&one, 1, -1) < 0)
        support_require(errno == EINTR);
}

void support_sleep_for_message(struct ring_waitset *set, struct ring_reader *reader)
{
    if (set)
        support_sleep_in_poll(ring_waitset_fd(set));
    else
        support_require(ring_reader_wait(reader, -1) == 0);
}

int support_acquire(struct ring_writer *writer, bool polls, struct ring_slot *slot)
{
    /* Asked for before acquire, which from then on asks to be rung. */
    const int fd = polls ? ring_writer_fd(writer) : -1;
    int error;
    while ((error = ring_writer_acquire(writer, slot)) == -EAGAIN) {
        if (polls)
            support_sleep_in_poll(fd);
        else
            support_require(ring_writer_wait(writer, -1) == 0);
    }
    return error;
}

bool support_is_asleep(pid_t process, uint64_t *times)
{
    char line[128], state = '?';
    snprintf(line, sizeof(line), "/proc/%d/status", process);
    FILE *file = fopen(line, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof(line), file)) {
        sscanf(line, "State: %c", &state);
        if (times)
            sscanf(line, "voluntary_ctxt_switches: %" SCNu64, times);
    }
    fclose(file);
    return state == 'S';
}
