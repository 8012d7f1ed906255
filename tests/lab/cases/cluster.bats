#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# cluster: experiments on a Slurm of two hosts. Run as root on s1 of `lab cluster up`, when both hosts
# have the product and /srv/cases. The tests tagged `long` take an hour under emulation.

load common

X=/shared/x
SLICE=$CG/user.slice/user-1000.slice/cpuset.cpus.effective

# on HOST LINE: run a line of shell on a host of the cluster, with what common.bash has. What fails
# in it ends it, as in a test: else only its last command would count.
on() {
	ssh "$1" "set -e; . /srv/cases/common.bash; $2" </dev/null
}

on_both() { # LINE
	on s1 "$1" && on s2 "$1"
}

containers() { # HOST NUMBER
	[ "$(on "$1" 'docker ps -aq | wc -l')" -eq "$2" ]
}

drained() {
	sinfo -h -N -t drain,fail,down -o '%N %E'
}

# The tasks of arrays that run on a host, as JOB_INDEX: of an array, one task has the number of the
# whole as its own, too.
tasks_on() { # HOST
	squeue -h -r -t R -w "$1" -o %F_%K
}

task_ended() { # TASK
	! squeue -h -r -o %F_%K | grep -qx "$1"
}

all_idle() {
	[ -z "$(squeue -h)" ] && timeout 60 /srv/cluster/wait-idle
}

# For until_true.
export X
export -f on on_both containers drained task_ended all_idle

setup_file() {
	on_both ready_host
	local scripts=/usr/local/share/oss-crs-run/slurm
	on_both "grep -q ^Epilog /etc/slurm/slurm.conf || printf '%s\n' Epilog=$scripts/epilog Prolog=$scripts/prolog >>/etc/slurm/slurm.conf"
	scontrol reconfigure
	until_true all_idle
}

teardown() {
	[[ -z ${BATS_TEST_COMPLETED:-} ]] || return 0
	squeue -l
	sinfo -N -l
	tail -n 20 $X/lab/log/* $X/lab/failed/* || :
	scancel -u alice
	until_true all_idle
	on_both 'as alice oss-crs-run clean -q --all' || :
}

# make_experiment COMMAND LINE...: an experiment whose runs are a container of two CPUs each, which
# runs COMMAND.
make_experiment() {
	rm -rf $X && install -d -o alice $X
	make_job
	sed -i '/name: b/,/96M/d; s/"0-3"/"0-1"/; s/"256M"/"128M"/' $JOB/config-resource.yaml
	services a "$1"
	cp -r $JOB $X/one
	cp -r $JOB $X/two
	{
		printf '%s\n' 'name: lab' 'timeout: 15m' 'configs:' '  one: ./one'
		printf '%s\n' "${@:2}"
	} >$X/x.yaml
	chown -R alice $X
}

experiment() { # VERB [OPTION]...
	as alice oss-crs-run experiment "$@" $X/x.yaml
}

counted() { # STATE NUMBER
	[ "$(experiment status --json | jq ".counts.$1")" -eq "$2" ]
}

# A container that runs until its file /go is made.
# shellcheck disable=SC2016 # the guest's shell expands it
GATE='while [ ! -e /go ]; do sleep 0.5; done; exit 3'

open_gates() {
	# shellcheck disable=SC2016
	on_both 'for id in $(docker ps -q); do docker exec $id touch /go; done'
}

# bats test_tags=short
@test "four runs are done on both hosts at the same time, and none is submitted or done twice" {
	make_experiment "$GATE" 'targets: [{project: p, harnesses: [h]}]' 'trials: 4' 'place: {engine: slurm}'
	run experiment submit
	[[ "$output" == *"submitted 4 of 4 runs"*" to slurm"* ]]
	run experiment submit
	[[ "$output" == *"submitted 0 of 4 runs (0 done"* ]]
	until_true containers s1 2
	until_true containers s2 2
	counted running 4
	open_gates
	until_true bash -c "[ \$(ls $X/lab/results | wc -l) -eq 4 ] && all_idle"
	counted done 4
	on_both nothing_left
	[ "$(jq -r '.reason, .exit_status' $X/lab/results/*.json | sort -u | xargs)" = "3 exited" ]
	# Each run had the two CPUs of its job, and no other run of its host had them.
	[ "$(jq -r '.machine.host + " " + .crs[0].cpus' $X/lab/results/*.json | sort -u | wc -l)" -eq 4 ]
	[ "$(jq -r '.allocation.cpus == .crs[0].cpus' $X/lab/results/*.json | sort -u)" = true ]
	[ "$(experiment gather --csv | tail -n +2 | cut -d, -f10 | sort | uniq -c | xargs)" = "2 s1 2 s2" ]
	run experiment submit
	[[ "$output" == *"submitted 0 of 4 runs (4 done"* ]]
	[ -z "$(drained)" ]
}

# bats test_tags=short
@test "the Prolog confines the user, the Epilog removes what a killed run left, and scancel leaves nothing" {
	make_experiment 'sleep 3600' 'targets: [{project: p, harnesses: [h]}]' 'trials: 3' 'place: {engine: slurm}'
	experiment submit
	until_true containers s1 2
	until_true containers s2 1
	# On the host with one job, the user has the CPUs of the job.
	local pid task
	pid=$(on s2 'pgrep -o -f "^oss-crs-run experiment task"')
	[ "$(on s2 "cat $SLICE")" = "$(on s2 "sed -n 's/^Cpus_allowed_list:\t//p' /proc/$pid/status")" ]
	[ "$(on s2 'as alice nproc')" -eq 2 ]
	task=$(tasks_on s2)
	on s2 "kill -KILL $pid"
	until_true task_ended "$task"
	until_true all_of_s2_gone
	task=$(tasks_on s1 | head -n 1)
	scancel "$task"
	until_true task_ended "$task"
	containers s1 1
	[ "$(on s1 "ls -d $CG/$OURS/*/ | wc -l")" -eq 1 ]
	experiment cancel
	until_true all_idle
	on_both nothing_left
	[ -z "$(drained)" ]
	counted failed 2
	counted missing 1
	[ "$(cat $X/lab/failed/* | sort -u)" = $'143\ts1\tended by signal 15' ]
}

