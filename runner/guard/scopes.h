/* SPDX-License-Identifier: MIT
 *
 * scopes: what each CRS of a run has, from the plan and the Compose project, as struct judge_scope.
 */
#ifndef OSS_CRS_SCOPES_H
#define OSS_CRS_SCOPES_H

#include "compose.h"
#include "judge.h"

struct scope_texts {
	char *parent, *socket, *maker;
};

struct scopes {
	struct judge_scope *list; /* one per CRS of the plan */
	struct scope_texts *texts;
	size_t count;
	char *uid;
};

#define SCOPES_NONE          \
	{                    \
		.list = NULL \
	}

/* Make the scopes. dir is the path of the directory of the sockets. The plan, the project, its
 * engine and mark must outlive them. What lies in a directory that a service may write to is left
 * out of the mounts: the CRS could put a symbolic link there, and the engine would follow it. The
 * caller frees *ret with scopes_free(). */
int scopes_make(const struct compose *compose, const struct run_plan *plan, const char *dir,
	struct scopes *ret, struct error *err);
void scopes_free(struct scopes *scopes);

#endif
