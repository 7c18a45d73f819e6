#include "tests/torture/ledger.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/require.h"
#include "tests/support/stage.h"

const size_t torture_slot_sizes[] = {64, 300, 1000, 5000, 0};

struct torture_ledger *torture_ledger_create(void)
{
    struct torture_ledger *ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    support_require(ledger != MAP_FAILED);
    ledger->over_bell = eventfd(0, EFD_CLOEXEC);
    support_require(ledger->over_bell >= 0);
    for (unsigned i = 0; i < TORTURE_RINGS; i++)
        support_stage_name(ledger->ring[i].name,
                           (const char[]){'t', 'o', 'r', 't', 'u', 'r', 'e', (char)('0' + i), 0});
    return ledger;
}

void torture_ledger_destroy(struct torture_ledger *ledger)
{
    close(ledger->over_bell);
    munmap(ledger, sizeof(*ledger));
}

uint64_t torture_first_seq(unsigned ring, unsigned epoch)
{
    return (uint64_t)ring << 56 | (uint64_t)epoch << 32;
}

unsigned torture_epoch_number(uint64_t seq)
{
    return (unsigned)(seq >> 32 & 0xffffff);
}

struct torture_epoch *torture_epoch_of(struct torture_ledger *ledger, unsigned ring, uint64_t seq)
{
    support_require(seq >> 56 == ring && torture_epoch_number(seq) < TORTURE_EPOCHS);
    return &ledger->ring[ring].epochs[torture_epoch_number(seq)];
}
