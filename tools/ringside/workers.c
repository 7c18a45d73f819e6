#include "tools/ringside/workers.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/commands.h"
#include "workers/config.h"

static void print_options(const struct worker_option *option)
{
    for (; option && option->key; option++) {
        char range[256], initial[128];
        worker_option_range(option, range, sizeof range);
        worker_option_default(option, initial, sizeof initial);
        printf("    %-14s %s; %s (default: %s)\n", option->key, option->help, range,
               *initial ? initial : "empty");
    }
}

void workers_print(void)
{
    for (unsigned i = 0; worker_classes[i]; i++) {
        printf("  %-16s %s\n", worker_classes[i]->name, worker_classes[i]->summary);
        print_options(worker_classes[i]->options);
    }
    puts("  every worker");
    print_options(worker_common_options);
}

/* -- as JSON --------------------------------------------------------------------------------- */

static json_t *choices_to_json(const struct worker_option *option)
{
    json_t *list = json_array();
    for (unsigned i = 0; option->choices[i]; i++)
        json_array_append_new(list, json_string(option->choices[i]));
    return list;
}

/* Type, default, and what else there is to say of values of that type. */
static json_t *values_to_json(const struct worker_option *option)
{
    switch (option->type) {
    case WORKER_OPTION_INT:
        return json_pack("{s:s, s:I, s:I, s:I}", "type", "int", "default",
                         (json_int_t)option->initial, "minimum", (json_int_t)option->minimum,
                         "maximum", (json_int_t)option->maximum);
    case WORKER_OPTION_REAL:
        return json_pack("{s:s, s:f, s:f, s:f}", "type", "real", "default", option->initial,
                         "minimum", option->minimum, "maximum", option->maximum);
    case WORKER_OPTION_BOOL:
        return json_pack("{s:s, s:b}", "type", "bool", "default", option->initial != 0);
    case WORKER_OPTION_STRING:
        return json_pack("{s:s, s:s, s:i}", "type", "string", "default",
                         option->initial_text ? option->initial_text : "", "maximum_bytes",
                         (int)option->maximum - 1);
    default:
        return json_pack("{s:s, s:s, s:o}", "type", "choice", "default",
                         option->choices[(int)option->initial], "choices", choices_to_json(option));
    }
}

static json_t *options_to_json(const struct worker_option *option)
{
    json_t *list = json_array();
    for (; option && option->key; option++) {
        json_t *entry = json_pack("{s:s, s:s}", "key", option->key, "help", option->help);
        json_t *values = values_to_json(option);
        json_object_update(entry, values);
        json_decref(values);
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *wants_to_json(const struct worker_wants *wants)
{
    const char *format = wants->luma ? "luma" : frame_format_name(wants->format);
    return json_pack("{s:s, s:i, s:i, s:f}", "format", format ? format : "any", "max_width",
                     wants->max_width, "max_height", wants->max_height, "max_fps", wants->max_fps);
}

static void print_line(json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    if (line)
        puts(line);
    free(line);
    json_decref(object);
}

static void print_json(void)
{
    for (unsigned i = 0; worker_classes[i]; i++) {
        const struct worker_class *class_ = worker_classes[i];
        print_line(json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "v", 1, "type", "worker", "name",
                             class_->name, "summary", class_->summary, "wants",
                             wants_to_json(&class_->wants), "options",
                             options_to_json(class_->options)));
    }
    print_line(json_pack("{s:i, s:s, s:o}", "v", 1, "type", "every_worker", "options",
                         options_to_json(worker_common_options)));
}

static int print_help(void)
{
    puts("Usage: ringside workers [--json]\n"
         "\n"
         "Lists the workers there are for 'ringside run -w NAME:KEY=VALUE,...', with what each\n"
         "does and its options, then the options that every worker has. A comma in a value is\n"
         "written '\\,'.\n"
         "\n"
         "      --json      one JSON object a line\n"
         "      --help");
    return EXIT_ALL_DELIVERED;
}

int command_workers(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    bool json = false;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help();
        if (option != 'j')
            return command_usage("workers", "no option '%s'", argv[optind - 1]);
        json = true;
    }
    if (optind < argc)
        return command_usage("workers", "it takes no '%s'", argv[optind]);
    if (json)
        print_json();
    else
        workers_print();
    return EXIT_ALL_DELIVERED;
}
