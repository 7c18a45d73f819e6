/* Text from outside: names, and what becomes of a file's name in JSON. */
#ifndef TOOLS_RINGSIDE_TEXT_H
#define TOOLS_RINGSIDE_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TEXT_A_NAME "letters, digits, '.', '_' and '-'"

/* The bytes at its beginning that a name may consist of. */
size_t text_name_length(const char *text);

/* Whether it is a name, of at most so many bytes with the NUL. */
bool text_is_name(const char *text, size_t size);

/* A new reference. JSON is UTF-8: in text that is not, every byte outside of ASCII
 * becomes '?', so that there always is a line. NULL when out of memory. */
json_t *text_to_json(const char *text);

#endif
