/* SPDX-License-Identifier: MIT
 *
 * doc: libyaml's document API with the refusals that libyaml leaves to its callers.
 */
#include "doc.h"

#include "cleanup.h"

#include <stdarg.h>
#include <stdint.h>

int doc_fail(struct error *err, const char *name, struct mark mark, const char *fmt, ...)
{
	char text[sizeof err->msg];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return fail_as(err, EX_CONFIG, "%s:%u:%u: %s", name, mark.line, mark.column, text);
}

static struct mark from_yaml(yaml_mark_t mark)
{
	return (struct mark){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

struct mark doc_mark(const yaml_node_t *node)
{
	return from_yaml(node->start_mark);
}

static int fail_parser(const char *name, const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	const char *problem = parser->problem ? parser->problem : "not YAML";
	if (parser->error == YAML_READER_ERROR)
		return fail_as(
			err, EX_CONFIG, "%s: byte %zu: %s", name, parser->problem_offset, problem);
	(void)doc_fail(err, name, from_yaml(parser->problem_mark), "%s", problem);
	if (strstr(problem, "cannot start any token"))
		return add_hint(
			err, "YAML is indented with spaces, and special characters need quotes");
	return -1;
}

yaml_node_t *doc_root(struct doc *doc)
{
	return yaml_document_get_root_node(&doc->document);
}

const char *doc_text(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

bool doc_is_null(const yaml_node_t *node)
{
	const char *text = doc_text(node);
	return text && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0);
}

bool doc_pair(struct doc *doc, const yaml_node_t *map, size_t i, yaml_node_t **ret_key,
	yaml_node_t **ret_value)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return false;
	const yaml_node_pair_t *pair = map->data.mapping.pairs.start + i;
	if (pair >= map->data.mapping.pairs.top)
		return false;
	*ret_key = yaml_document_get_node(&doc->document, pair->key);
	*ret_value = yaml_document_get_node(&doc->document, pair->value);
	return true;
}

bool doc_item(struct doc *doc, const yaml_node_t *seq, size_t i, yaml_node_t **ret_item)
{
	if (!seq || seq->type != YAML_SEQUENCE_NODE)
		return false;
	const yaml_node_item_t *item = seq->data.sequence.items.start + i;
	if (item >= seq->data.sequence.items.top)
		return false;
	*ret_item = yaml_document_get_node(&doc->document, *item);
	return true;
}

yaml_node_t *doc_get(struct doc *doc, const yaml_node_t *node, const char *key)
{
	yaml_node_t *name = NULL;
	yaml_node_t *value = NULL;
	for (size_t i = 0; doc_pair(doc, node, i, &name, &value); i++) {
		const char *text = doc_text(name);
		if (text && strcmp(text, key) == 0)
			return value;
	}
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const yaml_node_t *const *left = a;
	const yaml_node_t *const *right = b;
	int order = strcmp(doc_text(*left), doc_text(*right));
	return order ? order
		     : (int)((*left)->start_mark.index > (*right)->start_mark.index) * 2 - 1;
}

/* Sorted, so that a mapping of a million keys is no quadratic trap. */
static int refuse_duplicates(struct doc *doc, const yaml_node_t *map, struct error *err)
{
	size_t count = (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
	_cleanup_free_ yaml_node_t **keys = calloc(count + 1, sizeof *keys);
	if (!keys)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", doc->name);
	size_t used = 0;
	yaml_node_t *key = NULL;
	yaml_node_t *value = NULL;
	for (size_t i = 0; doc_pair(doc, map, i, &key, &value); i++)
		if (doc_text(key))
			keys[used++] = key;
	qsort(keys, used, sizeof *keys, compare_keys);
	for (size_t i = 1; i < used; i++)
		if (strcmp(doc_text(keys[i - 1]), doc_text(keys[i])) == 0)
			return doc_fail(err, doc->name, doc_mark(keys[i]),
				"'%s' is here a second time (first in line %u)", doc_text(keys[i]),
				doc_mark(keys[i - 1]).line);
	return 0;
}

/* How large a node is with all aliases below it written out. */
struct extent {
	unsigned nodes;  /* at most DOC_NODES_MAX + 1; 0: not known yet */
	unsigned levels; /* itself and what is below */
	bool open;       /* being measured: whoever meets it again has found a circle */
};

static int measure(
	struct doc *doc, struct extent *extents, int id, unsigned level, struct error *err);

static int add_child(struct doc *doc, struct extent *extents, struct extent *parent, int id,
	unsigned level, struct error *err)
{
	if (measure(doc, extents, id, level, err) < 0)
		return -1;
	const struct extent *child = &extents[id - 1];
	parent->nodes += child->nodes;
	parent->levels = child->levels >= parent->levels ? child->levels + 1 : parent->levels;
	if (parent->nodes > DOC_NODES_MAX)
		return doc_fail(err, doc->name,
			doc_mark(yaml_document_get_node(&doc->document, id)),
			"more than %u values, with aliases written out", DOC_NODES_MAX);
	return 0;
}

/* Each node once, at most DOC_DEPTH_MAX calls deep. */
static int measure(
	struct doc *doc, struct extent *extents, int id, unsigned level, struct error *err)
{
	struct extent *extent = &extents[id - 1];
	const yaml_node_t *node = yaml_document_get_node(&doc->document, id);
	if (extent->open)
		return doc_fail(err, doc->name, doc_mark(node), "has an alias of itself inside");
	if (level + extent->levels > DOC_DEPTH_MAX)
		return doc_fail(err, doc->name, doc_mark(node), "nested in more than %d levels",
			DOC_DEPTH_MAX);
	if (extent->nodes)
		return 0;
	struct extent found = {.nodes = 1, .levels = 1};
	extent->open = true;
	if (node->type == YAML_SEQUENCE_NODE) {
		const yaml_node_item_t *end = node->data.sequence.items.top;
		for (const yaml_node_item_t *item = node->data.sequence.items.start; item < end;
			item++)
			if (add_child(doc, extents, &found, *item, level + 1, err) < 0)
				return -1;
	} else if (node->type == YAML_MAPPING_NODE) {
		const yaml_node_pair_t *end = node->data.mapping.pairs.top;
		for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < end;
			pair++)
			if (add_child(doc, extents, &found, pair->key, level + 1, err) < 0 ||
				add_child(doc, extents, &found, pair->value, level + 1, err) < 0)
				return -1;
	}
	*extent = found;
	return 0;
}

static int check_extent(struct doc *doc, struct error *err)
{
	size_t count = (size_t)(doc->document.nodes.top - doc->document.nodes.start);
	_cleanup_free_ struct extent *extents = calloc(count, sizeof *extents);
	if (!extents)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", doc->name);
	return measure(doc, extents, 1, 1, err);
}

static int check_nodes(struct doc *doc, struct error *err)
{
	const yaml_node_t *end = doc->document.nodes.top;
	for (const yaml_node_t *node = doc->document.nodes.start; node < end; node++) {
		if (node->type == YAML_SCALAR_NODE &&
			strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
			return doc_fail(
				err, doc->name, doc_mark(node), "a NUL character in a value");
		if (node->type == YAML_MAPPING_NODE && refuse_duplicates(doc, node, err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_more_documents(const char *name, yaml_parser_t *parser, struct error *err)
{
	yaml_document_t next;
	if (!yaml_parser_load(parser, &next))
		return fail_parser(name, parser, err);
	bool more = yaml_document_get_root_node(&next) != NULL;
	struct mark mark = from_yaml(next.start_mark);
	yaml_document_delete(&next);
	return more ? doc_fail(err, name, mark, "a second document; there can be only one") : 0;
}

int doc_load(const char *name, const char *text, size_t len, struct doc *ret, struct error *err)
{
	if (len > DOC_SIZE_MAX)
		return fail_as(err, EX_CONFIG, "%s: larger than %u bytes", name, DOC_SIZE_MAX);
	_cleanup_(yaml_parser_delete) yaml_parser_t parser = {0};
	if (!yaml_parser_initialize(&parser))
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	_cleanup_(doc_free) struct doc doc = {.name = strdup(name)};
	if (!doc.name)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	if (!yaml_parser_load(&parser, &doc.document))
		return fail_parser(name, &parser, err);
	doc.loaded = true;
	if (!doc_root(&doc))
		return fail_as(err, EX_CONFIG, "%s: empty", name);
	if (check_nodes(&doc, err) < 0 || check_extent(&doc, err) < 0 ||
		refuse_more_documents(name, &parser, err) < 0)
		return -1;
	*ret = doc;
	doc = (struct doc)DOC_NONE;
	return 0;
}

void doc_free(struct doc *doc)
{
	if (doc->loaded)
		yaml_document_delete(&doc->document);
	free(doc->name);
	*doc = (struct doc)DOC_NONE;
}
