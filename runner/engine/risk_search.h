/* SPDX-License-Identifier: MIT
 *
 * risk_search: walks one service of Compose's config by tables of keys, a table per mapping. Every
 * key has a rule; a key without one is a risk, and so is a value that a rule does not know. Only
 * the files that look for risks include this header; risks.h is what others see.
 */
#ifndef OSS_CRS_RISK_SEARCH_H
#define OSS_CRS_RISK_SEARCH_H

#include "compose.h"
#include "doc.h"
#include "risks.h"
#include "text.h"

#define RISK_KEY_MAX     256
#define RISK_UNKNOWN_KEY "unknown key"

struct risk_search {
	const struct risk_scope *scope;
	struct risks *found;
	const char *service_key; /* the service's key that is searched, as its rule has it */
	char key[RISK_KEY_MAX];  /* where in it the search is: "deploy.resources" */
	bool failed;             /* out of memory */
};

enum rule_kind {
	RULE_HARMLESS, /* whatever the value */
	RULE_REFUSED,  /* unless empty */
	RULE_TEXTS,    /* harmless if every text is: of one text, or a list of texts */
	RULE_KEYS,     /* harmless if every key is: of a mapping, or a list of "KEY=VALUE" */
	RULE_MAPPING,  /* a mapping with a table of its own */
	RULE_CHECKED,  /* by a function that adds what it finds */
};

struct key_table;

struct key_rule {
	const char *key;
	enum rule_kind kind;
	const char *why; /* of RULE_REFUSED, RULE_TEXTS, RULE_KEYS: what other values can do */
	/* Of RULE_TEXTS and RULE_KEYS: the harmless texts, or a function that knows them. */
	const char *const *harmless;
	bool (*is_harmless)(const struct risk_search *search, const char *text);
	const struct key_table *table;
	void (*check)(struct risk_search *search, const struct doc_node *value);
};

struct key_table {
	const char *name; /* the mapping: "service", "build" */
	const struct key_rule *rules;
	size_t count;
};

/* The rows of the tables, one macro per kind of rule. */
#define TEXT_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RULE(...)           \
	{                   \
		__VA_ARGS__ \
	}
#define HARMLESS(k)       RULE(.key = (k), .kind = RULE_HARMLESS)
#define REFUSED(k, w)     RULE(.key = (k), .kind = RULE_REFUSED, .why = (w))
#define MAPPING(k, t)     RULE(.key = (k), .kind = RULE_MAPPING, .table = (t))
#define CHECKED(k, f)     RULE(.key = (k), .kind = RULE_CHECKED, .check = (f))
#define TEXTS_IF(k, f, w) RULE(.key = (k), .kind = RULE_TEXTS, .why = (w), .is_harmless = (f))
#define KEYS_IF(k, f, w)  RULE(.key = (k), .kind = RULE_KEYS, .why = (w), .is_harmless = (f))
#define TEXTS(k, w, ...) \
	RULE(.key = (k), .kind = RULE_TEXTS, .why = (w), .harmless = TEXT_LIST(__VA_ARGS__))
#define KEYS(k, w, ...) \
	RULE(.key = (k), .kind = RULE_KEYS, .why = (w), .harmless = TEXT_LIST(__VA_ARGS__))
#define KEY_TABLE(n, r) RULE(.name = (n), .rules = (r), .count = sizeof(r) / sizeof *(r))

/* Whether a value sets nothing: a null, an empty text, list or mapping. NULL is empty too. */
bool value_is_empty(struct doc *doc, const struct doc_node *value);

/* Add a risk at the search's key. name is static, or NULL for the service's key; value is what the
 * file says, and why says in words what it can do. */
void search_add(struct risk_search *search, const char *name, const struct doc_node *value,
	const char *why);

/* Search a mapping by its table. What is no mapping is a risk. */
void search_mapping(
	struct risk_search *search, const struct doc_node *map, const struct key_table *table);

/* The same with a part added to the search's key meanwhile: ".volumes". */
void search_mapping_at(struct risk_search *search, const char *part, const struct doc_node *map,
	const struct key_table *table);

/* Judge what a service uses and the file defines under that name elsewhere: the first time by
 * `judge`, and for each other service that uses it by what that has found. */
void search_definition(struct risk_search *search, const char *name,
	const struct doc_node *definition,
	void (*judge)(
		struct risk_search *search, const char *name, const struct doc_node *definition));

/* The tables of service_keys.c and of service_uses.c: services, and what services use of the rest
 * of the file. */
extern const struct key_table service_table, build_table, deploy_table, resources_table,
	reservations_table, logging_table, hook_table, gpu_table;
extern const struct key_table mount_table, bind_table, volume_table, grant_table, file_table,
	attachment_table, network_table, ipam_table;

/* The checkers of service_uses.c. */
void check_volumes(struct risk_search *search, const struct doc_node *value);
void check_secrets(struct risk_search *search, const struct doc_node *value);
void check_configs(struct risk_search *search, const struct doc_node *value);
void check_networks(struct risk_search *search, const struct doc_node *value);

/* Check what a service uses without saying so: the default network. */
void check_default_network(struct risk_search *search, const struct doc_node *body);

#endif
