/*
 * Any bytes where a ring is expected: files under the names of a ring's control object and frames,
 * opened by everybody who opens rings by name.
 *
 * The input says what is in them: its own bytes as they are, or those of a ring in order with some
 * words changed, and sizes that fit or don't. A hub may be there, so that what gets past the checks
 * goes on to work on the objects.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libring/inspect.h"
#include "libring/reader.h"
#include "libring/ring.h"
#include "libring/src/hub.h"
#include "libring/src/layout.h"
#include "libring/src/object.h"
#include "libring/writer.h"
#include "tests/fuzz/support.h"

#define IDENTITY 0x1dea
#define FRAMES_MAX (UINT64_C(1) << 40) /* sparse */

enum form {
    RAW_CONTROL = 1,
    RAW_FRAMES = 2,
    WRONG_CONTROL_SIZE = 4,
    WRONG_FRAMES_SIZE = 8,
    NO_FRAMES = 16,
    WITH_HUB = 32,
    REPLACED = 64,        /* by a new ring; or else removed */
    CHANGED_LABELS = 128, /* and not the frames' header alone */
};

static uint32_t slots, note_size;

/* -- the objects --------------------------------------------------------------------------------
 */

static void put(const char *object, const void *bytes, size_t count, uint64_t size)
{
    char path[256];
    fuzz_path(path, object);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0);
    fuzz_require(ftruncate(fd, (off_t)size) == 0);
    size_t some = count < size ? count : size;
    fuzz_require(pwrite(fd, bytes, some, 0) == (ssize_t)some);
    close(fd);
}

static void change_words(struct fuzz_input *input, uint8_t *memory, size_t size)
{
    for (unsigned words = fuzz_u8(input) % 8; words > 0; words--) {
        size_t offset = fuzz_u16(input) % (size - 7) / 4 * 4;
        uint64_t value = fuzz_number(input);
        memcpy(memory + offset, &value, offset % 8 ? 4 : 8);
    }
}

static uint64_t size_of(struct fuzz_input *input, uint64_t fitting, bool wrong)
{
    static const int64_t off[] = {-4096, -1, 1, 4096, 64, -64, 100000, -8000};
    if (!wrong)
        return fitting;
    int64_t size = (int64_t)fitting + off[fuzz_u8(input) & 7];
    return size > 0 ? (uint64_t)size : 0;
}

static void put_raw(struct fuzz_input *input, const char *object, uint64_t size)
{
    size_t count = fuzz_u16(input);
    uint8_t *bytes = malloc(count + 1);
    fuzz_require(bytes);
    fuzz_bytes(input, bytes, count);
    put(object, bytes, count, size ? size : count);
    free(bytes);
}

/* A ring in order, that has published three messages and is without a writer. */
static void fill_control(struct ring_control *control, const struct ring_geometry *geometry)
{
    control->header = (struct ring_header){
        .magic = RING_MAGIC,
        .version = RING_VERSION,
        .word = ring_word(),
        .identity = IDENTITY,
        .slots = slots,
        .note_size = note_size,
    };
    control->stream.head = 3;
    control->stream.writing = 1;
    control->table.generation = 1;
    _Atomic uint32_t *queue = (void *)((uint8_t *)control + geometry->queue_offset);
    for (uint32_t i = 0; i < slots; i++) {
        control->slot[i].seq = i < 3 ? i : RING_NO_SEQ;
        control->slot[i].generation = 1;
        queue[i] = i;
    }
}

static void put_control(struct fuzz_input *input, uint8_t form)
{
    struct ring_geometry geometry;
    fuzz_require(ring_geometry(&geometry, slots, note_size, 0) == 0);
    if (form & RAW_CONTROL) {
        put_raw(input, "control", form & WRONG_CONTROL_SIZE ? 0 : geometry.control_size);
        return;
    }
    uint8_t *memory = aligned_alloc(RING_CACHE_LINE, geometry.control_size);
    fuzz_require(memory);
    memset(memory, 0, geometry.control_size);
    fill_control((void *)memory, &geometry);
    change_words(input, memory, geometry.control_size);
    put("control", memory, geometry.control_size,
        size_of(input, geometry.control_size, form & WRONG_CONTROL_SIZE));
    free(memory);
}

