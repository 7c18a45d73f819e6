#include "tools/ringside/config/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ringside/text.h"

#define FILE_MAX (1 << 20) /* bytes */
#define KEY_MAX 40         /* bytes of a key that are shown */

/* -- faults ---------------------------------------------------------------------------------- */

/* Adds to the line what fits. */
static void append(struct document *document, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void append(struct document *document, const char *format, va_list arguments)
{
    const size_t used = strlen(document->fault);
    vsnprintf(document->fault + used, sizeof document->fault - used, format, arguments);
}

static void add(struct document *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct document *document, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(document, format, arguments);
    va_end(arguments);
}

/* False: there is a fault already. */
static bool begin_fault(struct document *document, size_t line)
{
    if (document->is_faulty)
        return false;
    document->is_faulty = true;
    *document->fault = '\0';
    add(document, "%s:%zu: ", document->path, line + 1);
    return true;
}

static size_t line_of(const struct place *place)
{
    return (place->key_node ? place->key_node : place->node)->start_mark.line;
}

/* The way to it, as cameras[2].url. */
static void add_way(const struct place *place)
{
    if (!place->above)
        return;
    add_way(place->above);
    if (place->key)
        add(place->document, "%s%s", place->above->above ? "." : "",
            text_is_name(place->key, KEY_MAX) ? place->key : "(a key)");
    else
        add(place->document, "[%d]", place->index);
}

void place_fault(const struct place *place, const char *format, ...)
{
    va_list arguments;
    if (!begin_fault(place->document, line_of(place)))
        return;
    add_way(place);
    add(place->document, place->above ? ": " : "");
    va_start(arguments, format);
    append(place->document, format, arguments);
    va_end(arguments);
}

void place_lacks(const struct place *mapping, const char *key, const char *expected)
{
    if (!begin_fault(mapping->document, line_of(mapping)))
        return;
    add_way(mapping);
    add(mapping->document, "%s%s: is missing; must be %s", mapping->above ? "." : "", key,
        expected);
}

/* -- loading --------------------------------------------------------------------------------- */

/* NULL: there is none to read, and that is a fault. */
static char *read_whole(struct document *document, size_t *size)
{
    char *text = malloc(FILE_MAX + 1);
    FILE *file = text ? fopen(document->path, "re") : NULL;
    errno = file || !text ? 0 : errno;
    *size = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
    const int error = !text ? ENOMEM : file && !ferror(file) ? 0 : errno;
    if (file)
        fclose(file);
    if (!error && *size <= FILE_MAX)
        return text;
    free(text);
    document->is_faulty = true;
    snprintf(document->fault, sizeof document->fault, "%s: %s", document->path,
             error ? strerror(error) : "must be a file of at most 1 MiB");
    return NULL;
}

static size_t count_lines(const char *text, size_t size)
{
    size_t lines = 0;
    for (const char *c = text; (c = memchr(c, '\n', size - (size_t)(c - text))) != NULL; c++)
        lines++;
    return lines;
}

/* Libyaml's problems are words of its own, without a part of the file. */
static void tell_syntax(struct document *document, const yaml_parser_t *parser, const char *text,
                        size_t size)
{
    const size_t at = parser->problem_mark.index;
    if (parser->error == YAML_READER_ERROR) {
        if (begin_fault(document, count_lines(text, parser->problem_offset)))
            add(document, "must be YAML in UTF-8: %s", parser->problem);
        return;
    }
    if (!begin_fault(document, parser->problem_mark.line))
        return;
    if (parser->error == YAML_SCANNER_ERROR && at < size && text[at] == '\t')
        add(document, "must be indented by spaces: there is a tab");
    else
        add(document, "must be YAML: %s", parser->problem ? parser->problem : "out of memory");
    if (parser->context && parser->context_mark.line != parser->problem_mark.line)
        add(document, ", %s from line %zu on", parser->context, parser->context_mark.line + 1);
}

/* The one document that there is to be. */
static void load(struct document *document, yaml_parser_t *parser, const char *text, size_t size)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &document->yaml)) {
        tell_syntax(document, parser, text, size);
        return;
    }
    document->is_loaded = true;
    const yaml_node_t *root = yaml_document_get_root_node(&document->yaml);
    if (!root) {
        begin_fault(document, 0);
        add(document, "must be a mapping of options; there is nothing");
        return;
    }
    if (!yaml_parser_load(parser, &second)) {
        tell_syntax(document, parser, text, size);
        return;
    }
    root = yaml_document_get_root_node(&second);
    if (root && begin_fault(document, root->start_mark.line))
        add(document, "must be one document; here begins another");
    yaml_document_delete(&second);
}

