/* SPDX-License-Identifier: MIT
 *
 * confine: what the kernel is asked to keep this process from, whatever becomes of it: writing anywhere but where the
 * plan does (Landlock), and system calls that it has no business with (seccomp). For good, and for its children too.
 *
 * Rests on landlock(7) and seccomp(2); needs no_new_privs. Neither is there on every kernel, and neither is what the
 * safety of this program hangs on: where one is missing, it is said and not an error.
 */
#ifndef OSS_CRS_SETUP_CONFINE_H
#define OSS_CRS_SETUP_CONFINE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

enum confine_access {
	CONFINE_WRITE = 1,   /* write existing files */
	CONFINE_REPLACE = 2, /* make, write, rename and remove files */
	CONFINE_CGROUPS = 4, /* write existing files, make and remove directories */
	CONFINE_RMDIR = 8,   /* remove directories */
};

/* What is allowed at and below a directory (or for a file), given by a descriptor, which may be O_PATH. */
struct confine_rule {
	int fd;
	unsigned access; /* enum confine_access, or-ed */
};

/* What is in force. */
struct confined {
	int landlock; /* the version of its ABI; 0: this kernel has none */
	bool seccomp;
};

/* From here on files can be read everywhere (as far as the user may), nothing can be executed, and nothing can be
 * written but by the rules and by descriptors that are open already. */
int confine_files(const struct confine_rule *rules, size_t count, struct confined *confined,
	struct error *err);

/* From here on system calls that change the machine or reach into other processes fail with EPERM. */
int confine_calls(struct confined *confined, struct error *err);

#endif
