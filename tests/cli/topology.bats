#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# plan --topology: a config on a recorded machine, with CPUs chosen by cores and nodes, in words and
# as a drawing.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}

# Two CRSs whose CPUs are given as a number.
setup() {
	cat >"$BATS_TEST_TMPDIR/config-resource.yaml" <<-'EOF'
		workers: {local: {cpu: 12, memory: 12G}}
		crs:
		  one: {resources: {cpu: 8, memory: 8G}}
		  two: {resources: {cpu: 3, memory: 4G}}
	EOF
}

machine() { # NAME: unpack a recorded machine's CPUs and nodes
	tar -xzf "$HERE/tests/fixtures/topology/$1.tar.gz" -C "$BATS_TEST_TMPDIR" \
		--exclude=cache --exclude=cpufreq --exclude=cpuidle --exclude=power --exclude=thermal_throttle --exclude=proc
}

plan() { # MACHINE ARG...
	"$RUN" plan --topology "$BATS_TEST_TMPDIR/$1" --host-memory 64G "${@:2}" "$BATS_TEST_TMPDIR"
}

@test "CPUs by number are whole cores of one node, said in words and drawn" {
	machine x86_64-64cpu
	run plan x86_64-64cpu
	[ "$status" -eq 0 ]
	[[ "$output" == *"the first core (CPUs 0,32) is left to the host"* ]]
	[[ "$output" == *"one: 8 CPUs on 4 cores of node 0"* ]]
	[[ "$output" == *"two: 3 CPUs on 2 cores of node 0, 1 of them whole"* ]]
	grep -Eq '^socket 0$' <<<"$output"
	grep -Eq '^  node 3$' <<<"$output"
	grep -Eq '^ +4 cores one +CPUs 4,8,12,16,36,40,44,48$' <<<"$output"
}

@test "plan --json has the nodes of the memory and the choice in words" {
	machine x86_64-64cpu
	run bash -c "'$RUN' plan --json --topology '$BATS_TEST_TMPDIR/x86_64-64cpu/sys' --host-memory 64G '$BATS_TEST_TMPDIR' | jq -r '.crs[0].cpus, .crs[0].mems, (.notes | length)'"
	[ "$output" = "$(printf '%s\n' 4,8,12,16,36,40,44,48 "" 3)" ]
}

@test "--cpus N takes the fast cores of a machine with several kinds" {
	machine arm-A510-A710-A715-X3
	printf 'a: {cpuset: 0-3, memory: 1G}\n' >"$BATS_TEST_TMPDIR/crs.yaml"
	run bash -c "'$RUN' plan --json --topology '$BATS_TEST_TMPDIR/arm-A510-A710-A715-X3' --host-memory 8G --cpus 4 '$BATS_TEST_TMPDIR/crs.yaml' | jq -r .cpus"
	[ "$output" = 3-6 ]
}

@test "a machine that does not say its memory, or that is none, is refused" {
	machine arm-A510-A710-A715-X3
	run "$RUN" plan --topology "$BATS_TEST_TMPDIR/arm-A510-A710-A715-X3" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 64 ]
	[[ "$output" == *"hint: set it with --host-memory"* ]]
	mkdir "$BATS_TEST_TMPDIR/empty"
	for arguments in "--topology $BATS_TEST_TMPDIR/empty" "--topology /nowhere" "--topology / --host-cpus 0-3"; do
		# shellcheck disable=SC2086 # split into words on purpose
		run "$RUN" plan $arguments "$BATS_TEST_TMPDIR"
		[ "$status" -eq 64 ]
		[[ "$output" == *--topology* ]]
	done
}
