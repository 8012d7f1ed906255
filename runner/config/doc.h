/* SPDX-License-Identifier: MIT
 *
 * doc: one YAML document in memory, with the place of everything in it, by libyaml.
 *
 * Bounds: a file of at most DOC_SIZE_MAX bytes, one document, no key twice in a mapping, no scalar with a NUL, at
 * most DOC_DEPTH_MAX levels and DOC_NODES_MAX nodes, both counted with every alias (libyaml keeps it as a reference
 * to the one node) in the place of what it names. So whoever walks a document comes to an end, and soon.
 */
#ifndef OSS_CRS_DOC_H
#define OSS_CRS_DOC_H

#include "mark.h"

#include <stdbool.h>
#include <stddef.h>

#define DOC_SIZE_MAX  (4U << 20)
#define DOC_NODES_MAX (1U << 20)
#define DOC_DEPTH_MAX 64

/* A value in a document: a scalar, a sequence or a mapping. libyaml's, which only doc.c sees. */
struct doc_node;

struct doc {
	char *name;     /* for messages: the file's path as the user gave it */
	void *document; /* libyaml's; NULL: nothing is loaded */
};

#define DOC_NONE                                \
	{                                       \
		.name = NULL, .document = NULL, \
	}

/* Parse len bytes. Everything wrong with them is EX_CONFIG, "NAME:LINE:COLUMN: what". An empty document is an error. */
int doc_load(const char *name, const char *text, size_t len, struct doc *ret, struct error *err);
void doc_free(struct doc *doc);

struct doc_node *doc_root(struct doc *doc);
struct mark doc_mark(const struct doc_node *node);

/* A scalar's text as it stands in the file, NULL for anything else. Tags and YAML's own ideas of numbers (octal,
 * sexagesimal, 1_000) are not applied. */
const char *doc_text(const struct doc_node *node);

/* Whether a node is a mapping, a sequence, or a scalar in quotes (or a block scalar). */
bool doc_is_map(const struct doc_node *node);
bool doc_is_list(const struct doc_node *node);
bool doc_is_quoted(const struct doc_node *node);

/* Whether a node is nothing: `key:` with no value, `~`, `null`. */
bool doc_is_null(const struct doc_node *node);

/* The value of a key of a mapping; NULL if node is no mapping or has no such key. */
struct doc_node *doc_get(struct doc *doc, const struct doc_node *node, const char *key);

/* Walk a mapping's pairs or a sequence's items by index; false at the end. */
bool doc_pair(struct doc *doc, const struct doc_node *map, size_t i, struct doc_node **ret_key,
	struct doc_node **ret_value);
bool doc_item(struct doc *doc, const struct doc_node *seq, size_t i, struct doc_node **ret_item);

#endif
