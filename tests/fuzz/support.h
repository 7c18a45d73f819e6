/*
 * What the fuzz targets share: reading a program out of the input, rewriting the control object of
 * a ring at chosen moments, and seeing that nothing was left behind.
 *
 * Moments. libring is built with a callback at every load (-fsanitize-coverage=trace-loads), and
 * its maps are known by wrapping what makes and unmaps them. So a rewrite can be set to happen
 * just before the n-th load from shared memory, between a check and the use of what was checked,
 * and happens there again when the input is replayed.
 *
 * A target's case: fuzz_begin -> fuzz_take…, fuzz_rewrite, fuzz_arm -> fuzz_end
 */
#ifndef TESTS_FUZZ_SUPPORT_H
#define TESTS_FUZZ_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "libring/ring.h"

/* libFuzzer's interface, implemented by each target. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, taken from its front; zero when there is no more. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint64_t fuzz_u64(struct fuzz_input *input);
/* Fills `memory` with so many bytes of it. */
void fuzz_bytes(struct fuzz_input *input, void *memory, size_t size);
/* A number, out of those at which programs break. */
uint64_t fuzz_number(struct fuzz_input *input);

/* Ends the process, with a finding, where the condition does not hold. */
#define fuzz_require(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* The name under which this process has its rings. */
extern char fuzz_name[RING_NAME_MAX + 1];
void fuzz_path(char path[256], const char *object);

/* Notes what is open, or requires that it is what it was: descriptors and maps. */
void fuzz_begin(void);
void fuzz_end(void);

/* The present ring's control object, as its peers have it. */
struct ring_control *fuzz_control_map(unsigned slots);
void fuzz_control_unmap(void);

/* One rewrite of the control object, read from the input. */
struct fuzz_rewrite {
    size_t offset;
    uint64_t value;
    uint8_t how;
};
struct fuzz_rewrite fuzz_take_rewrite(struct fuzz_input *input);
void fuzz_rewrite(const struct fuzz_rewrite *rewrite);

/* Does it before the n-th load of libring's from the control object, and again so often after each
 * `period` of them; 0: once. fuzz_disarm: no more. */
void fuzz_arm(const struct fuzz_rewrite *rewrite, unsigned n, unsigned period);
void fuzz_disarm(void);

#endif