static void put_frames(struct fuzz_input *input, uint8_t form)
{
    struct ring_frames_geometry geometry;
    uint64_t slot_size = fuzz_u16(input) + 1UL;
    fuzz_require(ring_frames_geometry(&geometry, slot_size, slots, note_size) == 0);
    if (form & RAW_FRAMES) {
        put_raw(input, "frames", form & WRONG_FRAMES_SIZE ? 0 : RING_PAGE + geometry.size);
        return;
    }
    const size_t labels = (size_t)slots * geometry.label_stride;
    uint8_t *memory = calloc(1, RING_PAGE + labels);
    fuzz_require(memory);
    struct ring_frames_header header = {.identity = IDENTITY};
    header.part[1] =
        (struct ring_frames_part){.generation = 1, .offset = RING_PAGE, .slot_size = slot_size};
    memcpy(memory, (void *)&header, sizeof(header));
    for (uint32_t i = 0; i < slots; i++) {
        struct ring_label label = {.seq = i, .used = slot_size};
        memcpy(memory + RING_PAGE + (size_t)i * geometry.label_stride, &label, sizeof(label));
    }
    change_words(input, memory, form & CHANGED_LABELS ? RING_PAGE + labels : sizeof(header));
    memcpy((void *)&header, memory, sizeof(header));
    if (ring_frames_geometry(&geometry, header.part[1].slot_size, slots, note_size) != 0 ||
        geometry.size > FRAMES_MAX)
        geometry.size = 8192;
    put("frames", memory, RING_PAGE + labels,
        size_of(input, RING_PAGE + geometry.size, form & WRONG_FRAMES_SIZE));
    free(memory);
}

/* -- those who open them ------------------------------------------------------------------------
 */

static bool is_refusal(int error)
{
    return error == -ENOENT || error == -EPROTO || error == -ENOBUFS || error == -EUSERS ||
           error == -ENOMEM || error == -EMSGSIZE;
}

static void observe(void)
{
    struct ring_info info;
    char text[80];
    int error = ring_inspect_name(fuzz_name, &info);
    fuzz_require(error == 0 || is_refusal(error));
    ring_explain(fuzz_name, text, sizeof(text));
    fuzz_require(memchr(text, '\0', sizeof(text)));
}

static void write_some(struct ring_writer *writer)
{
    for (int i = 0; i < 3; i++) {
        struct ring_slot slot;
        int error = ring_writer_acquire(writer, &slot);
        fuzz_require(error == 0 || error == -EAGAIN || error == -EPIPE || error == -EPROTO);
        if (error)
            return;
        memset(slot.data, 0x55, slot.size < 4096 ? slot.size : 4096);
        fuzz_require(ring_writer_publish(writer, &slot, slot.size, NULL) == 0);
    }
}

static void read_some(struct ring_reader *reader)
{
    for (int i = 0; i < 3; i++) {
        struct ring_view view;
        int error = ring_reader_next(reader, &view);
        fuzz_require(error == 0 || error == -EAGAIN || error == -EPIPE || error == -EPROTO);
        if (error)
            return;
        if (view.size > 0)
            (void)((const volatile uint8_t *)view.data)[view.size - 1];
        fuzz_require(ring_reader_release(reader, &view) == 0);
    }
}

static void take_part(enum ring_policy policy)
{
    struct ring_reader *reader;
    struct ring_writer *writer;
    const struct ring_reader_config config = {.policy = policy};
    int error = ring_reader_attach(&reader, fuzz_name, &config);
    fuzz_require(error == 0 || is_refusal(error));
    error = ring_writer_open(&writer, fuzz_name, NULL);
    fuzz_require(error == 0 || is_refusal(error));
    if (writer)
        write_some(writer);
    if (reader)
        read_some(reader);
    ring_writer_close(&writer);
    ring_reader_detach(&reader);
}

static void use_objects(struct fuzz_input *input, uint8_t form)
{
    struct ring_hub hub;
    char path[256];
    fuzz_path(path, "hub");
    unlink(path);
    if (form & WITH_HUB)
        fuzz_require(ring_hub_open(&hub, path, RING_NO_GROUP) == 0);
    observe();
    take_part((enum ring_policy)(fuzz_u8(input) % 3));
    if (form & WITH_HUB) {
        ring_hub_dispatch(&hub);
        ring_hub_close(&hub);
    }
}

/* Nobody owns it: it makes room for a ring, or goes. */
static void replace(bool by_a_ring)
{
    char path[256];
    struct ring *ring;
    const struct ring_config config = {.slot_size = 8, .slots = 2};
    if (by_a_ring) {
        fuzz_require(ring_create(&ring, fuzz_name, &config) == 0);
        observe();
        ring_destroy(&ring);
    } else {
        fuzz_require(ring_remove(fuzz_name) == 0);
    }
    fuzz_path(path, "control");
    fuzz_require(access(path, F_OK) < 0);
    fuzz_path(path, "frames");
    fuzz_require(access(path, F_OK) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sizes[] = {2, 3, 4, 8};
    struct fuzz_input input = {data, size};
    fuzz_begin();
    uint8_t form = fuzz_u8(&input), numbers = fuzz_u8(&input);
    slots = sizes[numbers & 3];
    note_size = numbers & 4 ? 24 : 0;
    put_control(&input, form);
    if (!(form & NO_FRAMES))
        put_frames(&input, form);
    use_objects(&input, form);
    replace(form & REPLACED);
    fuzz_end();
    return 0;
}
