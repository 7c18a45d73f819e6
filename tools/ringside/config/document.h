/*
 * A YAML file as a tree of places, and what is wrong with it in one line:
 *
 *     FILE:12: cameras[2].loop: must be a whole number from 0 to 1000000000
 *
 * Life story. A document is opened, walked from its root, and closed. The first fault that
 * anybody tells is the one that counts: it stands in the document, and from then on there is
 * nothing more to walk. So a reader just reads on, and looks for a fault at the end.
 *
 * What stands in the file may be a password. So a fault shows keys, where they look like keys,
 * and never a value.
 */
#ifndef TOOLS_RINGSIDE_CONFIG_DOCUMENT_H
#define TOOLS_RINGSIDE_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

struct document {
    const char *path; /* for the faults */
    yaml_document_t yaml;
    bool is_loaded;
    bool is_faulty;
    char fault[2048]; /* a line; whole only when it `is_faulty` */
};

/* A node of the tree, and the way there. It points at the place above it. */
struct place {
    struct document *document;
    const struct place *above; /* NULL: the root */
    const char *key;           /* in a mapping; NULL: in a list */
    int index;                 /* among those beside it */
    const yaml_node_t *key_node, *node;
};

/* Reads the file. Whatever it is, the document is to be closed; see `is_faulty`. */
void document_open(struct document *document, const char *path);
void document_close(struct document *document);

/* Only while there is no fault. */
struct place document_root(struct document *document);

/* To be called until it says false. In a mapping a key that comes twice is a fault.
 *
 *     for (struct place child = place_within(&place); place_next(&child);)
 */
struct place place_within(const struct place *place);
bool place_next(struct place *child);

/* Whether the mapping has the key. */
bool place_find(const struct place *mapping, const char *key, struct place *child);

/* Whether it is one; if not, that is a fault: it must be `expected`. */
bool place_is_mapping(const struct place *place, const char *expected);
bool place_is_list(const struct place *place, const char *expected);

/* Its text, as long as the document is open. NULL: it is none, and that is a fault. */
const char *place_text(const struct place *place, const char *expected);

/* Of the entries of a list or a mapping. */
unsigned place_count(const struct place *place);

/* Tells a fault, unless there is one. */
void place_fault(const struct place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* That this key is missing in the mapping; `expected` what it is to be. */
void place_lacks(const struct place *mapping, const char *key, const char *expected);

#endif
