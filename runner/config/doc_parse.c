/* SPDX-License-Identifier: MIT
 *
 * doc_parse: makes a tree of nodes from libyaml's events, and refuses what libyaml accepts: a
 * second document, a key that occurs twice, a NUL in a scalar, an alias inside the node it refers
 * to. The bounds in doc.h are checked at each event, so that a document beyond them is refused
 * after so many events, however long it is. (yaml_parser_load() makes the whole tree first, in
 * quadratic time.) Containers whose end is not read yet are a stack of frames; there is no
 * recursion.
 */
#include "doc_parts.h"

#include "cleanup.h"
#include "unfilled.h"

#include <search.h>
#include <stdint.h>
#include <yaml.h>

struct frame {
	struct doc_node *node;
	size_t first;          /* its children are builder.pending from here on */
	unsigned nodes_before; /* builder.nodes before the node itself */
	unsigned levels;       /* the node and the levels below it, so far */
};

struct anchor {
	char *name;
	struct doc_node *node;
};

struct builder {
	yaml_parser_t parser;
	struct doc *doc;
	struct frame frames[DOC_DEPTH_MAX];
	unsigned depth;
	unsigned nodes; /* so far, with aliases written out */

	/* The children of the open containers, those of the innermost last. */
	struct doc_node **pending;
	size_t pending_count, pending_size;
	void *anchors; /* a tsearch(3) tree of struct anchor */
};

static struct mark from_yaml(yaml_mark_t mark)
{
	return (struct mark){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

static int fail_memory(const struct builder *builder, struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "%s: out of memory", builder->doc->name);
}

static int fail_parser(const struct builder *builder, struct error *err)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *name = builder->doc->name;
	if (parser->error == YAML_MEMORY_ERROR)
		return fail_memory(builder, err);
	const char *problem = parser->problem ? parser->problem : "not YAML";
	if (parser->error == YAML_READER_ERROR)
		return fail_as(
			err, EX_CONFIG, "%s: byte %zu: %s", name, parser->problem_offset, problem);
	(void)fail_at(err, name, from_yaml(parser->problem_mark), "%s", problem);
	if (strstr(problem, "cannot start any token"))
		return add_hint(err, "indent YAML with spaces, and quote special characters");
	return -1;
}

/* ---- anchors ------------------------------------------------------------------------------- */

static int compare_anchors(const void *a, const void *b)
{
	const struct anchor *left = a;
	const struct anchor *right = b;
	return strcmp(left->name, right->name);
}

static void free_anchor(void *data)
{
	struct anchor *anchor = data;
	free(anchor->name);
	free(anchor);
}

static struct anchor *find_anchor(const struct builder *builder, char *name)
{
	const struct anchor wanted = {.name = name};
	struct anchor *const *found = tfind(&wanted, &builder->anchors, compare_anchors);
	return found ? *found : NULL;
}

