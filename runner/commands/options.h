/* SPDX-License-Identifier: MIT
 *
 * options: the command line as data. One table says which option belongs to which command; the help is made from it.
 */
#ifndef OSS_CRS_OPTIONS_H
#define OSS_CRS_OPTIONS_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Commands as bits, so that an option can name several. */
enum {
	COMMAND_BUILD = 1 << 0,
	COMMAND_RUN = 1 << 1,
	COMMAND_EXEC = 1 << 2,
	COMMAND_PLAN = 1 << 3,
	COMMAND_CHECK = 1 << 4,
	COMMAND_CLEAN = 1 << 5,
	COMMAND_SELFTEST = 1 << 6,
	COMMAND_STATUS = 1 << 7,
	COMMAND_REPORT = 1 << 8,
};

enum until {
	UNTIL_DEFAULT, /* all for build, first for run */
	UNTIL_FIRST,
	UNTIL_ALL,
};

enum oom_mode {
	OOM_PROCESS,
	OOM_GROUP,
};

#define COMPOSE_FILES_MAX    32
#define KEEP_REPORTS_DEFAULT 100
#define KEEP_REPORTS_MAX     1000000

struct text_list {
	const char *items[COMPOSE_FILES_MAX];
	size_t count;
};

/* Texts point into argv, or into what is owned. */
struct options {
	const char *worker, *run_id, *crs, *cgroup_root, *report, *svg, *html;
	struct text_list compose_files;
	const char *cpus, *memory; /* of the job, in the place of the config's */
	const char *host_cpus, *host_memory, *topology;
	uint64_t timeout;      /* seconds; 0: none */
	uint64_t wait;         /* seconds; 0: not at all; QUEUE_FOREVER */
	uint64_t keep_reports; /* how many */
	int engine;            /* enum wanted_engine */
	int until;             /* enum until */
	int oom;               /* enum oom_mode */
	bool keep, strict, scale, json, allow_unconfined, cgroup_parent, docker, dry_run, all,
		stale, share, watch, record;
	bool quiet, verbose, help;
	char **args; /* what is left: CONFIG and the rest */
	int arg_count;
	struct owned_text *owned; /* from run.conf */
};

#define OPTIONS_NONE                                                \
	{                                                           \
		.keep_reports = KEEP_REPORTS_DEFAULT, .owned = NULL \
	}

/* Parse argv[1…] for the command (a COMMAND_ bit) over what is there already; argv[0] is the command's name. EX_USAGE
 * for everything wrong. */
int options_parse(
	int argc, char **argv, unsigned command, struct options *options, struct error *err);

/* Take a default from a file: the long name of an option that may stand there, and its value ("yes" or "no" for one
 * that has none on the command line). One that the command does not have is checked and then passed over. Gives the
 * number of the option, for conf_parse(); EX_CONFIG for everything wrong. */
int options_default(const char *name, const char *value, unsigned command, struct options *options,
	struct error *err);

void options_free(struct options *options);

/* Write the options of a command, one line each. */
void options_help(unsigned command, FILE *to);

/* "90", "90s", "5m", "2h", "1d" to seconds; EX_USAGE for anything else and for zero. */
int duration_parse(const char *text, uint64_t *ret, struct error *err);

#endif
