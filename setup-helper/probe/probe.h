/* SPDX-License-Identifier: MIT
 *
 * probe: collects the facts. It only reads, and starts nothing, not even a socket-activated daemon.
 */
#ifndef OSS_CRS_SETUP_PROBE_H
#define OSS_CRS_SETUP_PROBE_H

#include "facts.h"
#include "host.h"
#include "policy.h"

struct sd_bus;

struct probe_input {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	const gid_t *groups; /* the user's, from the user database; NULL if unknown */
	size_t group_count;
	int door;           /* to the root side (ask.h) */
	struct sd_bus *bus; /* NULL if there is none: no_bus says why */
	const struct error *no_bus;
	/* the facts to collect; to plan an undo of Docker's settings, set docker as well as undo */
	bool delegate;
	bool docker;
	bool reserve; /* with delegate */
	bool sweep;
	bool undo;
};

/* Collect the facts that the input asks for. Fails with EX_USAGE if delegate or sweep is set and no
 * user is known, and fails if undo or sweep cannot read what it needs. Every other problem is one
 * of the facts. The caller releases *ret with facts_clear(). */
int probe(const struct probe_input *input, struct facts *ret, struct error *err);

/* Find the cgroup driver that a service's command line sets: in ExecStart (one argument per line),
 * or in an environment (NAME=VALUE lines) whose variable the command line uses. If there is one,
 * copy it to buf and return true. Exposed for the tests. */
bool probe_find_flag(const char *exec_start, const char *environment, char *buf, size_t size);

/* The number, from 1, of the first line that sets the driver outside a comment; 0 if none does.
 * Exposed for the tests. */
unsigned probe_flag_line(const char *text);

/* Whether a Podman is installed that jobs can use, as far as its files show. */
bool probe_has_podman(const struct host *host);

/* Whether one of the groups of the input may write to Docker's socket. Exposed for the tests. */
enum answer probe_member(const struct probe_input *input);

/* Check that the cgroup mount is the root of the host's cgroup hierarchy, and not that of a
 * container or another file system. EX_UNAVAILABLE otherwise. */
int probe_cgroups(const struct host *host, struct error *err);

/* One function per group of facts. If bus is NULL, no_bus gives the reason. */
void probe_delegate(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct delegate_facts *ret);
void probe_docker(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct docker_facts *ret);
void probe_reserve(const struct probe_input *input, struct sd_bus *bus, struct reserve_facts *ret);
int probe_sweep(const struct probe_input *input, struct sweep_facts *ret, struct error *err);
int probe_undo(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct undo_facts *ret, struct error *err);

#endif
