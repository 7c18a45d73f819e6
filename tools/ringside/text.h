/* Text from outside, such as a file's name, in JSON. */
#ifndef TOOLS_RINGSIDE_TEXT_H
#define TOOLS_RINGSIDE_TEXT_H

#include <jansson.h>

/* A new reference. JSON is UTF-8: in text that is not, every byte outside of ASCII
 * becomes '?', so that there always is a line. NULL when out of memory. */
json_t *text_to_json(const char *text);

#endif
