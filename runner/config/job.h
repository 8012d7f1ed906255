/* SPDX-License-Identifier: MIT
 *
 * job: what a config file asks for, in one form for all formats. Code outside runner/config does
 * not know YAML.
 */
#ifndef OSS_CRS_JOB_H
#define OSS_CRS_JOB_H

#include "cpulist.h"
#include "mark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_SIZE_MAX  (1U << 20) /* bytes of a config */
#define JOB_CRS_MAX   4096
#define JOB_NAME_MAX  128
#define JOB_INFRA_CRS "oss_crs_infra"

enum job_format {
	JOB_RESOURCE,    /* config-resource.yaml: `crs` (a list or a mapping) and `workers` */
	JOB_CRS_COMPOSE, /* crs-compose.yaml: one top-level entry per CRS */
};

/* CPUs, as a list or as a number, and memory, with their positions in the file. */
struct job_share {
	struct cpulist cpus;            /* empty: not given, or given as a number */
	unsigned cpu_count;             /* 0: not given, or given as a list */
	uint64_t memory;                /* bytes; 0: not given */
	struct mark cpus_at, memory_at; /* line 0: not given */
};

struct job_crs {
	char *name;
	struct mark at;
	struct job_share share;
	/* The services of the job's Compose files that are the CRS's, whatever their names. */
	char **services;
	size_t service_count;
};

struct job {
	/* The path of the config file: CONFIG as the user gave it, plus the name of the file if
	 * CONFIG is a directory. NULL after job_parse(). */
	char *path;
	char *dir; /* the directory of the config file; NULL after job_parse() */
	enum job_format format;
	struct mark worker_at;   /* line 0: the file has no `workers:` */
	struct job_share worker; /* the worker's own CPUs and memory, if the file has any */
	struct job_crs *crs;     /* in the file's order */
	size_t crs_count;
};

#define JOB_NONE             \
	{                    \
		.path = NULL \
	}

/* Find and read the config. `config` is a file, or a directory with config-resource.yaml,
 * crs-compose.yaml or a compose.yaml in the crs-compose format, tried in this order. `worker` is
 * the name of the worker to read. Fails with EX_CONFIG if the file is missing, cannot be read or
 * is wrong; the message names the line and column of an error that has a position. The caller
 * frees *ret with job_free(). */
int job_load(const char *config, const char *worker, struct job *ret, struct error *err);

/* Parse a config of len bytes, at most JOB_SIZE_MAX; tests and fuzzers call it without a file.
 * `name` stands for the file in messages. */
int job_parse(const char *name, const char *text, size_t len, const char *worker, struct job *ret,
	struct error *err);

/* Free the job and reset *job to JOB_NONE. */
void job_free(struct job *job);

/* "resource" or "crs-compose". */
const char *job_format_name(enum job_format format);

/* Whether a text has the characters of a CRS name: a letter or digit, then letters, digits, '.',
 * '_' and '-'. Does not check the length or the prefixes of the kernel's files. */
bool job_is_name(const char *text);

#endif