static int add_anchor(
	struct builder *builder, const yaml_char_t *name, struct doc_node *node, struct error *err)
{
	if (!name)
		return 0;
	struct anchor *anchor = calloc(1, sizeof *anchor);
	if (!anchor)
		return fail_memory(builder, err);
	*anchor = (struct anchor){.name = strdup((const char *)name), .node = node};
	struct anchor *const *found =
		anchor->name ? tsearch(anchor, &builder->anchors, compare_anchors) : NULL;
	if (found && *found == anchor)
		return 0;
	free_anchor(anchor);
	if (!found)
		return fail_memory(builder, err);
	return fail_at(err, builder->doc->name, node->at,
		"duplicate anchor '%.64s' (first used in line %u)", (*found)->name,
		(*found)->node->at.line);
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* Make a node. The document owns it, whether or not it gets into the tree. */
static struct doc_node *make_node(struct builder *builder, enum doc_kind kind, struct mark at,
	const yaml_char_t *text, size_t len)
{
	struct doc_node *node = doc_take(builder->doc, sizeof *node + len + 1);
	if (!node)
		return NULL;
	node->kind = kind;
	node->at = at;
	node->nodes = node->levels = 1;
	if (len)
		memcpy(node->text, text, len);
	return node;
}

/* Make a node, or an alias of one, the next child of the innermost container, or the root. */
static int add_child(
	struct builder *builder, struct doc_node *node, struct mark at, struct error *err)
{
	const char *name = builder->doc->name;
	if (builder->depth + node->levels > DOC_DEPTH_MAX)
		return fail_at(err, name, at, "nested more than %d levels deep", DOC_DEPTH_MAX);
	if (node->nodes > DOC_NODES_MAX - builder->nodes)
		return fail_at(err, name, at, "more than %u values when aliases are expanded",
			DOC_NODES_MAX);
	builder->nodes += node->nodes;
	if (builder->depth == 0) {
		builder->doc->root = node;
		return 0;
	}
	if (builder->pending_count == builder->pending_size) {
		size_t size = builder->pending_size ? builder->pending_size * 2 : 64;
		struct doc_node **larger = reallocarray(builder->pending, size, sizeof *larger);
		if (!larger)
			return fail_memory(builder, err);
		builder->pending = larger;
		builder->pending_size = size;
	}
	builder->pending[builder->pending_count++] = node;
	struct frame *parent = &builder->frames[builder->depth - 1];
	if (node->levels >= parent->levels)
		parent->levels = node->levels + 1;
	return 0;
}

static int on_scalar(struct builder *builder, const yaml_event_t *event, struct error *err)
{
	const yaml_char_t *value = event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct mark at = from_yaml(event->start_mark);
	if (memchr(value, '\0', len))
		return fail_at(err, builder->doc->name, at, "value contains a NUL character");
	struct doc_node *node = make_node(builder, DOC_SCALAR, at, value, len);
	if (!node)
		return fail_memory(builder, err);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return add_child(builder, node, at, err) < 0
		       ? -1
		       : add_anchor(builder, event->data.scalar.anchor, node, err);
}

static int on_alias(struct builder *builder, const yaml_event_t *event, struct error *err)
{
	struct mark at = from_yaml(event->start_mark);
	const struct anchor *anchor = find_anchor(builder, (char *)event->data.alias.anchor);
	if (!anchor)
		return fail_at(err, builder->doc->name, at, "undefined alias");
	if (anchor->node->open)
		return fail_at(err, builder->doc->name, anchor->node->at,
			"anchor contains an alias of itself");
	return add_child(builder, anchor->node, at, err);
}

static int on_start(struct builder *builder, enum doc_kind kind, const yaml_event_t *event,
	const yaml_char_t *anchor, struct error *err)
{
	unsigned nodes_before = builder->nodes;
	struct mark at = from_yaml(event->start_mark);
	struct doc_node *node = make_node(builder, kind, at, NULL, 0);
	if (!node)
		return fail_memory(builder, err);
	if (add_child(builder, node, at, err) < 0 || add_anchor(builder, anchor, node, err) < 0)
		return -1;
	node->open = true;
	builder->frames[builder->depth++] = (struct frame){.node = node,
		.first = builder->pending_count,
		.nodes_before = nodes_before,
		.levels = 1};
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct doc_node *left = ((const struct doc_pair *)a)->key;
	const struct doc_node *right = ((const struct doc_pair *)b)->key;
	int order = strcmp(left->text, right->text);
	if (order)
		return order;
	if (left->at.line != right->at.line)
		return left->at.line < right->at.line ? -1 : 1;
	return (left->at.column > right->at.column) - (left->at.column < right->at.column);
}

/* Refuse a key that occurs twice in a mapping. Sorting the keys keeps the time below quadratic
 * even for a million of them; a large mapping keeps their order for doc_get(). */
static int sort_keys(const struct builder *builder, struct doc_node *map, struct error *err)
{
	struct doc_pair few[DOC_SCANNED_MAX] _unfilled_;
	struct doc_pair *sorted = few;
	if (map->count / 2 > DOC_SCANNED_MAX)
		sorted = doc_take(builder->doc, map->count / 2 * sizeof *sorted);
	if (!sorted)
		return fail_memory(builder, err);
	size_t used = 0;
	for (size_t i = 0; i + 1 < map->count; i += 2)
		if (map->children[i]->kind == DOC_SCALAR)
			sorted[used++] = (struct doc_pair){map->children[i], map->children[i + 1]};
	qsort(sorted, used, sizeof *sorted, compare_keys);
	for (size_t i = 1; i < used; i++)
		if (strcmp(sorted[i - 1].key->text, sorted[i].key->text) == 0)
			return fail_at(err, builder->doc->name, sorted[i].key->at,
				"duplicate key '%s' (first used in line %u)", sorted[i].key->text,
				sorted[i - 1].key->at.line);
	if (sorted != few) {
		map->sorted = sorted;
		map->sorted_count = used;
	}
	return 0;
}

/* The innermost container ends: its children move from the pending ones into the node. */
static int on_end(struct builder *builder, struct error *err)
{
	const struct frame *frame = &builder->frames[--builder->depth];
	struct doc_node *node = frame->node;
	node->count = builder->pending_count - frame->first;
	if (node->count) {
		node->children = doc_take(builder->doc, node->count * sizeof *node->children);
		if (!node->children)
			return fail_memory(builder, err);
		memcpy(node->children, builder->pending + frame->first,
			node->count * sizeof *node->children);
	}
	builder->pending_count = frame->first;
	node->nodes = builder->nodes - frame->nodes_before;
	node->levels = frame->levels;
	node->open = false;
	if (builder->depth > 0 && node->levels >= builder->frames[builder->depth - 1].levels)
		builder->frames[builder->depth - 1].levels = node->levels + 1;
	return node->kind == DOC_MAP ? sort_keys(builder, node, err) : 0;
}

/* ---- events -------------------------------------------------------------------------------- */

/* Take one event. Returns 1, 0 at the end of the stream, or -1 with an error. */
static int take_event(struct builder *builder, const yaml_event_t *event, struct error *err)
{
	int result = 0;
	switch (event->type) {
	case YAML_STREAM_END_EVENT:
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		if (builder->doc->root)
			return fail_at(err, builder->doc->name, from_yaml(event->start_mark),
				"second YAML document; only one is allowed");
		break;
	case YAML_ALIAS_EVENT:
		result = on_alias(builder, event, err);
		break;
	case YAML_SCALAR_EVENT:
		result = on_scalar(builder, event, err);
		break;
	case YAML_SEQUENCE_START_EVENT:
		result = on_start(builder, DOC_LIST, event, event->data.sequence_start.anchor, err);
		break;
	case YAML_MAPPING_START_EVENT:
		result = on_start(builder, DOC_MAP, event, event->data.mapping_start.anchor, err);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		result = on_end(builder, err);
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return result < 0 ? -1 : 1;
}

static void free_builder(struct builder *builder)
{
	yaml_parser_delete(&builder->parser);
	tdestroy(builder->anchors, free_anchor);
	free(builder->pending);
}

int doc_parse(struct doc *doc, const char *text, size_t len, struct error *err)
{
	_cleanup_(free_builder) struct builder builder = {.doc = doc};
	if (!yaml_parser_initialize(&builder.parser))
		return fail_memory(&builder, err);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, len);
	int result = 1;
	while (result > 0) {
		yaml_event_t event;
		if (!yaml_parser_parse(&builder.parser, &event))
			return fail_parser(&builder, err);
		result = take_event(&builder, &event, err);
		yaml_event_delete(&event);
	}
	if (result < 0)
		return -1;
	return doc->root ? 0 : fail_as(err, EX_CONFIG, "%s: file is empty", doc->name);
}
