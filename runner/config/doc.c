/* SPDX-License-Identifier: MIT
 *
 * doc: loads a document with libyaml's document API and refuses what libyaml accepts: a second
 * document, a key that occurs twice, a NUL in a scalar, an alias inside the node it refers to, and
 * more levels or nodes than the bounds in doc.h. A struct doc_node pointer is a yaml_node_t
 * pointer.
 */
#include "doc.h"

#include "cleanup.h"

#include <stdint.h>
#include <yaml.h>

static struct mark from_yaml(yaml_mark_t mark)
{
	return (struct mark){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

static const yaml_node_t *to_yaml(const struct doc_node *node)
{
	return (const yaml_node_t *)node;
}

static struct doc_node *get_node(struct doc *doc, int id)
{
	return (struct doc_node *)yaml_document_get_node(doc->document, id);
}

struct mark doc_mark(const struct doc_node *node)
{
	return from_yaml(to_yaml(node)->start_mark);
}

static int fail_parser(const char *name, const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	const char *problem = parser->problem ? parser->problem : "not YAML";
	if (parser->error == YAML_READER_ERROR)
		return fail_as(
			err, EX_CONFIG, "%s: byte %zu: %s", name, parser->problem_offset, problem);
	(void)fail_at(err, name, from_yaml(parser->problem_mark), "%s", problem);
	if (strstr(problem, "cannot start any token"))
		return add_hint(
			err, "YAML is indented with spaces, and special characters need quotes");
	return -1;
}

struct doc_node *doc_root(struct doc *doc)
{
	return (struct doc_node *)yaml_document_get_root_node(doc->document);
}

const char *doc_text(const struct doc_node *node)
{
	const yaml_node_t *yaml = to_yaml(node);
	return yaml && yaml->type == YAML_SCALAR_NODE ? (const char *)yaml->data.scalar.value
						      : NULL;
}

bool doc_is_map(const struct doc_node *node)
{
	return to_yaml(node)->type == YAML_MAPPING_NODE;
}

bool doc_is_list(const struct doc_node *node)
{
	return to_yaml(node)->type == YAML_SEQUENCE_NODE;
}

bool doc_is_quoted(const struct doc_node *node)
{
	return doc_text(node) && to_yaml(node)->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

bool doc_is_null(const struct doc_node *node)
{
	const char *text = doc_text(node);
	return text && !doc_is_quoted(node) &&
	       (!*text || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0);
}

bool doc_pair(struct doc *doc, const struct doc_node *map, size_t i, struct doc_node **ret_key,
	struct doc_node **ret_value)
{
	const yaml_node_t *yaml = to_yaml(map);
	if (!yaml || yaml->type != YAML_MAPPING_NODE)
		return false;
	const yaml_node_pair_t *pair = yaml->data.mapping.pairs.start + i;
	if (pair >= yaml->data.mapping.pairs.top)
		return false;
	*ret_key = get_node(doc, pair->key);
	*ret_value = get_node(doc, pair->value);
	return true;
}

bool doc_item(struct doc *doc, const struct doc_node *seq, size_t i, struct doc_node **ret_item)
{
	const yaml_node_t *yaml = to_yaml(seq);
	if (!yaml || yaml->type != YAML_SEQUENCE_NODE)
		return false;
	const yaml_node_item_t *item = yaml->data.sequence.items.start + i;
	if (item >= yaml->data.sequence.items.top)
		return false;
	*ret_item = get_node(doc, *item);
	return true;
}

struct doc_node *doc_get(struct doc *doc, const struct doc_node *node, const char *key)
{
	struct doc_node *name = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, node, i, &name, &value); i++) {
		const char *text = doc_text(name);
		if (text && strcmp(text, key) == 0)
			return value;
	}
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct doc_node *const *left = a;
	const struct doc_node *const *right = b;
	int order = strcmp(doc_text(*left), doc_text(*right));
	bool later = to_yaml(*left)->start_mark.index > to_yaml(*right)->start_mark.index;
	return order ? order : later * 2 - 1;
}

/* Refuse a key that occurs twice in a mapping. Sorting the keys keeps the time below quadratic
 * even for a million of them. */
static int refuse_duplicates(struct doc *doc, const struct doc_node *map, struct error *err)
{
	const yaml_node_t *yaml = to_yaml(map);
	size_t count = (size_t)(yaml->data.mapping.pairs.top - yaml->data.mapping.pairs.start);
	_cleanup_free_ struct doc_node **keys = calloc(count + 1, sizeof *keys);
	if (!keys)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", doc->name);
	size_t used = 0;
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, map, i, &key, &value); i++)
		if (doc_text(key))
			keys[used++] = key;
	qsort(keys, used, sizeof *keys, compare_keys);
	for (size_t i = 1; i < used; i++)
		if (strcmp(doc_text(keys[i - 1]), doc_text(keys[i])) == 0)
			return fail_at(err, doc->name, doc_mark(keys[i]),
				"'%s' is here a second time (first in line %u)", doc_text(keys[i]),
				doc_mark(keys[i - 1]).line);
	return 0;
}

