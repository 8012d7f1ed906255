/* SPDX-License-Identifier: MIT
 *
 * job: what a config file asks for, whichever of the formats it is in. The rest of the program does not know YAML.
 */
#ifndef OSS_CRS_JOB_H
#define OSS_CRS_JOB_H

#include "cpulist.h"
#include "mark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_CRS_MAX   4096
#define JOB_NAME_MAX  128
#define JOB_INFRA_CRS "oss_crs_infra"

enum job_format {
	JOB_RESOURCE,    /* config-resource.yaml: crs (a list or a mapping) and workers */
	JOB_CRS_COMPOSE, /* crs-compose.yaml: one top-level entry per CRS */
};

/* CPUs, as a set or as a number of them, and an amount of memory, and where the file says so. */
struct job_share {
	struct cpulist cpus;            /* empty: not given, or only as a number */
	unsigned cpu_count;             /* 0: not given, or as a set */
	uint64_t memory;                /* bytes; 0: not given */
	struct mark cpus_at, memory_at; /* line 0: not given */
};

struct job_crs {
	char *name;
	struct mark at;
	struct job_share share;
};

struct job {
	char *path; /* of the config file, as given plus the file's name */
	char *dir;  /* of the directory it is in */
	enum job_format format;
	struct mark worker_at;
	struct job_share worker; /* the worker's own figures, where the format has them */
	struct job_crs *crs;     /* in the file's order */
	size_t crs_count;
};

#define JOB_NONE             \
	{                    \
		.path = NULL \
	}

/* Find and read the config. `config` is a file, or a directory that has config-resource.yaml, crs-compose.yaml or a
 * compose.yaml in the crs-compose format, in this order. `worker` is the name of the worker to read. Anything wrong
 * in the file is EX_CONFIG with file, line and column; a file that is not there is EX_CONFIG too. */
int job_load(const char *config, const char *worker, struct job *ret, struct error *err);

/* The same from text (tests, fuzzers). */
int job_parse(const char *name, const char *text, size_t len, const char *worker, struct job *ret,
	struct error *err);

void job_free(struct job *job);

const char *job_format_name(enum job_format format);

/* Whether a text is made as the name of a CRS is: a letter or digit, then letters, digits, '.', '_' and '-'. */
bool job_is_name(const char *text);

#endif
