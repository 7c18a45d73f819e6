/* The subcommand `ringbench report`. */
#ifndef BENCH_RINGBENCH_REPORT_REPORT_H
#define BENCH_RINGBENCH_REPORT_REPORT_H

/* Arguments as main's, without the program's name before. Returns the exit status. */
int report_main(int argc, char **argv);

#endif