/* The size of a node with every alias below it replaced by a copy of its node. */
struct extent {
	unsigned nodes;  /* at most DOC_NODES_MAX; 0: not measured yet */
	unsigned levels; /* the node and the levels below it */
	bool open;       /* being measured; reaching it again means that it contains itself */
};

static int measure_node(
	struct doc *doc, struct extent *extents, int id, unsigned level, struct error *err);

static int add_child(struct doc *doc, struct extent *extents, struct extent *parent, int id,
	unsigned level, struct error *err)
{
	if (measure_node(doc, extents, id, level, err) < 0)
		return -1;
	const struct extent *child = &extents[id - 1];
	parent->nodes += child->nodes;
	parent->levels = child->levels >= parent->levels ? child->levels + 1 : parent->levels;
	if (parent->nodes > DOC_NODES_MAX)
		return fail_at(err, doc->name, doc_mark(get_node(doc, id)),
			"more than %u values, with aliases written out", DOC_NODES_MAX);
	return 0;
}

/* Measure a node and all nodes below it. Each node is measured only once, however many aliases
 * refer to it, and the recursion stops at DOC_DEPTH_MAX levels. */
static int measure_node(
	struct doc *doc, struct extent *extents, int id, unsigned level, struct error *err)
{
	struct extent *extent = &extents[id - 1];
	const yaml_node_t *node = yaml_document_get_node(doc->document, id);
	if (extent->open)
		return fail_at(err, doc->name, from_yaml(node->start_mark),
			"has an alias of itself inside");
	if (level + extent->levels > DOC_DEPTH_MAX)
		return fail_at(err, doc->name, from_yaml(node->start_mark),
			"nested in more than %d levels", DOC_DEPTH_MAX);
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
	const yaml_document_t *document = doc->document;
	size_t count = (size_t)(document->nodes.top - document->nodes.start);
	_cleanup_free_ struct extent *extents = calloc(count, sizeof *extents);
	if (!extents)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", doc->name);
	return measure_node(doc, extents, 1, 1, err);
}

static int check_nodes(struct doc *doc, struct error *err)
{
	const yaml_document_t *document = doc->document;
	for (const yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
		if (node->type == YAML_SCALAR_NODE &&
			strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
			return fail_at(err, doc->name, from_yaml(node->start_mark),
				"a NUL character in a value");
		if (node->type == YAML_MAPPING_NODE &&
			refuse_duplicates(doc, (const struct doc_node *)node, err) < 0)
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
	return more ? fail_at(err, name, mark, "a second document; there can be only one") : 0;
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
	_cleanup_free_ yaml_document_t *document = calloc(1, sizeof *document);
	if (!doc.name || !document)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	if (!yaml_parser_load(&parser, document))
		return fail_parser(name, &parser, err);
	doc.document = steal_ptr(document);
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
	if (doc->document)
		yaml_document_delete(doc->document);
	free(doc->document);
	free(doc->name);
	*doc = (struct doc)DOC_NONE;
}
