/* The page, with its style and script; made by embed.py. */
#ifndef TOOLS_RINGSIDE_SERVE_PAGE_H
#define TOOLS_RINGSIDE_SERVE_PAGE_H

#include <stddef.h>

extern const char page[];
extern const size_t page_size;
extern const char page_policy[]; /* Content-Security-Policy: nothing but what is in the page */

#endif
