/*
 * All roles of a ring in this process, each on its own map, while a peer rewrites the control
 * object: between their calls, and before any load of theirs.
 *
 * The input is a program, an operation a byte with its arguments after it. Whatever the peer does,
 * each call comes back, with an answer that its header names, and what it hands out can be touched.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/layout.h"
#include "libring/waitset.h"
#include "libring/writer.h"
#include "tests/fuzz/support.h"

enum { READERS = 4, HOLDS = 3, WRITERS = 2, ACQUIRED = 4, OPERATIONS = 300 };

static struct {
    struct ring *ring;
    struct ring_writer *writer;
    struct ring_slot acquired[ACQUIRED];
    struct ring_reader *reader[READERS];
    struct ring_view view[READERS][HOLDS];
    struct ring_waitset *set;
    bool listed;
} cast;

/* The answer is 0, positive, or one of those named. */
#define expect(answer, ...)                                                                        \
    fuzz_require(is_one_of(answer, (const int[]){0, __VA_ARGS__},                                  \
                           sizeof((const int[]){0, __VA_ARGS__}) / sizeof(int)))

static bool is_one_of(int answer, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (answer == list[i])
            return true;
    return answer > 0;
}

/* -- the owner ----------------------------------------------------------------------------------
 */

static void make(struct fuzz_input *input)
{
    static const unsigned slots[] = {2, 3, 4, 4, 5, 8, 9, 64};
    const uint8_t form = fuzz_u8(input);
    const struct ring_config config = {
        .slot_size = form & 8 ? 64 : 5000,
        .slots = slots[form & 7],
        .note_size = form & 16 ? 24 : 0,
        .first_seq = form & 32 ? RING_FIRST_SEQ_MAX : 0,
    };
    fuzz_require(ring_create(&cast.ring, fuzz_name, &config) == 0);
    fuzz_control_map(config.slots);
}

static void dispatch(struct fuzz_input *input)
{
    (void)input;
    ring_dispatch(cast.ring);
}

static void reap(struct fuzz_input *input)
{
    (void)input;
    expect(ring_reap(cast.ring), 0);
}

static void resize(struct fuzz_input *input)
{
    static const size_t sizes[] = {1, 64, 100, 4096, 5000, 20000, 0, RING_SLOT_SIZE_MAX + 1UL};
    expect(ring_resize(cast.ring, sizes[fuzz_u8(input) & 7]), -EINVAL, -ENOSPC, -EAGAIN);
}

/* -- the writer ---------------------------------------------------------------------------------
 */

static void open_writer(struct fuzz_input *input)
{
    if (cast.writer)
        return;
    struct ring *owner = fuzz_u8(input) & 1 ? cast.ring : NULL;
    expect(ring_writer_open(&cast.writer, fuzz_name, owner), -EBUSY, -ENOENT, -EPROTO);
}

static void close_writer(struct fuzz_input *input)
{
    (void)input;
    ring_writer_close(&cast.writer);
    memset(cast.acquired, 0, sizeof(cast.acquired));
}

static void acquire(struct fuzz_input *input)
{
    struct ring_slot *slot = &cast.acquired[fuzz_u8(input) % ACQUIRED];
    if (!cast.writer || slot->data)
        return;
    int error = ring_writer_acquire(cast.writer, slot);
    expect(error, -EAGAIN, -EPIPE, -EPROTO);
    if (error)
        return;
    memset(slot->data, 0x55, slot->size);
    if (slot->note)
        memset(slot->note, 0xaa, slot->note_size);
}

static void publish(struct fuzz_input *input)
{
    struct ring_slot *slot = &cast.acquired[fuzz_u8(input) % ACQUIRED];
    if (!cast.writer || !slot->data)
        return;
    uint64_t seq;
    expect(ring_writer_publish(cast.writer, slot, slot->size, &seq), -EPIPE);
}

static void cancel(struct fuzz_input *input)
{
    struct ring_slot *slot = &cast.acquired[fuzz_u8(input) % ACQUIRED];
    if (cast.writer && slot->data)
        fuzz_require(ring_writer_cancel(cast.writer, slot) == 0);
}

static void wait_for_room(struct fuzz_input *input)
{
    int64_t timeout = fuzz_u8(input) & 1 ? 1000 : 0;
    if (cast.writer)
        expect(ring_writer_wait(cast.writer, timeout), -ETIMEDOUT);
}

static void poll_for_room(struct fuzz_input *input)
{
    (void)input;
    if (cast.writer)
        ring_writer_fd(cast.writer);
}

static void finish(struct fuzz_input *input)
{
    (void)input;
    if (cast.writer)
        fuzz_require(ring_writer_finish(cast.writer) == 0);
}

/* -- the readers --------------------------------------------------------------------------------
 */

static void attach(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    struct ring_reader **reader = &cast.reader[form % READERS];
    const struct ring_reader_config config = {
        .policy = (enum ring_policy)((form >> 2) % 3),
        .holds = (form >> 4) % (HOLDS + 1),
    };
    if (!*reader)
        expect(ring_reader_attach(reader, fuzz_name, &config), -ENOENT, -EPROTO, -EUSERS, -ENOBUFS);
}

static void touch_bytes(const volatile void *memory, size_t size)
{
    const volatile uint8_t *bytes = memory;
    for (size_t i = 0; i < size; i += 64)
        (void)bytes[i];
    if (size > 0)
        (void)bytes[size - 1];
}

/* A peer may take a view's hold away, and so change what it shows; but it can be read. */
static void touch(const struct ring_view *view)
{
    touch_bytes(view->data, view->size);
    touch_bytes(view->note, view->note_size);
}

