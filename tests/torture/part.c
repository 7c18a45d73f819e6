#include "tests/torture/part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/message.h"

void torture_require_fate(int error)
{
    if (error != -ENOENT && error != -EAGAIN && error != -EMFILE) {
        fprintf(stderr, "torture: an owner's fate is no reason for: %s\n", strerror(-error));
        abort();
    }
}

uint64_t torture_roll(struct torture_part *part, uint64_t sides)
{
    return support_random(&part->random) % sides;
}

void torture_step(struct torture_part *part)
{
    atomic_fetch_add(&part->ledger->steps[part->process], 1);
}

void torture_linger(struct torture_part *part)
{
    for (uint64_t i = torture_roll(part, 1024); i > 0; i--)
        __asm__ volatile("");
}

void torture_rest(struct torture_part *part)
{
    const struct timespec time = {.tv_nsec = (long)torture_roll(part, 2000000)};
    torture_step(part);
    nanosleep(&time, NULL);
}
