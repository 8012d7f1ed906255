/* SPDX-License-Identifier: MIT
 *
 * options: the command line as data. One table says which commands have which option; the help is
 * made from it.
 */
#ifndef OSS_CRS_OPTIONS_H
#define OSS_CRS_OPTIONS_H

#include "error.h"
#include "run_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The commands as bits, so that an option can belong to several. */
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
	COMMAND_HOLD = 1 << 9,
	COMMAND_EXPERIMENT = 1 << 10,
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

/* The strings point into argv, or into `owned`. */
struct options {
	const char *worker, *run_id, *crs, *cgroup_root, *report, *svg, *html, *textfile;
	struct text_list compose_files, service_crs;
	const char *project_name;  /* of the Compose project; NULL: one after the run */
	const char *cpus, *memory; /* of the job, instead of the config's */
	const char *host_cpus, *host_memory, *topology;
	uint64_t timeout;      /* seconds; 0: none */
	uint64_t stop_grace;   /* seconds that a job has after a signal; 0: as long as it needs */
	uint64_t wait;         /* seconds; 0: do not wait; or QUEUE_FOREVER */
	uint64_t keep_reports; /* how many to keep; 0: do not store the report */
	int engine;            /* enum wanted_engine */
	int until;             /* enum until */
	int oom;               /* enum oom_mode */
	int exclusive;         /* enum partition_kind */
	int phase;             /* of `hold`: enum phase, not PHASE_EXEC */
	uint64_t hold_fd;      /* the descriptor that holds the run */
	bool keep, keep_images, strict, scale, json, allow_unconfined, cgroup_parent, docker;
	bool strict_limits, strict_containment; /* both with --strict */
	bool guard, no_guard;                   /* the latter wins */
	bool strict_machine;
	bool dry_run, all, stale, share, watch, record, openmetrics;
	bool quiet, verbose, help;
	bool csv;        /* of `experiment gather` */
	bool extend;     /* of `experiment submit`: take more trials */
	bool allocation; /* only what a scheduler gave this process */
	char **args;     /* the arguments: CONFIG and the rest */
	int arg_count;
	struct owned_text *owned; /* values from run.conf */
};

#define OPTIONS_NONE                                                                     \
	{                                                                                \
		.keep_reports = KEEP_REPORTS_DEFAULT, .phase = PHASE_RUN, .owned = NULL, \
	}

/* Parse the options of the command (a COMMAND_ bit) into *options, which holds the defaults; an
 * option that is not given keeps its value. argv[0] is the command's name. Every error is
 * EX_USAGE. The caller keeps argv for as long as it uses *options. */
int options_parse(
	int argc, char **argv, unsigned command, struct options *options, struct error *err);

/* Set a default from a file. name is the long name of an option that can be set there, value its
 * value, which is "yes" or "no" for a flag. An option that the command does not have is checked
 * and then ignored. Returns the number of the option, which conf_parse() needs, or -1 with an
 * error: EX_CONFIG for a name that is not allowed or a flag that is neither yes nor no, EX_USAGE
 * for any other bad value (conf_parse() makes it EX_CONFIG), ENOMEM without memory. */
int options_default(const char *name, const char *value, unsigned command, struct options *options,
	struct error *err);

/* Free the values from run.conf. */
void options_free(struct options *options);

/* Write the help of a command's options, one line for each. */
void options_help(unsigned command, FILE *to);

#endif
