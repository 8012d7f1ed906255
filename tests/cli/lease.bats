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
	[[ "$output" == *"Now: the CPUs and memory are free"* ]]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/cg" "$BATS_TEST_TMPDIR"
	[ "$(jq -c '.now | .fits, .waiting_before, .in_the_way' <<<"$output" | tr '\n' ' ')" = "true 0 [] " ]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq 'has("now")' <<<"$output")" = false ]
	run "$RUN" plan --json --cgroup-root "$BATS_TEST_TMPDIR/cg" --host-cpus 0-3 --host-memory 1G "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(jq 'has("now")' <<<"$output")" = false ]
}

@test "plan and status say that a user or a run cannot be looked at" {
	local cg=$BATS_TEST_TMPDIR/cg job=job-run-1764000000-0a1b2c3d-local
	local user=user.slice/user-4711.slice/user@4711.service
	mkdir -p "$cg/$user"
	touch "$cg/$user/oss-crs" # not a directory: the kernel would not, but it is not "no runs"
	run "$RUN" plan --cgroup-root "$cg" "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[[ "$output" == *"Now: unknown, because not all runs are visible: the runs of uid 4711: open $user/oss-crs: Not a directory"* ]]
	run "$RUN" plan --json --cgroup-root "$cg" "$BATS_TEST_TMPDIR"
	[ "$(jq -c '.now | .fits, (.unknown | test("uid 4711"))' <<<"$output" | tr '\n' ' ')" = "null true " ]
	run "$RUN" status --cgroup-root "$cg"
	[ "$status" -eq 0 ]
	[[ "$output" == *"1 run or user not visible from here: the runs of uid 4711: "* ]]
	run "$RUN" status --json --cgroup-root "$cg"
	[ "$(jq -c '.hidden, (.hidden_why | test("uid 4711"))' <<<"$output" | tr '\n' ' ')" = "1 true " ]
	# A dead run whose files are not as the kernel writes them.
	rm "$cg/$user/oss-crs"
	mkdir -p "$cg/$user/oss-crs/$job"
	touch "$cg/$user/oss-crs/$job"/{cgroup.max.depth,cgroup.events,cpuset.cpus}
	run "$RUN" status --cgroup-root "$cg"
	[[ "$output" == *"1 run or user not visible from here: run $job of uid 4711: populated in"* ]]
	run "$RUN" plan --cgroup-root "$cg" "$BATS_TEST_TMPDIR"
	[[ "$output" == *"Now: the CPUs and memory are free"* ]]
}

@test "plan chooses CPUs by number of those that no living run has" {
	[ "$(nproc --all)" -gt 1 ] || skip "one CPU"
	command -v python3 >/dev/null || skip "no python3"
	local cg=$BATS_TEST_TMPDIR/cg any=$BATS_TEST_TMPDIR/any job=job-run-1764000000-0a1b2c3d-local
	local theirs=$cg/user.slice/user-4711.slice/user@4711.service/oss-crs/$job
	mkdir -p "$theirs/c" "$any"
	printf 'crs:\n  c:\n    resources: {cpu: 1, memory: 64M}\n' >"$any/config-resource.yaml"
	first=$("$RUN" plan --json --cgroup-root "$cg" "$any" | jq -r .cpus)
	echo "$first" >"$theirs/cpuset.cpus"
	echo 'cpuset memory' >"$theirs/cgroup.subtree_control"
	echo 4096 | tee "$theirs/memory.max" >"$theirs/c/memory.max"
	echo max >"$theirs/cgroup.max.depth"
	mkfifo "$BATS_TEST_TMPDIR/end"
	python3 -c 'import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
open(sys.argv[2]).read()' "$theirs/cgroup.max.depth" "$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/locked" 3>&- &
	timeout 60 bash -c 'until grep -q locked "$1"; do read -rt 0.1 <> <(:) || :; done' _ "$BATS_TEST_TMPDIR/locked"
	run "$RUN" plan --json --cgroup-root "$cg" "$any"
	run jq -c --arg first "$first" '[.cpus != $first, .now.fits]' <<<"$output"
	[ "$output" = "[true,true]" ]
	run "$RUN" plan --cgroup-root "$cg" --cpus "$(nproc --all)" --scale "$any"
	[[ "$output" == *"Now: the run needs $(nproc --all) CPUs, but only $(($(nproc --all) - 1)) are free: run $job of uid 4711 has CPUs $first since"* ]]
	: >"$BATS_TEST_TMPDIR/end"
	wait
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
