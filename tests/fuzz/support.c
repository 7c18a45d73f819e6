#include "tests/fuzz/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libring/src/layout.h"
#include "libring/src/object.h"

#define MAPS_MAX 64

char fuzz_name[RING_NAME_MAX + 1];

/* -- the input ----------------------------------------------------------------------------------
 */

void fuzz_bytes(struct fuzz_input *input, void *memory, size_t size)
{
    size_t some = size < input->size ? size : input->size;
    memset(memory, 0, size);
    memcpy(memory, input->data, some);
    input->data += some;
    input->size -= some;
}

uint8_t fuzz_u8(struct fuzz_input *input)
{
    uint8_t value;
    fuzz_bytes(input, &value, sizeof(value));
    return value;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
    uint16_t value;
    fuzz_bytes(input, &value, sizeof(value));
    return value;
}

uint64_t fuzz_u64(struct fuzz_input *input)
{
    uint64_t value;
    fuzz_bytes(input, &value, sizeof(value));
    return value;
}

uint64_t fuzz_number(struct fuzz_input *input)
{
    uint8_t kind = fuzz_u8(input);
    switch (kind >> 6) {
    case 0:
        return kind;
    case 1:
        return UINT64_MAX - (kind & 63);
    case 2:
        return (UINT64_C(1) << (kind & 63)) - (kind & 1);
    default:
        return fuzz_u64(input);
    }
}

/* -- findings -----------------------------------------------------------------------------------
 */

void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

static void killed(int signal)
{
    (void)signal;
    fuzz_fail("a peer", 0, "no signal that ends the process");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(fuzz_name, sizeof(fuzz_name), "fuzz-%d", getpid());
    /* libFuzzer leaves it as it is, and would end without a word. */
    signal(SIGPIPE, killed);
    return 0;
}

void fuzz_path(char path[256], const char *object)
{
    snprintf(path, 256, "/dev/shm/ring.%s.%s", fuzz_name, object);
}

/* -- maps and descriptors -----------------------------------------------------------------------
 */

struct map {
    uint8_t *memory;
    size_t size;
};

static struct map maps[MAPS_MAX];
static int first_free_descriptor;

void *__real_ring_object_map(int fd, uint64_t offset, uint64_t size, int writable);
void *__wrap_ring_object_map(int fd, uint64_t offset, uint64_t size, int writable);
int __real_munmap(void *memory, size_t size);
int __wrap_munmap(void *memory, size_t size);

void *__wrap_ring_object_map(int fd, uint64_t offset, uint64_t size, int writable)
{
    void *memory = __real_ring_object_map(fd, offset, size, writable);
    for (int i = 0; memory && i < MAPS_MAX; i++) {
        if (maps[i].memory)
            continue;
        maps[i] = (struct map){memory, size};
        return memory;
    }
    fuzz_require(!memory);
    return memory;
}

int __wrap_munmap(void *memory, size_t size)
{
    for (int i = 0; i < MAPS_MAX; i++)
        if (maps[i].memory == memory)
            maps[i] = (struct map){0};
    return __real_munmap(memory, size);
}

static int free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

void fuzz_begin(void)
{
    first_free_descriptor = free_descriptor();
}

void fuzz_end(void)
{
    fuzz_disarm();
    fuzz_control_unmap();
    fuzz_require(free_descriptor() == first_free_descriptor);
    for (int i = 0; i < MAPS_MAX; i++)
        fuzz_require(!maps[i].memory);
}

/* -- rewriting ----------------------------------------------------------------------------------
 */

static struct ring_control *control;
static struct ring_geometry geometry;

struct ring_control *fuzz_control_map(unsigned slots)
{
    char path[256];
    fuzz_control_unmap();
    fuzz_path(path, "control");
    fuzz_require(ring_geometry(&geometry, slots, 0, 0) == 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    fuzz_require(fd >= 0);
    control = __real_ring_object_map(fd, 0, geometry.control_size, true);
    fuzz_require(control);
    close(fd);
    return control;
}

void fuzz_control_unmap(void)
{
    if (control)
        __real_munmap(control, geometry.control_size);
    control = NULL;
}

/* Mostly what a few participants use. */
static size_t take_offset(struct fuzz_input *input)
{
    uint8_t where = fuzz_u8(input), word = fuzz_u8(input);
    unsigned index = where >> 3;
    switch (where & 7) {
    case 0:
    case 1:
        return sizeof(struct ring_header) + word;
    case 2:
        return word;
    case 3:
        return offsetof(struct ring_control, place) + index % 4 * sizeof(struct ring_place) + word;
    case 4:
    case 5:
        return offsetof(struct ring_control, slot) +
               index % geometry.slots * sizeof(struct ring_slot_state) + word % 32;
    case 6:
        return geometry.queue_offset + word % geometry.queue_length * 4UL;
    default:
        return index * 256UL + word;
    }
}

struct fuzz_rewrite fuzz_take_rewrite(struct fuzz_input *input)
{
    struct fuzz_rewrite rewrite = {.offset = take_offset(input), .how = fuzz_u8(input)};
    rewrite.offset = rewrite.offset % (geometry.control_size - 8) / 4 * 4;
    rewrite.value = fuzz_number(input);
    return rewrite;
}

void fuzz_rewrite(const struct fuzz_rewrite *rewrite)
{
    uint8_t *at = (uint8_t *)control + rewrite->offset;
    size_t width = rewrite->how & 1 ? 8 : 4;
    uint64_t value = rewrite->value, old = 0;
    memcpy(&old, at, width);
    switch (rewrite->how >> 1 & 3) {
    case 0:
        break;
    case 1:
        value += old;
        break;
    case 2:
        value ^= old;
        break;
    default: /* another word */
        memcpy(&value, (uint8_t *)control + value % (geometry.control_size - 8) / 4 * 4, width);
    }
    memcpy(at, &value, width);
}

static struct {
    struct fuzz_rewrite rewrite;
    bool active;
    unsigned left, period;
} trap;

void fuzz_arm(const struct fuzz_rewrite *rewrite, unsigned n, unsigned period)
{
    trap.rewrite = *rewrite;
    trap.left = n;
    trap.period = period;
    trap.active = true;
}

void fuzz_disarm(void)
{
    trap.active = false;
}

static bool is_shared(const uint8_t *address)
{
    for (int i = 0; i < MAPS_MAX; i++)
        if (maps[i].memory && address >= maps[i].memory &&
            address < maps[i].memory + geometry.control_size)
            return true;
    return false;
}

static void loads(const void *address)
{
    if (!trap.active || !control || !is_shared(address) || trap.left-- > 0)
        return;
    trap.active = trap.period > 0;
    trap.left = trap.period - 1;
    fuzz_rewrite(&trap.rewrite);
}

/* The compiler's callbacks, by width. */
#define ON_LOAD(name, type)                                                                        \
    void name(const type *address);                                                                \
    void name(const type *address)                                                                 \
    {                                                                                              \
        loads(address);                                                                            \
    }

ON_LOAD(__sanitizer_cov_load1, uint8_t)
ON_LOAD(__sanitizer_cov_load2, uint16_t)
ON_LOAD(__sanitizer_cov_load4, uint32_t)
ON_LOAD(__sanitizer_cov_load8, uint64_t)
ON_LOAD(__sanitizer_cov_load16, __uint128_t)
