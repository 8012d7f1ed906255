#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What --wait, --share and plan promise about leases, without a host. tests/lab has the tests that
# need one.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}

setup() {
	printf 'crs:\n  - {name: c, cpuset: "0", memory_limit: 64M}\n' >"$BATS_TEST_TMPDIR/config-resource.yaml"
}

@test "plan says whether it would fit now, and says nothing where there is nothing to look at" {
	mkdir -p "$BATS_TEST_TMPDIR/cg/user.slice" "$BATS_TEST_TMPDIR/none"
	run "$RUN" plan --cgroup-root "$BATS_TEST_TMPDIR/cg" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[[ "$output" == *"Now: its CPUs and memory are free"* ]]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/cg" "$BATS_TEST_TMPDIR"
	[ "$(jq -c '.now | .fits, .waiting_before, .in_the_way' <<<"$output" | tr '\n' ' ')" = "true 0 [] " ]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq 'has("now")' <<<"$output")" = false ]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/cg" --host-cpus 0-3 --host-memory 1G "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq 'has("now")' <<<"$output")" = false ]
}

@test "--wait takes a duration or none, and neither it nor --share what makes no sense beside it" {
	for bad in --wait=0 --wait=-1 --wait=soon --wait=; do
		run "$RUN" exec $bad "$BATS_TEST_TMPDIR" -- true
		[ "$status" -eq 64 ]
		[[ "$output" == *"--wait: '${bad#*=}' is not a duration"* ]]
	done
	run "$RUN" exec --wait --share "$BATS_TEST_TMPDIR" -- true
	[ "$status" -eq 64 ]
	run "$RUN" plan --wait "$BATS_TEST_TMPDIR"
	[ "$status" -eq 64 ]
}
