#include "bench/ringbench/report/wants.h"

#include <string.h>

#include "bench/ringbench/report/runs.h"

static bool is_type(const json_t *row, const char *type)
{
    return strcmp(row_text(row, "type"), type) == 0;
}

bool wants_machine(const json_t *row, const void *user)
{
    (void)user;
    return is_type(row, "machine");
}

/* Copied in, and looked at. */
bool row_is_message(const json_t *row)
{
    return is_type(row, "row") && strcmp(row_text(row, "mode"), "copy") == 0 &&
           strcmp(row_text(row, "touch"), "all") == 0 && row_number(row, "idle") == 0;
}

static bool is_wake_limit(const json_t *row)
{
    const char *name = row_text(row, "transport");
    return strcmp(name, "limit-futex") == 0 || strcmp(name, "limit-eventfd") == 0;
}

bool row_is_limit(const json_t *row)
{
    return strncmp(row_text(row, "transport"), "limit-", strlen("limit-")) == 0;
}

bool wants_over_size(const json_t *row, const void *user)
{
    (void)user;
    return row_is_message(row) && row_number(row, "readers") == 1 && !is_wake_limit(row);
}

/* `user` is the size. */
bool wants_over_readers(const json_t *row, const void *user)
{
    return row_is_message(row) && row_number(row, "size") == *(const double *)user &&
           !row_is_limit(row);
}

bool wants_wakes(const json_t *row, const void *user)
{
    return row_is_message(row) && row_number(row, "size") == *(const double *)user &&
           row_number(row, "readers") == 1 && row_number(row, "wake_p50_us") > 0;
}

bool row_is_pipeline(const json_t *row)
{
    return is_type(row, "pipeline") && !json_is_true(json_object_get(row, "pace"));
}

/* `user` is the clip. What only decodes stands beside, without workers. */
bool wants_over_workers(const json_t *row, const void *user)
{
    return row_is_pipeline(row) && row_number(row, "cameras") == 1 &&
           (row_number(row, "workers") > 0 || strcmp(row_text(row, "way"), "ringside") != 0) &&
           strcmp(row_text(row, "clip"), user) == 0;
}

bool wants_over_cameras(const json_t *row, const void *user)
{
    const bool decodes = strcmp(row_text(row, "way"), "decode") == 0;
    return row_is_pipeline(row) && strcmp(row_text(row, "clip"), user) == 0 &&
           (row_number(row, "workers") == 1 || decodes);
}

bool wants_latency(const json_t *row, const void *user)
{
    return row_is_pipeline(row) && row_number(row, "cameras") == 1 &&
           row_number(row, "latency_p50_us") > 0 && strcmp(row_text(row, "clip"), user) == 0;
}
