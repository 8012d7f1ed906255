#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Exclusive runs: where root has made alice's oss-crs cgroup a partition, --exclusive makes that of a
# run one too. Root does so by hand here, as docs/exclusive.md says. Run as root in a lab guest; jobs
# run as alice, on CPUs 2 and 3.

load common

setup_file() {
	ready_host
	make_job
	as alice oss-crs-run exec -q $JOB -- true # makes the oss-crs cgroup
	[ ! -e $CG/$OURS/cpuset.cpus.exclusive ] || hand_down 2-3
}

setup() {
	make_job
	sed -i 's/"0-1"/"2"/; /name: b/{n; s/"2"/"3"/}; s/"0-3"/"2-3"/' $JOB/config-resource.yaml
}

teardown() {
	after_failure
	[ ! -e $CG/$OURS/cpuset.cpus.exclusive ] || [ "$(cat $CG/$OURS/cpuset.cpus.partition)" = root ] || hand_down 2-3
}

# levels: the cgroups from below the root down to alice's oss-crs.
levels() {
	echo user.slice user.slice/user-1000.slice "${OURS%/oss-crs}" "$OURS"
}

# hand_down LIST: reserve these CPUs for alice's runs.
hand_down() {
	local cgroup
	for cgroup in $(levels); do
		echo "$1" >$CG/"$cgroup"/cpuset.cpus.exclusive
	done
	echo root >$CG/$OURS/cpuset.cpus.partition
	[ "$(cat $CG/$OURS/cpuset.cpus.partition)" = root ]
}

# needs_partitions: remote partitions exist since Linux 6.7.
needs_partitions() {
	[ -e $CG/$OURS/cpuset.cpus.exclusive ] || skip "this kernel has no remote partitions"
}

# workers: the cgroups of alice's runs.
workers() {
	find $CG/$OURS -mindepth 1 -maxdepth 1 -type d
}

# states: what cpuset.cpus.partition of each run says, sorted.
states() {
	cat $CG/$OURS/*/cpuset.cpus.partition | sort
}

@test "without reserved CPUs an exclusive run is refused, and nothing is made" {
	[ ! -e $CG/$OURS/cpuset.cpus.exclusive ] || echo member >$CG/$OURS/cpuset.cpus.partition
	run as alice oss-crs-run exec --exclusive $JOB -- true
	echo "$output"
	[ "$status" -eq 69 ]
	if [ -e $CG/$OURS/cpuset.cpus.exclusive ]; then
		[[ "$output" == *"cpuset.cpus.partition of your oss-crs cgroup is 'member'"* ]]
	else
		[[ "$output" == *"which this kernel does not have"*"Linux 6.7"* ]]
	fi
	[ -z "$(workers)" ]
}

@test "an exclusive run has its CPUs alone, and the report says what else may use them" {
	needs_partitions
	# The command itself is not in a CRS.
	status=0
	sh_as alice "oss-crs-run exec --exclusive --json $JOB -- sh -c '
		cat $CG/$OURS/*/cpuset.cpus.partition $CG/user.slice/cpuset.cpus.effective
		taskset -c 2 true' >/tmp/report 2>/tmp/said" || status=$?
	cat /tmp/said /tmp/report
	[ "$status" -ne 0 ]
	grep -qx root /tmp/said
	grep -qx 0-1 /tmp/said
	grep -q 'Invalid argument' /tmp/said
	jq -e '.exclusive | .partition == "root" and .checked and .kernel_threads.per_cpu > 0' /tmp/report
	jq -e '.exclusive.kernel_threads.names | index("migration/2") and index("migration/3")' /tmp/report
	jq -e '.exclusive.interrupts | type == "array"' /tmp/report
	# Its CPUs are free again, and still reserved.
	[ "$(cat $CG/$OURS/cpuset.cpus.effective)" = 2-3 ]
	as alice oss-crs-run exec --exclusive --crs a $JOB -- taskset -c 2 true
	[ -z "$(workers)" ]
}

@test "an isolated run is told to be one" {
	needs_partitions
	sh_as alice "oss-crs-run exec --exclusive=isolated --json $JOB -- cat $CG/cpuset.cpus.isolated >/tmp/report 2>/tmp/said"
	cat /tmp/said /tmp/report
	grep -qx 2-3 /tmp/said
	jq -e '.exclusive.partition == "isolated"' /tmp/report
}

@test "containers of an exclusive run have its CPUs, and the run ends when they are taken from it" {
	needs_partitions
	services a 'cat /sys/fs/cgroup/cpuset.cpus.effective; sleep 600' b 'sleep 600'
	sh_as alice "exec oss-crs-run run --exclusive $JOB p h" >/tmp/run.out 2>&1 &
	local job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	until_true grep -qE '(^|[| ])2$' /tmp/run.out
	[ "$(states)" = root ]
	echo member >$CG/$OURS/cpuset.cpus.partition
	status=0
	wait $job || status=$?
	cat /tmp/run.out
	[ "$status" -eq 70 ]
	grep -q 'cpuset.cpus.partition: planned root, found root invalid (Parent is not a partition root)' /tmp/run.out
	nothing_left
}

@test "a run that waits leaves an exclusive one alone, and begins after it" {
	needs_partitions
	rm -f /tmp/go && mkfifo -m 666 /tmp/go
	sh_as alice "exec oss-crs-run exec --exclusive $JOB -- cat /tmp/go" &
	local first=$! second
	until_true bash -c "grep -qx root $CG/$OURS/*/cpuset.cpus.partition"
	sh_as alice "exec oss-crs-run exec --wait --exclusive $JOB -- true" >/tmp/wait.out 2>&1 &
	second=$!
	until_true grep -q 'waiting at position 1' /tmp/wait.out
	[ "$(states)" = $'member\nroot' ]
	run as alice oss-crs-run exec --share $JOB -- true
	echo "$output"
	[ "$status" -eq 75 ]
	[[ "$output" == *"has its CPUs for itself alone"* ]]
	[ "$(states)" = $'member\nroot' ]
	echo >/tmp/go
	wait $first
	wait $second
	[ -z "$(workers)" ]
}
