/* The subcommand `ringbench pipeline`. */
#ifndef BENCH_RINGBENCH_PIPELINE_PIPELINE_H
#define BENCH_RINGBENCH_PIPELINE_PIPELINE_H

/* Arguments as main's, without the program's name before. Returns the exit status. */
int pipeline_main(int argc, char **argv);

#endif
