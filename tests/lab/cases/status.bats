#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What `status` shows while a real job runs, against the kernel's own files and Docker's list, and
# the report of the job afterwards. Run as root in a lab guest; jobs run as alice, and bob reads her
# status.

load common
load job

setup() {
	make_job
	rm -rf /home/alice/.local/state/oss-crs
}

REPORTS=/home/alice/.local/state/oss-crs/reports

# begin ARG...: start a job whose CRS `a` computes on two CPUs and whose CRS `b` holds 32 MiB. Sets
# $worker to its worker's cgroup.
begin() {
	services a 'while :; do :; done & echo A begins; while :; do :; done' \
		b 'dd if=/dev/zero of=/dev/shm/x bs=1M count=32 2>/dev/null; echo B has it; sleep 600'
	sh_as alice "exec oss-crs-run run $* $JOB p h" >/tmp/run.out 2>&1 &
	run_job=$!
	until_true grep -q 'B has it' /tmp/run.out
	until_true grep -q 'A begins' /tmp/run.out
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
}

key() { # FILE KEY
	sed -n "s/^$2 //p" "$1"
}

@test "status has the kernel's figures, for another user too, and the report has them when it is over" {
	begin --record --report /tmp/alice-report
	before=$(key $worker/a/cpu.stat usage_usec)
	sh_as bob 'oss-crs-run status --json' >/tmp/status
	after=$(key $worker/a/cpu.stat usage_usec)
	[ "$(jq -r '.runs | length' /tmp/status)" = 1 ]
	[ "$(jq -r '.runs[0] | [.name, .user, .state, .phase, .worker, .run_id, .owner_pid] | join(" ")' /tmp/status)" = \
		"${worker##*/} alice running run local job $(pgrep -x oss-crs-run)" ]
	jq -e --argjson from "$before" --argjson to "$after" '.runs[0].crs[0].cpu_usage_usec | . >= $from and . <= $to' /tmp/status
	for crs in a b; do
		jq -c --arg crs $crs '.runs[0].crs[] | select(.name == $crs)' /tmp/status >/tmp/crs
		[ "$(jq -r .cpus_effective /tmp/crs)" = "$(cat $worker/$crs/cpuset.cpus.effective)" ]
		[ "$(jq -r .memory_max /tmp/crs)" = "$(cat $worker/$crs/memory.max)" ]
		[ "$(jq -r .pids /tmp/crs)" = "$(cat $worker/$crs/pids.current)" ]
		[ "$(jq -r .oom_kills /tmp/crs)" = "$(key $worker/$crs/memory.events oom_kill)" ]
		[ "$(jq -r '.containers[]' /tmp/crs)" = \
			"$(docker ps -q --no-trunc --filter "label=com.docker.compose.service=$crs")" ]
		jq -e '.pressure | .cpu >= 0 and .memory >= 0 and .io >= 0' /tmp/crs
	done
	jq -e --argjson now "$(cat $worker/b/memory.current)" '.memory_current | . > 33554432 and . - $now < 4194304 and $now - . < 4194304' /tmp/crs
	# A table that is not written to a terminal: every row, no escape sequences.
	run as alice oss-crs-run status
	[[ "$output" == *"running  ${worker##*/}  of alice since "* ]]
	[[ "$output" != *$'\033'* ]]

	until_true bash -c '[ "$(sed -n "s/^usage_usec //p" "$1")" -gt "$2" ]' _ $worker/a/cpu.stat $((before + 4000000))
	last=$(key $worker/a/cpu.stat usage_usec)
	pkill -INT -x oss-crs-run
	wait $run_job || status=$?
	[ "$status" -eq 130 ]
	nothing_left
	report=$REPORTS/${worker##*/}.json
	cmp $report /tmp/alice-report
	[ "$(stat -c '%a %U' $report)" = '600 alice' ]
	[ "$(jq -r '[.name, .reason, .exit_status] | join(" ")' $report)" = "${worker##*/} signal 130" ]
	jq -e --argjson last "$last" '.crs[0].cpu_usage_usec >= $last and .crs[1].memory_peak > 33554432' $report
	# Samples: one a second at most, ascending, and none above the final figures.
	jq -e '(.sample_usec | length) as $n | $n >= 2 and $n <= .duration_usec / 1000000 + 3 and
		all(.crs[]; (.samples[] | length) == $n) and .crs[0].samples.cpu_usage_usec[-1] <= .crs[0].cpu_usage_usec' $report
	run as alice oss-crs-run report job
	[ "$status" -eq 0 ]
	[[ "$output" =~ a\ +0-1\ +[0-9.]+s\ +[0-9]+% ]]
	run as alice oss-crs-run report job job
	[[ "$output" == *comparable* ]]
}

# The value of a sample in /tmp/metrics, by words of its labels.
sample() { # METRIC LABEL...
	local line=$1 label
	shift
	line=$(grep "^$line{" /tmp/metrics)
	for label in "$@"; do
		line=$(grep -F "$label" <<<"$line")
	done
	echo "${line##* }"
}

@test "metrics are the kernel's figures, and a run that waits is in the queue" {
	begin
	sh_as alice "exec oss-crs-run exec --wait=60 $JOB -- true" >/tmp/waiting.out 2>&1 &
	waiting=$!
	until_true bash -c 'oss-crs-run status --openmetrics | grep -q "^oss_crs_queue_position{"'
	before=$(key $worker/a/cpu.stat usage_usec)
	sh_as bob 'oss-crs-run status --openmetrics' >/tmp/metrics
	after=$(key $worker/a/cpu.stat usage_usec)
	[ "$(tail -n 1 /tmp/metrics)" = '# EOF' ]
	this="run=\"${worker##*/}\""
	[ "$(sample oss_crs_run_state "$this" '"running"')" = 1 ]
	[ "$(sample oss_crs_run_cpus "$this")" = "$(tr , '\n' <$worker/cpuset.cpus | awk -F- '{ n += $NF - $1 + 1 } END { print n }')" ]
	[ "$(sample oss_crs_queue_position)" = 1 ]
	[ "$(sample oss_crs_queue_cpus)" = "$(sample oss_crs_run_cpus "$this")" ]
	[ "$(sample oss_crs_runs 'state="waiting"')" = 1 ]
	[ "$(sample oss_crs_cpus "$this" 'crs="a"')" = 2 ]
	[ "$(sample oss_crs_memory_limit_bytes "$this" 'crs="b"')" = "$(cat $worker/b/memory.max)" ]
	[ "$(sample oss_crs_oom_kills_total "$this" 'crs="b"')" = 0 ]
	[ "$(sample oss_crs_containers "$this" 'crs="a"')" = 1 ]
	awk -v from="$before" -v to="$after" -v used="$(sample oss_crs_cpu_seconds_total "$this" 'crs="a"')" \
		'BEGIN { exit !(used * 1e6 >= from && used * 1e6 <= to) }'
	install -d -o alice /tmp/collector
	sh_as alice 'umask 077 && oss-crs-run status --textfile /tmp/collector/oss-crs.prom'
	[ "$(stat -c '%a %U' /tmp/collector/oss-crs.prom)" = '644 alice' ]
	sh_as bob 'grep -q "^# TYPE oss_crs_oom_kills_total counter" /tmp/collector/oss-crs.prom'
	pkill -TERM -x oss-crs-run
	wait $run_job $waiting || :
	as alice oss-crs-run clean -q
	nothing_left
}

@test "a run whose owner was killed is dead, with its containers, until it is cleaned" {
	begin
	# Compose too; otherwise it stops its containers when it sees that its parent is gone.
	pkill -KILL -x 'oss-crs-run|docker|docker-compose'
	wait $run_job || :
	[ "$(sh_as bob 'oss-crs-run status --json' | jq -r '.runs[0] | [.state, (.crs | length), (.crs[0].containers | length)] | join(" ")')" = 'dead 2 1' ]
	as alice oss-crs-run clean -q
	[ "$(as alice oss-crs-run status)" = 'no active runs' ]
	[ ! -e $REPORTS ]
	nothing_left
}

@test "on a terminal a run says for how long it has been waiting, and elsewhere draws nothing" {
	sh_as alice "exec oss-crs-run exec $JOB -- sleep 600" &
	until_true bash -c '[ -n "$(find "$1" -mindepth 1 -maxdepth 1 -type d)" ]' _ $CG/$OURS
	alice_at_terminal "TERM=xterm oss-crs-run exec --wait=3 $JOB -- true" >/tmp/terminal || :
	grep -q 'waiting for CPUs and memory \.\.\. [12] s' /tmp/terminal
	run as alice oss-crs-run exec --wait=3 $JOB -- true
	[ "$status" -eq 75 ]
	[[ "$output" != *$'\r'* ]]
	[[ "$output" == *"waiting for CPUs and memory took "* ]]
	pkill -TERM -x oss-crs-run
	wait
	nothing_left
}

@test "a Compose file of somebody else's tool runs in the cgroups that exec makes" {
	if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
	run as alice oss-crs-run exec --docker --record /srv/ensemble-c -- "${compose[@]}" -f /srv/own-compose/docker-compose.yaml up
	[ "$status" -eq 0 ]
	[[ "$output" =~ libfuzzer.*Cpus_allowed_list:.*0-1 ]]
	[[ "$output" =~ aflplusplus.*Cpus_allowed_list:.*2 ]]
	as alice "${compose[@]}" -f /srv/own-compose/docker-compose.yaml down 2>/dev/null || docker rm -f $(docker ps -aq)
	run sh_as alice 'oss-crs-run report ensemble-c --json'
	[ "$(jq -r '[.phase, .exit_status, (.crs | length)] | join(" ")' <<<"$output")" = 'exec 0 2' ]
	nothing_left
}
