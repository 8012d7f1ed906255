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

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#define DOC_SIZE_MAX  (4U << 20)
#define DOC_NODES_MAX (1U << 20)
#define DOC_DEPTH_MAX 64

struct mark {
	unsigned line, column; /* from 1; 0 is nowhere */
};

struct doc {
	char *name; /* for messages: the file's path as the user gave it */
	yaml_document_t document;
	bool loaded;
};

#define DOC_NONE                              \
	{                                     \
		.name = NULL, .loaded = false \
	}

/* Parse len bytes. Everything wrong with them is EX_CONFIG, "NAME:LINE:COLUMN: what". An empty document is an error. */
int doc_load(const char *name, const char *text, size_t len, struct doc *ret, struct error *err);
void doc_free(struct doc *doc);

yaml_node_t *doc_root(struct doc *doc);
struct mark doc_mark(const yaml_node_t *node);

/* A scalar's text as it stands in the file, NULL for anything else. Tags and YAML's own ideas of numbers (octal,
 * sexagesimal, 1_000) are not applied. */
const char *doc_text(const yaml_node_t *node);

/* Whether a node is nothing: `key:` with no value, `~`, `null`. */
bool doc_is_null(const yaml_node_t *node);

/* The value of a key of a mapping; NULL if node is no mapping or has no such key. */
yaml_node_t *doc_get(struct doc *doc, const yaml_node_t *node, const char *key);

/* Walk a mapping's pairs or a sequence's items by index; false at the end. */
bool doc_pair(struct doc *doc, const yaml_node_t *map, size_t i, yaml_node_t **ret_key,
	yaml_node_t **ret_value);
bool doc_item(struct doc *doc, const yaml_node_t *seq, size_t i, yaml_node_t **ret_item);

/* EX_CONFIG with "NAME:LINE:COLUMN: " in front. Returns -1. */
int doc_fail(struct error *err, const char *name, struct mark mark, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