void document_open(struct document *document, const char *path)
{
    yaml_parser_t parser;
    size_t size;
    *document = (struct document){.path = path};
    char *text = read_whole(document, &size);
    if (!text)
        return;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
        load(document, &parser, text, size);
        yaml_parser_delete(&parser);
    } else if (begin_fault(document, 0)) {
        add(document, "out of memory");
    }
    free(text);
}

void document_close(struct document *document)
{
    if (document->is_loaded)
        yaml_document_delete(&document->yaml);
    document->is_loaded = false;
}

/* -- walking --------------------------------------------------------------------------------- */

struct place document_root(struct document *document)
{
    return (struct place){.document = document,
                          .node = yaml_document_get_root_node(&document->yaml)};
}

struct place place_within(const struct place *place)
{
    return (struct place){.document = place->document, .above = place, .index = -1};
}

static const yaml_node_t *node_of(const struct place *place, int number)
{
    return yaml_document_get_node(&place->document->yaml, number);
}

static const char *text_of(const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static bool is_told_before(const struct place *child)
{
    const yaml_node_pair_t *pair = child->above->node->data.mapping.pairs.start;
    for (int i = 0; i < child->index; i++)
        if (strcmp(text_of(node_of(child, pair[i].key)), child->key) == 0)
            return true;
    return false;
}

/* The pair at its index. */
static bool enter_pair(struct place *child)
{
    const yaml_node_pair_t *pair = &child->above->node->data.mapping.pairs.start[child->index];
    child->key_node = node_of(child, pair->key);
    child->node = node_of(child, pair->value);
    child->key = child->key_node->type == YAML_SCALAR_NODE ? text_of(child->key_node) : NULL;
    if (!child->key)
        place_fault(child->above, "must have keys that are words");
    else if (is_told_before(child))
        place_fault(child, "must be given once; here it comes again");
    return !child->document->is_faulty;
}

unsigned place_count(const struct place *place)
{
    const yaml_node_t *node = place->node;
    if (node->type == YAML_MAPPING_NODE)
        return (unsigned)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    if (node->type == YAML_SEQUENCE_NODE)
        return (unsigned)(node->data.sequence.items.top - node->data.sequence.items.start);
    return 0;
}

bool place_next(struct place *child)
{
    child->index++;
    if (child->document->is_faulty || (unsigned)child->index >= place_count(child->above))
        return false;
    if (child->above->node->type == YAML_MAPPING_NODE)
        return enter_pair(child);
    child->node = node_of(child, child->above->node->data.sequence.items.start[child->index]);
    return true;
}

bool place_find(const struct place *mapping, const char *key, struct place *child)
{
    for (*child = place_within(mapping); place_next(child);)
        if (strcmp(child->key, key) == 0)
            return true;
    return false;
}

static bool is_of(const struct place *place, yaml_node_type_t type, const char *expected)
{
    if (place->node->type != type)
        place_fault(place, "must be %s", expected);
    return !place->document->is_faulty;
}

bool place_is_mapping(const struct place *place, const char *expected)
{
    return is_of(place, YAML_MAPPING_NODE, expected);
}

bool place_is_list(const struct place *place, const char *expected)
{
    return is_of(place, YAML_SEQUENCE_NODE, expected);
}

const char *place_text(const struct place *place, const char *expected)
{
    const char *text = place->node->type == YAML_SCALAR_NODE ? text_of(place->node) : NULL;
    if (!text)
        place_fault(place, "must be %s", expected);
    return text;
}