all_of_s2_gone() {
	on s2 nothing_left
}
export -f all_of_s2_gone

# ---- the long form ----

# A container that works on its first CPU for half a minute or more.
# shellcheck disable=SC2016 # Compose makes $ of $$
WORK='i=0; while [ $$i -lt 1000000 ]; do i=$$((i+1)); done'

results() {
	find $X/lab/results -name '*.json' | wc -l
}

# until_results NUMBER: for half an hour at most.
until_results() {
	timeout 1800 bash -c "until [ \$(results) -ge $1 ]; do read -rt 1 <> <(:) || :; done"
}
export -f results

# What Slurm noted of each job that ended well beside our report, for who reads the log.
show_accounts() {
	local id index
	printf '# %-12s %-4s %9s %9s %9s %9s\n' run host slurm_s run_s cpu_s peak_mb >&3
	while IFS=$'\t' read -r index id _; do
		printf '# %-12s %-4s %9s %9s %9s %9s\n' "$id" $(jq -r .machine.host "$X/lab/results/$id.json") \
			"$(sed -n "s/.*JobState=COMPLETED.* StartTime=\([^ ]*\) EndTime=\([^ ]*\) .*ArrayTaskId=$index .*/\1 \2/p" /var/log/slurm/jobcomp |
				tail -n 1 | while read -r from to; do echo $(($(date -d "$to" +%s) - $(date -d "$from" +%s))); done)" \
			$(jq -r '(.duration_usec, .crs[0].cpu_usage_usec, .crs[0].memory_peak) / 1000000 | floor' "$X/lab/results/$id.json") >&3
	done < <(tail -n +2 $X/lab/runs.tsv)
}

