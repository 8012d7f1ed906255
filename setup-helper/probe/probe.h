/* SPDX-License-Identifier: MIT
 *
 * probe: fill in the facts. Looks only; starts nothing, not even a socket-activated daemon.
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
	bool delegate; /* which halves are wanted */
	bool docker;
	bool sweep;
	bool undo; /* what the journal tells of; docker too, if that is in it */
};

/* Look at the host. Fails only where even looking is impossible; everything else is a fact. Release *ret with
 * facts_clear(). */
int probe(const struct probe_input *input, struct facts *ret, struct error *err);

/* Find the cgroup driver that a service's command line sets: in ExecStart (one argument a line), or in an environment
 * (NAME=VALUE lines) whose variable the command line uses. Gives whether there is one and copies its value.
 * Exposed for the tests. */
bool probe_find_flag(const char *exec_start, const char *environment, char *buf, size_t size);

/* The line of text, from 1, where the driver is set outside a comment; 0 if nowhere. Exposed for the tests. */
unsigned probe_flag_line(const char *text);

/* That the cgroups here are those of the host, and none of a container or another file system. */
int probe_cgroups(const struct host *host, struct error *err);

/* The halves; each is told of the bus, or NULL and why. */
void probe_delegate(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct delegate_facts *ret);
void probe_docker(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct docker_facts *ret);
int probe_sweep(const struct probe_input *input, struct sweep_facts *ret, struct error *err);
int probe_undo(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct undo_facts *ret, struct error *err);

#endif
