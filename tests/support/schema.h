/*
 * The schema of events, docs/events.schema.json, and whether what is told follows it.
 *
 * Whatever a test case takes for events it notes here, and when all cases are over the program
 * checks them, in one go: tests/support/schema.py takes a moment to start.
 */
#ifndef TESTS_SUPPORT_SCHEMA_H
#define TESTS_SUPPORT_SCHEMA_H

#include <stddef.h>

/* Notes whole lines, each with its end. Any process of the program may do so. */
void support_schema_note(const char *lines, size_t length);

/* 0 if all that was noted follows the schema, else a negative errno, and what is wrong on standard
 * error. For the program's main() alone. */
int support_schema_check(void);

#endif
