#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What `clean` prints, on a directory that stands for the cgroups. tests/lab/cases/run.bats removes.

bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
DEAD=job-run-1764000000-0a1b2c3d-local

setup() {
	local user=user-$(id -u).slice/user@$(id -u).service
	mkdir -p "$BATS_TEST_TMPDIR/user.slice/$user/oss-crs/$DEAD"
	export DOCKER_HOST=unix:///nonexistent/docker.sock XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
}

@test "a dry run names what it would remove, and as JSON it is all that is on standard output" {
	run --separate-stderr "$RUN" clean --all --dry-run --cgroup-root "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$output" = "would remove $DEAD" ]
	# shellcheck disable=SC2154 # run sets it
	[[ "$stderr" == *"cannot look for containers: "*"/nonexistent/docker.sock"* ]]
	[[ "$stderr" != *XDG_STATE_HOME* && "$stderr" != *"$XDG_STATE_HOME"* ]]
	run --separate-stderr "$RUN" clean --all --dry-run --json --cgroup-root "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq -c . <<<"$output")" = "{\"version\":1,\"dry_run\":true,\"runs\":[{\"name\":\"$DEAD\",\"active\":false}]}" ]
	rmdir "$BATS_TEST_TMPDIR"/user.slice/*/*/oss-crs/$DEAD
	run --separate-stderr "$RUN" clean --all --json --cgroup-root "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq -c '.dry_run, .runs' <<<"$output" | xargs)" = "false []" ]
}
