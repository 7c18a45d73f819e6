#include "tests/support/events.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/schema.h"

static void append_line(json_t *lines, const char *line, size_t length)
{
    json_error_t error;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(object, "not JSON (%s): %.*s", error.text, (int)length, line);
    cr_assert(json_is_object(object), "not an object: %.*s", (int)length, line);
    cr_assert_eq(support_integer(object, "v"), 1);
    cr_assert(*support_text(object, "type"));
    json_array_append_new(lines, object);
}

json_t *support_json_lines(const char *text)
{
    json_t *lines = json_array();
    while (*text) {
        const char *end = strchr(text, '\n');
        cr_assert_not_null(end, "the last line has no end: %s", text);
        append_line(lines, text, (size_t)(end - text));
        text = end + 1;
    }
    return lines;
}

static bool is_of_worker(const json_t *event)
{
    return strcmp(support_text(event, "type"), "worker") == 0;
}

static bool is_to_the_microsecond(double seconds)
{
    return fabs(seconds * 1e6 - round(seconds * 1e6)) < 1e-3;
}

/* 0.16, not 0.159999999999997. */
static void check_times(const json_t *event)
{
    static const char *const keys[] = {"pts", "duration", "begin", "end", "taken", "seconds"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *time = json_object_get(event, keys[i]);
        if (json_is_real(time))
            cr_assert(is_to_the_microsecond(json_real_value(time)), "%s of %s: %.17g", keys[i],
                      support_text(event, "type"), json_real_value(time));
    }
}

json_t *support_events(const char *text)
{
    json_t *events = support_json_lines(text);
    support_schema_note(text, strlen(text));
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
    {
        if (!is_of_worker(event))
            cr_assert(*support_text(event, "camera"));
        check_times(event);
    }
    return events;
}

json_t *support_events_pick(const json_t *events, const char *type, const char *camera, int index)
{
    json_t *picked = json_array();
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        if (strcmp(support_text(event, "type"), type) != 0 ||
            (camera && strcmp(support_text(event, "camera"), camera) != 0) ||
            (index >= 0 && support_integer(event, "index") != index))
            continue;
        json_array_append(picked, event);
    }
    return picked;
}

const json_t *support_summary(const json_t *events, const char *camera)
{
    const json_t *last = NULL;
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
    {
        if (!is_of_worker(event) && strcmp(support_text(event, "camera"), camera) == 0)
            last = event;
    }
    cr_assert_not_null(last, "not a line of camera %s", camera);
    cr_assert_str_eq(support_text(last, "type"), "summary");
    cr_assert_eq(json_array_size(support_events_pick(events, "summary", camera, -1)), 1);
    return last;
}

double support_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "no number '%s' in %s", key, json_dumps(object, 0));
    return json_number_value(value);
}

long long support_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "no integer '%s' in %s", key, json_dumps(object, 0));
    return json_integer_value(value);
}

const char *support_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_string(value), "no text '%s' in %s", key, json_dumps(object, 0));
    return json_string_value(value);
}

const json_t *support_summary_worker(const json_t *summary, size_t index)
{
    const json_t *worker = json_array_get(json_object_get(summary, "workers"), index);
    cr_assert_not_null(worker, "no worker %zu in %s", index, json_dumps(summary, 0));
    cr_assert_eq(support_integer(worker, "index"), (long long)index);
    cr_assert(*support_text(worker, "worker"));
    cr_assert_gt(support_integer(worker, "pid"), 1);
    return worker;
}

static void check_worker(const json_t *summary, size_t index)
{
    const json_t *worker = support_summary_worker(summary, index);
    const long long received = support_integer(worker, "received");
    const long long skipped = support_integer(worker, "skipped");
    cr_expect_eq(received + skipped, support_integer(summary, "published"), "worker %zu of %s",
                 index, json_dumps(summary, 0));
    for (size_t i = 0; i < index; i++)
        cr_expect_neq(support_integer(support_summary_worker(summary, i), "pid"),
                      support_integer(worker, "pid"));
}

void support_summary_check(const json_t *summary, size_t frames, size_t workers)
{
    const char *text = json_dumps(summary, 0);
    cr_expect_str_eq(support_text(summary, "outcome"), "complete", "%s", text);
    cr_expect_eq(support_integer(summary, "decoded"), (long long)frames, "%s", text);
    cr_expect_eq(support_integer(summary, "published"), (long long)frames, "%s", text);
    cr_expect_eq(support_integer(summary, "corrupt"), 0, "%s", text);
    cr_expect_gt(support_number(summary, "seconds"), 0, "%s", text);
    cr_expect_gt(support_number(summary, "fps"), 0, "%s", text);
    cr_expect_eq(json_array_size(json_object_get(summary, "workers")), workers, "%s", text);
    for (size_t i = 0; i < workers; i++)
        check_worker(summary, i);
}
