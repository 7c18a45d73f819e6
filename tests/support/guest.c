#include "tests/support/guest.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/message.h"
#include "tests/support/require.h"
#include "tests/support/stage.h"

/* -- sleep --------------------------------------------------------------------------------------
 */

static long (*system_call)(long, ...);
static bool without_end;
static sem_t *gate; /* NULL: there is none */

__attribute__((constructor)) static void find_system_call(void)
{
    void *found = dlsym(RTLD_NEXT, "syscall");
    memcpy(&system_call, &found, sizeof found);
}

/* libring's futex calls come here: a program's symbols go before its libraries'. */
long syscall(long number, ...)
{
    long argument[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(arguments, long);
    va_end(arguments);
    const bool sleeps = number == SYS_futex && (int)argument[1] == FUTEX_WAIT_BITSET && without_end;
    if (sleeps)
        argument[3] = 0;
    long result = system_call(number, argument[0], argument[1], argument[2], argument[3],
                              argument[4], argument[5]);
    if (sleeps && gate)
        support_require(sem_wait(gate) == 0 && sem_post(gate) == 0);
    return result;
}

void support_sleep_without_end(void)
{
    without_end = true;
}

/* -- its work -----------------------------------------------------------------------------------
 */

static void read_on(struct support_guest *guest)
{
    struct ring_reader *reader;
    struct ring_view view;
    const struct ring_reader_config config = {.policy = RING_LOSSLESS};
    support_require(ring_reader_attach(&reader, guest->ring, &config) == 0);
    atomic_store(&guest->ready, true);
    int error = 0;
    while (error != -EPIPE && atomic_load(&guest->next) < atomic_load(&guest->until)) {
        error = ring_reader_next(reader, &view);
        if (error == -EAGAIN)
            support_require(ring_reader_wait(reader, -1) == 0);
        if (error)
            continue;
        support_require(view.seq == atomic_load(&guest->next) && view.skipped == 0);
        support_require(support_message_check(&view, SUPPORT_SLOT_SIZE));
        support_require(ring_reader_release(reader, &view) == 0);
        atomic_fetch_add(&guest->next, 1);
        support_require(eventfd_write(guest->news, 1) == 0);
    }
    ring_reader_detach(&reader);
}

static void write_on(struct support_guest *guest)
{
    struct ring_writer *writer;
    struct ring_slot slot;
    support_require(ring_writer_open(&writer, guest->ring, NULL) == 0);
    atomic_store(&guest->ready, true);
    while (atomic_load(&guest->next) < atomic_load(&guest->until)) {
        int error = ring_writer_acquire(writer, &slot);
        if (error) {
            support_require(error == -EAGAIN && ring_writer_wait(writer, -1) == 0);
            continue;
        }
        uint64_t seq = atomic_fetch_add(&guest->next, 1), published;
        size_t used = support_message_fill(&slot, seq);
        support_require(ring_writer_publish(writer, &slot, used, &published) == 0);
        support_require(published == seq);
    }
    ring_writer_close(&writer);
}

static void be_guest(void *argument)
{
    struct support_guest *guest = argument;
    support_sleep_without_end();
    gate = &guest->gate;
    if (guest->kind == SUPPORT_GUEST_READS)
        read_on(guest);
    else
        write_on(guest);
}

struct support_guest *support_guest_create(const char *ring, enum support_guest_kind kind, int news)
{
    struct support_guest *guest =
        mmap(NULL, sizeof *guest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    support_require(guest != MAP_FAILED && sem_init(&guest->gate, 1, 1) == 0);
    guest->kind = kind;
    guest->news = news;
    strcpy(guest->ring, ring);
    return guest;
}

void support_guest_destroy(struct support_guest **guest)
{
    munmap(*guest, sizeof **guest);
    *guest = NULL;
}

pid_t support_guest_start(struct support_guest *guest)
{
    return support_fork(be_guest, guest);
}

void support_guest_hold(struct support_guest *guest)
{
    support_require(sem_wait(&guest->gate) == 0);
}

void support_guest_let_go(struct support_guest *guest)
{
    support_require(sem_post(&guest->gate) == 0);
}
