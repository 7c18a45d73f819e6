/*
 * ringbench: what a ring gives, side by side with what people use today and with what
 * the machine can do. `ringbench --help` tells how to ask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/output.h"
#include "bench/ringbench/pipeline/pipeline.h"
#include "bench/ringbench/report/report.h"

static void print(const struct plan *plan, enum format format)
{
    switch (format) {
    case FORMAT_JSON:
        output_json(plan);
        break;
    case FORMAT_CSV:
        output_csv(plan);
        break;
    case FORMAT_TABLE:
        output_table(plan);
        break;
    }
}

static int compare(int argc, char **argv)
{
    struct options options;
    struct plan plan;
    options_parse(&options, argc, argv);
    if (options.list) {
        output_list();
        return EXIT_SUCCESS;
    }
    int error = plan_make(&plan, &options);
    if (error) {
        fprintf(stderr, "ringbench: %s\n", strerror(-error));
        return EXIT_FAILURE;
    }
    unsigned failed = plan_run(&plan, &options);
    print(&plan, options.format);
    plan_finish(&plan);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static char pipeline[] = "ringbench pipeline", report[] = "ringbench report";
    if (argc > 1 && strcmp(argv[1], "pipeline") == 0) {
        argv[1] = pipeline; /* its name, in what it says */
        return pipeline_main(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "report") == 0) {
        argv[1] = report;
        return report_main(argc - 1, argv + 1);
    }
    return compare(argc, argv);
}
