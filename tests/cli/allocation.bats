#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --allocation, for which taskset(1) stands for a scheduler: it too decides on which CPUs a process
# may run. tests/unit/test_allowance.c has the memory.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
export XDG_CONFIG_HOME=/nonexistent

setup() {
	cd "$BATS_TEST_TMPDIR"
	grep -q '^0::' /proc/self/cgroup || skip "this host has no cgroup v2"
	# The last CPU that this process may use: not the one that a plan would take first.
	CPU=$(sed -n 's/^Cpus_allowed_list:\t.*[^0-9]\([0-9]*\)$/\1/p' /proc/self/status)
	[[ -n $CPU ]] || skip "this process may use only one CPU"
	cat >one.yaml <<-'EOF'
		crs:
		  - {name: a, cpuset: "4", memory_limit: 64M}
		workers:
		  local: {cpuset: "4", memory: 64M}
	EOF
	cat >two.yaml <<-'EOF'
		crs:
		  - {name: a, cpuset: "0", memory_limit: 64M}
		  - {name: b, cpuset: "1", memory_limit: 64M}
		workers:
		  local: {cpuset: "0-1", memory: 128M}
	EOF
}

within() { # OPTION...
	run taskset -c "$CPU" "$RUN" "$@"
}

@test "the CPUs of the config are mapped to those of the allocation" {
	within plan --json --allocation one.yaml
	[ "$status" -eq 0 ]
	[ "$(jq -r '.cpus, .crs[0].cpus' <<<"$output")" = "$(printf '%s\n' "$CPU" "$CPU")" ]
	# A number is of the allocation's too.
	within plan --json --allocation --cpus 1 two.yaml
	[ "$status" -eq 78 ]
	within plan --json --allocation --cpus 1 one.yaml
	[ "$(jq -r .cpus <<<"$output")" = "$CPU" ]
}

@test "a config that needs more than the allocation is refused, and --cpus outside of it" {
	within plan --allocation two.yaml
	[ "$status" -eq 78 ]
	[[ "$output" == *"two.yaml needs 2 CPUs"*"a run has the CPUs $CPU that its scheduler gave it"* ]]
	for command in plan "run p h" "build p" hold; do
		read -ra words <<<"$command"
		# `hold` wants a pipe to hold on to.
		within "${words[0]}" --allocation --cpus 0-0 one.yaml "${words[@]:1}" < <(:)
		[ "$status" -eq 78 ]
		[[ "$output" == *"--cpus: the allocation has no CPUs 0; it has $CPU (/proc/"*"/status)"* ]]
	done
	within exec --allocation --cpus 0-0 one.yaml -- true
	[ "$status" -eq 78 ]
	# With --share the run gets past the plan: what it then lacks is a host.
	within exec --allocation --share --cpus 0-0 --cgroup-root /nonexistent one.yaml -- true
	[[ "$output" != *"allocation"* ]]
}

@test "--allocation is about this host" {
	within plan --allocation --host-cpus 0-7 one.yaml
	[ "$status" -eq 64 ]
	[[ "$output" == *"--allocation is about this host and cannot be used with"* ]]
}