# bats test_tags=long
@test "a matrix is done although a host is cut and the controller starts anew in between" {
	make_experiment "$WORK" '  two: ./two' 'targets: [{project: p, harnesses: [h1, h2]}]' 'trials: 3' 'place: {engine: slurm, limit: 4}'
	run experiment submit
	[[ "$output" == *"submitted 12 of 12 runs"* ]]
	until_results 2
	[ "$(squeue -h -t R | wc -l)" -le 4 ]
	systemctl restart slurmctld
	until_true bash -c '[ -n "$(on s2 "docker ps -q")" ]'
	# As a power cut: nothing is written, nobody is told.
	timeout 20 ssh s2 'echo b >/proc/sysrq-trigger' </dev/null || :
	until_true on s2 'systemctl is-system-running --wait >/dev/null'
	on s2 'date -s @'"$(date +%s)"
	experiment status
	run experiment submit
	echo "# after the cut: $output" >&3
	until_results 12
	until_true all_idle
	counted done 12
	on_both nothing_left
	[ "$(experiment gather --csv | tail -n +2 | wc -l)" -eq 12 ]
	[ "$(experiment gather --csv | tail -n +2 | cut -d, -f7,10 | sort -u | xargs)" = "done,s1 done,s2" ]
	[ -z "$(drained)" ]
	show_accounts
}

# The container of the run with this index.
run_is_up() { # HOST INDEX
	[ -n "$(on "$1" "docker ps -q --filter name=one-p-h-$(($2 + 1))-run-")" ]
}
export -f run_is_up

# bats test_tags=long
@test "scancel of twenty runs leaves twenty times no container, no cgroup and no drained host" {
	make_experiment 'sleep 3600' 'targets: [{project: p, harnesses: [h]}]' 'trials: 20' 'place: {engine: slurm}'
	experiment submit
	local task host index
	for ((index = 0; index < 20; index++)); do
		until_true bash -c "squeue -h -r -t R -o %K | grep -qx $index"
		read -r task host < <(squeue -h -r -t R -o '%F_%K %N' | grep "_$index ")
		until_true run_is_up "$host" "$index"
		local begin=$SECONDS
		scancel "$task"
		until_true task_ended "$task"
		echo "# $task on $host ended in $((SECONDS - begin)) s" >&3
		[ -z "$(on "$host" "docker ps -aq --filter name=one-p-h-$((index + 1))-run-")" ]
		[ -z "$(on "$host" "ls -d $CG/$OURS/one-p-h-$((index + 1))-run-*")" ]
		[ -z "$(drained)" ]
	done
	until_true all_idle
	on_both nothing_left
	counted failed 20
}

# The rows of the experiment, without hosts, times and what depends on these.
told() {
	experiment gather --json |
		jq -S '.rows | map(del(.host, .machine, .figures.cpu_percent, .figures.memory_peak_mib) | .caveats -= ["foreign-load"])'
}

none_runs() {
	[ -z "$(ls $X/lab/running)" ]
}
export -f none_runs

# bats test_tags=long
@test "the same experiment on this host and over ssh on two hosts differs in nothing but hosts and times" {
	make_experiment 'sleep 1; exit 3' '  two: ./two' 'targets: [{project: p, harnesses: [h]}]' 'trials: 3' \
		'metrics: ./measure' 'place: {engine: local, limit: 2}'
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\necho "a answer=$(jq .crs[0].memory_max "$1")"\n' >$X/measure
	chmod +x $X/measure
	experiment submit
	until_results 6
	until_true none_runs
	counted done 6
	told >$X/local
	[ "$(jq -r '.machine.host' $X/lab/results/*.json | sort -u)" = s1 ]
	jq -e 'all(.figures.answer == 134217728)' $X/local
	mv $X/lab $X/lab-local
	sed -i 's/engine: local/engine: ssh, hosts: [s1, s2]/' $X/x.yaml
	experiment submit
	until_results 6
	until_true none_runs
	counted done 6
	told >$X/ssh
	diff $X/local $X/ssh
	[ "$(jq -r '.machine.host' $X/lab/results/*.json | sort | uniq -c | xargs)" = "3 s1 3 s2" ]
	experiment gather >&3
	on_both nothing_left
}
