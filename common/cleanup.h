/* SPDX-License-Identifier: MIT
 *
 * cleanup: ownership bound to a scope. A variable declared with _cleanup_x_ is released when its
 * scope ends, on every path. steal_fd() and steal_ptr() hand the resource to a new owner. Always
 * initialise such a variable in its declaration.
 */
#ifndef OSS_CRS_CLEANUP_H
#define OSS_CRS_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	void *memory = NULL;
	memcpy(&memory, p, sizeof memory);
	free(memory);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static inline void cleanup_umask(const mode_t *mask)
{
	(void)umask(*mask);
}

#define _cleanup_(f)       __attribute__((cleanup(f)))
#define _cleanup_free_     _cleanup_(cleanup_free)
#define _cleanup_close_    _cleanup_(cleanup_close)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)
#define _cleanup_fclose_   _cleanup_(cleanup_fclose)
/* mode_t before = umask(...): restores the old umask. Nothing reads the variable, so clang 14
 * would warn that it is unused. */
#define _cleanup_umask_ _cleanup_(cleanup_umask) __attribute__((unused))

/* Give up ownership of a descriptor: returns it and sets the variable to -1. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* steal_ptr() for any type: p is the address of the pointer. */
static inline void *steal_memory(void *p)
{
	void *taken = NULL;
	void *const none = NULL;
	memcpy(&taken, p, sizeof taken);
	memcpy(p, &none, sizeof none);
	return taken;
}

/* Give up ownership of a pointer: returns it and sets the variable to NULL. */
#define steal_ptr(p) ((__typeof__(p))steal_memory(&(p)))

#endif
