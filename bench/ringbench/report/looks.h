/* How each transport and way is drawn, the same in every panel: in colours that the colour-blind
 * can tell apart (Okabe and Ito), with a point of its own. */
#ifndef BENCH_RINGBENCH_REPORT_LOOKS_H
#define BENCH_RINGBENCH_REPORT_LOOKS_H

struct looks {
    const char *name;
    const char *colour;
    int point, dash, width; /* gnuplot's; point 0: a line without */
};

/* Those known, in the order of a legend, with a NULL name at the end. */
extern const struct looks looks_all[];

#endif
