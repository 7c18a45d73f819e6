#include "bench/ringbench/pipeline/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ringbench/pipeline/output.h"

int pipeline_main(int argc, char **argv)
{
    struct pipeline_options options;
    struct pipeline_plan plan;
    pipeline_options_parse(&options, argc, argv);
    if (options.list) {
        pipeline_output_list();
        return EXIT_SUCCESS;
    }
    int error = pipeline_plan_make(&plan, &options);
    if (error) {
        fprintf(stderr, "ringbench: the clips: %s\n", strerror(-error));
        pipeline_plan_finish(&plan);
        return EXIT_FAILURE;
    }
    const unsigned failed = pipeline_plan_run(&plan, &options);
    if (options.json)
        pipeline_output_json(&plan);
    else
        pipeline_output_table(&plan);
    pipeline_plan_finish(&plan);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