static void keep(unsigned reader, const struct ring_view *view)
{
    touch(view);
    for (int i = 0; i < HOLDS; i++) {
        if (cast.view[reader][i].data)
            continue;
        cast.view[reader][i] = *view;
        return;
    }
    fuzz_require(!"held more views than it may");
}

static void next(struct fuzz_input *input)
{
    unsigned reader = fuzz_u8(input) % READERS;
    struct ring_view view;
    if (!cast.reader[reader])
        return;
    int error = ring_reader_next(cast.reader[reader], &view);
    expect(error, -EAGAIN, -ENOBUFS, -EPIPE, -EPROTO);
    if (!error)
        keep(reader, &view);
}

static void release(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    const unsigned reader = form % READERS;
    struct ring_view *view = &cast.view[reader][(form >> 2) % HOLDS];
    if (!cast.reader[reader] || !view->data)
        return;
    touch(view);
    fuzz_require(ring_reader_release(cast.reader[reader], view) == 0);
}

static void wait_for_message(struct fuzz_input *input)
{
    const uint8_t form = fuzz_u8(input);
    struct ring_reader *reader = cast.reader[form % READERS];
    if (reader)
        expect(ring_reader_wait(reader, form & 4 ? 1000 : 0), -ETIMEDOUT);
}

static void detach(struct fuzz_input *input)
{
    const unsigned reader = fuzz_u8(input) % READERS;
    ring_reader_detach(&cast.reader[reader]);
    memset(cast.view[reader], 0, sizeof(cast.view[reader]));
}

static void join_set(struct fuzz_input *input)
{
    const unsigned reader = fuzz_u8(input) % READERS;
    if (cast.reader[reader])
        expect(ring_waitset_add(cast.set, cast.reader[reader], &cast.reader[reader]), -EBUSY);
}

static void leave_set(struct fuzz_input *input)
{
    const unsigned reader = fuzz_u8(input) % READERS;
    if (cast.reader[reader])
        expect(ring_waitset_remove(cast.set, cast.reader[reader]), -ENOENT);
}

static void next_of_set(struct fuzz_input *input)
{
    struct ring_reader *who;
    struct ring_view view;
    void *user;
    (void)input;
    int error = ring_waitset_next(cast.set, &who, &user, &view);
    expect(error, -EAGAIN, -EPIPE, -EPROTO);
    fuzz_require((error == -EAGAIN) == !who);
    if (!error)
        keep((unsigned)((struct ring_reader **)user - cast.reader), &view);
}

static void count(struct fuzz_input *input)
{
    struct ring_reader *reader = cast.reader[fuzz_u8(input) % READERS];
    struct ring_reader_counts counts;
    if (!reader)
        return;
    ring_reader_counts(reader, &counts);
    fuzz_require(counts.held <= HOLDS);
}

/* -- the observer -------------------------------------------------------------------------------
 */

static void inspect(struct fuzz_input *input)
{
    struct ring_info info;
    (void)input;
    fuzz_require(ring_inspect(cast.ring, &info) == 0);
    fuzz_require(info.readers <= RING_READERS_MAX);
}

static void inspect_name(struct fuzz_input *input)
{
    struct ring_info info;
    char text[64];
    (void)input;
    expect(ring_inspect_name(fuzz_name, &info), -ENOENT, -EPROTO);
    ring_explain(fuzz_name, text, sizeof(text));
    fuzz_require(memchr(text, '\0', sizeof(text)));
}

static int see(void *user, const char *name)
{
    *(bool *)user |= strcmp(name, fuzz_name) == 0;
    return 0;
}

static void list(struct fuzz_input *input)
{
    bool seen = false;
    (void)input;
    if (cast.listed)
        return; /* others may have much there */
    cast.listed = true;
    fuzz_require(ring_list(see, &seen) == 0);
    fuzz_require(seen);
    fuzz_require(ring_remove(fuzz_name) == -EBUSY);
}

/* -- the peer -----------------------------------------------------------------------------------
 */

static void rewrite(struct fuzz_input *input)
{
    struct fuzz_rewrite what = fuzz_take_rewrite(input);
    fuzz_rewrite(&what);
}

static void rewrite_later(struct fuzz_input *input)
{
    unsigned n = fuzz_u8(input), period = fuzz_u8(input);
    struct fuzz_rewrite what = fuzz_take_rewrite(input);
    fuzz_arm(&what, n, period < 128 ? 0 : period - 127);
}

static void stop_rewriting(struct fuzz_input *input)
{
    (void)input;
    fuzz_disarm();
}

static void (*const operations[])(struct fuzz_input *) = {
    acquire,        publish,       open_writer,   next,     release,
    attach,         rewrite,       rewrite_later, dispatch, wait_for_message,
    wait_for_room,  next_of_set,   join_set,      cancel,   resize,
    inspect,        inspect_name,  reap,          detach,   close_writer,
    finish,         poll_for_room, leave_set,     count,    list,
    stop_rewriting,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    if (size == 0)
        return 0;
    memset(&cast, 0, sizeof(cast));
    fuzz_begin();
    make(&input);
    fuzz_require(ring_waitset_create(&cast.set, -1) == 0);
    for (int i = 0; i < OPERATIONS && input.size > 0; i++)
        operations[fuzz_u8(&input) % (sizeof(operations) / sizeof(*operations))](&input);

    if (data[0] & 64) /* the owner first */
        ring_destroy(&cast.ring);
    for (unsigned i = 0; i < READERS; i++)
        ring_reader_detach(&cast.reader[i]);
    ring_writer_close(&cast.writer);
    ring_waitset_destroy(&cast.set);
    ring_destroy(&cast.ring);
    fuzz_end();
    return 0;
}
