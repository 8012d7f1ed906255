#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Exclusive runs: where root has made alice's oss-crs cgroup a partition, --exclusive makes that of a
# run one too. `oss-crs-setup reserve` does that. Run as root in a lab guest; jobs
# run as alice, on CPUs 2 and 3.

load common

HAS_PARTITIONS=/tmp/has-partitions # this kernel has them

setup_file() {
	ready_host
	rm -f $HAS_PARTITIONS
	if [ -e $CG/user.slice/cpuset.cpus.exclusive ]; then
		touch $HAS_PARTITIONS
		setup_as_alice reserve --cpus 2-3 --yes
	fi
}

setup() {
	make_job
	sed -i 's/"0-1"/"2"/; /name: b/{n; s/"2"/"3"/}; s/"0-3"/"2-3"/' $JOB/config-resource.yaml
}

teardown() {
	after_failure
	[ ! -e $CG/$OURS/cpuset.cpus.exclusive ] || echo root >$CG/$OURS/cpuset.cpus.partition
}

# setup_as_alice ARG...: run oss-crs-setup as alice would.
setup_as_alice() {
	as alice sudo -n "$(command -v oss-crs-setup)" "$@"
}

# needs_partitions: remote partitions exist since Linux 6.7.
needs_partitions() {
	[ -e $HAS_PARTITIONS ] || skip "this kernel has no remote partitions"
}

# workers: the cgroups of alice's runs.
workers() {
	find $CG/$OURS -mindepth 1 -maxdepth 1 -type d
}

# states: what cpuset.cpus.partition of each run says, sorted.
states() {
	cat $CG/$OURS/*/cpuset.cpus.partition | sort
}

# bats test_tags=both
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

# hogs VERB: start or stop a load of a process a CPU.
hogs() {
	local i
	for i in {1..4}; do
		if [ "$1" = start ]; then
			systemd-run -q --unit=hog-$i -p CPUWeight=1000 sh -c 'while :; do :; done'
		else
			systemctl stop hog-$i.service
		fi
	done
}

# victim: write a program that works for a while and says for how long it has run, for how long it
# was ready to run while another had its CPU, both in nanoseconds, and how often it was preempted.
victim() {
	cat >/tmp/victim <<-'EOF'
		for ((i = 0; i < 10000; i++)); do :; done
		echo $(cut -d" " -f1,2 /proc/$$/schedstat) $(sed -n 's/^nonvoluntary_ctxt_switches:\t//p' /proc/$$/status)
	EOF
}

@test "a host full of busy processes takes no time from an exclusive run" {
	needs_partitions
	local ran waited preempted
	victim
	hogs start
	systemd-run -q --pipe --wait bash /tmp/victim >/tmp/beside &
	run as alice oss-crs-run exec --exclusive --crs a $JOB -- taskset -c 2 bash /tmp/victim
	wait
	hogs stop
	echo "exclusive: $output; beside it: $(cat /tmp/beside)"
	[ "$status" -eq 0 ]
	read -r ran waited preempted <<<"${lines[-1]}"
	((waited * 20 < ran))
	read -r ran waited preempted </tmp/beside
	((waited > ran))
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

# bats test_tags=both
@test "where CPUs cannot be reserved, reserve says why and changes nothing" {
	local all
	all=$(cat /sys/devices/system/cpu/online)
	if [ -e $CG/user.slice/cpuset.cpus.exclusive ]; then
		run setup_as_alice reserve --cpus "$all" --yes
		[ "$status" -eq 64 ]
		[[ "$output" == *"one left to the host"* ]]
	else
		run setup_as_alice reserve --all-but 2 --yes
		[ "$status" -eq 69 ]
		[[ "$output" == *"no remote cpuset partitions"*"Linux 6.7"* ]]
		[ ! -e /etc/systemd/system/user@1000.service.d/60-oss-crs-reserve.conf ]
	fi
}

@test "reserved CPUs stay reserved when the user manager restarts, and undo gives them back" {
	needs_partitions
	local cgroup
	systemctl restart user@1000.service
	until_true grep -qx root $CG/$OURS/cpuset.cpus.partition
	run as alice oss-crs-setup check
	echo "$output"
	[[ "$output" == *"CPUs 2-3 are reserved for the user's runs"* ]]
	run setup_as_alice reserve --all-but 2 --yes
	echo "$output"
	[[ "$output" == *"nothing to do"* ]]
	run setup_as_alice reserve --cpus 3 --yes
	echo "$output"
	[ "$(cat $CG/$OURS/cpuset.cpus.exclusive.effective)" = 3 ]
	[ "$(cat $CG/user.slice/cpuset.cpus.effective)" = 0-2 ]
	# Another user gets others, whether or not the first is logged in.
	oss-crs-setup delegate --user bob --yes
	run oss-crs-setup reserve --user bob --cpus 2-3 --yes
	echo "$output"
	[ "$status" -eq 75 ]
	[[ "$output" == *"CPUs 3 are reserved for user 1000"* ]]
	setup_as_alice undo --yes --restart=force
	[ ! -e /etc/systemd/system/user@1000.service.d/60-oss-crs-reserve.conf ]
	[ "$(systemctl is-active oss-crs-reserve@1000.service)" = inactive ]
	[ -z "$(cat $CG/user.slice/cpuset.cpus.exclusive)" ]
	[ "$(cat $CG/user.slice/cpuset.cpus.effective)" = 0-3 ]
	# What delegation has enabled is gone too, and with it the files.
	[ -z "$(cat $CG/user.slice/user-1000.slice/cpuset.cpus.exclusive 2>/dev/null)" ]
}

@test "an exclusive run of rootless Podman has its CPUs alone too" {
	needs_partitions
	OURS=user.slice/user-1001.slice/user@1001.service/oss-crs
	JOB_USER=bob
	oss-crs-setup delegate --user bob --yes
	oss-crs-setup reserve --user bob --all-but 2 --yes
	chmod a+rx $JOB
	services a 'cat /sys/fs/cgroup/cpuset.cpus.effective; sleep 600' b 'cat /sys/fs/cgroup/cpuset.cpus.effective; sleep 600'
	sh_as bob "exec oss-crs-run run --engine podman --exclusive --timeout 240 --report /tmp/bob-report $JOB p h" >/tmp/run.out 2>&1 &
	until_true grep -qE '^a.* 2$' /tmp/run.out
	until_true grep -qE '^b.* 3$' /tmp/run.out
	kill -INT "$(pgrep -u bob -x oss-crs-run | head -n 1)"
	wait $! || status=$?
	cat /tmp/run.out
	[ "$status" -eq 130 ]
	jq -e '.exclusive.partition == "root" and .attested.unknown == 0' /tmp/bob-report
	[ -z "$(workers)" ]
}

@test "reservations of two users that start together both hold" {
	needs_partitions
	local i
	oss-crs-setup delegate --user bob --yes
	oss-crs-setup reserve --user bob --cpus 2 --yes
	setup_as_alice delegate --yes
	setup_as_alice reserve --cpus 3 --yes
	for ((i = 0; i < 5; i++)); do
		systemctl reset-failed 'oss-crs-reserve@*.service' # what counts starts
		systemctl restart oss-crs-reserve@1000.service oss-crs-reserve@1001.service
		[ "$(cat $CG/user.slice/cpuset.cpus.exclusive)" = 2-3 ]
		grep -qx root $CG/$OURS/cpuset.cpus.partition
		grep -qx root ${CG}/user.slice/user-1001.slice/user@1001.service/oss-crs/cpuset.cpus.partition
	done
	setup_as_alice undo --yes --restart=force
}
