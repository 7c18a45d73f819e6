/* Other people's programs. */
#ifndef BENCH_RINGBENCH_PIPELINE_PROGRAM_H
#define BENCH_RINGBENCH_PIPELINE_PROGRAM_H

/* Becomes this program, with nothing open beyond standard error and the descriptors from 3 to
 * 3 + `kept` - 1. Returns its errno only when there is none. */
int program_become(const char *const arguments[], unsigned kept);

/* Runs it to its end. -ENOENT where there is none of that name, -EINVAL when it fails. */
int program_run(const char *const arguments[]);

#endif
