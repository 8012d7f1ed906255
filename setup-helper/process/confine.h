/* SPDX-License-Identifier: MIT
 *
 * confine: what the kernel keeps a process of this program from doing even if an attacker takes it
 * over: writing outside the places that the plan changes (Landlock), and making system calls that
 * it does not need (seccomp). Both are irrevocable, and children inherit them.
 *
 * Rests on landlock(7) and seccomp(2), and needs no_new_privs. Some kernels lack one or both. The
 * safety of this program does not depend on them: where one is missing, `check` reports it, and
 * that is no error.
 */
#ifndef OSS_CRS_SETUP_CONFINE_H
#define OSS_CRS_SETUP_CONFINE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum confine_access {
	CONFINE_WRITE = 1,   /* write existing files */
	CONFINE_REPLACE = 2, /* create, write, rename and remove files */
	CONFINE_CGROUPS = 4, /* write existing files, create and remove directories */
	CONFINE_RMDIR = 8,   /* remove directories */
};

/* The access allowed to a file, or to a directory and everything below it. fd may be O_PATH. */
struct confine_rule {
	int fd;
	unsigned access; /* enum confine_access, or-ed */
};

/* What is in force in this process. */
struct confined {
	int landlock; /* the version of its ABI; 0 if the kernel has no Landlock */
	bool seccomp;
};

/* The processes, which main.c describes. */
enum confine_role {
	CONFINE_ROOT,
	CONFINE_CONNECTOR,
	CONFINE_WORKER, /* and the speaker */
	CONFINE_CHECK,  /* a child that computes something and ends */
	CONFINE_LOOK,   /* one that also opens files to read; it may become a CONFINE_CHECK */
};

/* Restrict access to files from now on: all can be read (as far as their permissions allow), none
 * can be executed, and they can be changed only as the rules allow or through descriptors that are
 * already open. TCP, and signals and abstract sockets of processes that are not confined with this
 * one, are refused where the kernel can (Linux 6.12). On a kernel without Landlock this does
 * nothing, and confined->landlock stays 0. */
int confine_files(const struct confine_rule *rules, size_t count, struct confined *confined,
	struct error *err);

/* The same in two parts, of which the first knows no rules yet. The caller closes ret->fd. */
struct confine_ruleset {
	int fd; /* -1: the kernel has no Landlock */
	int abi;
	uint64_t handled; /* the accesses that this version of the ABI can restrict */
};
int confine_prepare(struct confine_ruleset *ret, struct error *err);
int confine_enter(const struct confine_ruleset *ruleset, const struct confine_rule *rules,
	size_t count, struct confined *confined, struct error *err);

/* Make the system calls that this role does not need fail with EPERM from now on: for all of them
 * those that change the machine, start a program, reach into other processes, or change modes,
 * owners and attributes by path; confine.c has the lists. If the filter cannot be loaded, that is
 * no error, and confined->seccomp is false. */
int confine_calls(enum confine_role role, struct confined *confined, struct error *err);

#endif
