#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# oss-crs-run below a scheduler, and experiments. Run as root in a lab guest after setup.bats, or in
# a clean one. A transient service of the system manager stands for the job of a scheduler: its
# cgroup is root's, and what is in it is all that the scheduler can end.

load common

nothing_left_of_exec() {
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ] && ! pgrep -x sleep
}

# For until_true.
export CG OURS
export -f nothing_left_of_exec

setup_file() {
	ready_host
}

setup() {
	make_job
}

teardown_file() {
	one_name
}

teardown() {
	systemctl stop step.service 2>/dev/null || :
	systemctl reset-failed step.service 2>/dev/null || :
	# An empty list would leave the CPUs as they are: systemd writes only what it sets.
	systemctl set-property --runtime user-1000.slice AllowedCPUs=0-3
	rm -f /usr/local/bin/{squeue,scontrol,sbatch}
	after_failure
}

# as_step [-p PROPERTY]... CMD...: start CMD as alice in the cgroup of step.service, as slurmstepd
# does, and return. KillMode=process: stopping the step ends only the process that the scheduler sees.
as_step() {
	systemd-run -q --unit step --service-type=exec -p User=alice -p KillMode=process \
		-p StandardOutput=file:/tmp/step.out -p StandardError=file:/tmp/step.err "$@"
}

@test "exec stays in the cgroup of its caller, and only the command is in the CRS" {
	as_step oss-crs-run exec $JOB --crs a -- sleep 600
	until_true bash -c "grep -q . $CG/$OURS/job-exec-*/a/cgroup.procs"
	local pid
	pid=$(systemctl show -P MainPID step.service)
	[ "$(cat "/proc/$pid/comm")" = oss-crs-run ]
	[ "$(cut -d: -f3 "/proc/$pid/cgroup")" = /system.slice/step.service ]
	[ "$(ps -o comm= --ppid "$pid" | sort | xargs)" = "oss-crs-keeper sleep" ]
	# SIGTERM to the process that the scheduler sees ends all of it.
	systemctl stop step.service
	until_true nothing_left_of_exec
	run pgrep -x oss-crs-keeper
	[ "$status" -eq 1 ]
}

@test "a kill -9 of exec ends the command, what it started, and the cgroups" {
	as_step oss-crs-run exec $JOB --crs a -- bash -c 'sleep 600 & sleep 600'
	until_true bash -c "[ \$(cat $CG/$OURS/job-exec-*/a/cgroup.procs | wc -l) -eq 3 ]"
	systemctl kill --kill-whom=main -s KILL step.service
	until_true nothing_left_of_exec
	nothing_left
}

@test "the status of the command is passed on from outside the user manager" {
	run systemd-run -q --wait --pipe -p User=alice oss-crs-run exec $JOB --crs b -- sh -c 'nproc; exit 5'
	[ "$status" -eq 5 ]
	[ "${lines[0]}" = 1 ]
	nothing_left
}

@test "--stop-grace kills a command that ignores SIGTERM" {
	as_step oss-crs-run exec --stop-grace 2s $JOB --crs a -- bash -c 'trap "" TERM; while :; do sleep 1; done'
	until_true bash -c "grep -q . $CG/$OURS/job-exec-*/a/cgroup.procs"
	systemctl kill --kill-whom=main -s TERM step.service
	until_true bash -c "! systemctl is-active step.service"
	nothing_left
}

@test "--allocation: a step that owns CPU 3 and little memory gets that and no more" {
	run systemd-run -q --wait --pipe -p User=alice -p AllowedCPUs=3 -p MemoryMax=200M \
		oss-crs-run plan --json --allocation $JOB
	[ "$status" -eq 78 ]
	sed -i '/name: a/,/128M/d; s/"0-3"/"2"/' $JOB/config-resource.yaml
	run systemd-run -q --wait --pipe -p User=alice -p AllowedCPUs=3 -p MemoryMax=300M \
		oss-crs-run exec -q --json --allocation --crs b $JOB -- sh -c 'nproc >&2; grep Cpus_allowed_list /proc/self/status >&2'
	[ "$status" -eq 0 ]
	[[ "$output" == *$'Cpus_allowed_list:\t3'* ]]
	report=$(sed -n '/^{/,$p' <<<"$output")
	[ "$(jq -r '.allocation.cpus, .allocation.memory_max, .crs[0].cpus' <<<"$report")" = "$(printf '%s\n' 3 314572800 3)" ]
	run systemd-run -q --wait --pipe -p User=alice -p AllowedCPUs=2-3 oss-crs-run exec --allocation --cpus 0-0 $JOB -- true
	[ "$status" -eq 78 ]
	[[ "$output" == *"the allocation has no CPUs 0"* ]]
	nothing_left
}

@test "exec notices that its CPUs were taken away while the command ran" {
	as_step oss-crs-run exec $JOB --crs b -- sleep 600
	until_true bash -c "grep -q . $CG/$OURS/job-exec-*/b/cgroup.procs"
	systemctl set-property --runtime user-1000.slice AllowedCPUs=0-1
	pkill -x sleep
	until_true bash -c "! systemctl is-active step.service"
	[ "$(systemctl show -P ExecMainStatus step.service)" = 70 ]
	grep -q 'cpuset.cpus.effective: planned 0-3, found 0-1' /tmp/step.err
	nothing_left
}

@test "the Epilog for Slurm removes what a dead run of the job's user left, and never fails" {
	local epilog=/usr/local/share/oss-crs-run/slurm/epilog
	as alice mkdir -p $CG/$OURS/job-exec-1700000000-0000000a-local/a
	run env -i $epilog
	[ "$status" -eq 0 ]
	[ -d $CG/$OURS/job-exec-1700000000-0000000a-local ]
	run env -i SLURM_JOB_USER=nobody-here SLURM_JOB_ID=7 $epilog
	[ "$status" -eq 0 ]
	journalctl -q -t oss-crs-epilog | grep -q 'job 7 of nobody-here'
	run env -i SLURM_JOB_USER=alice SLURM_JOB_ID=8 $epilog
	[ "$status" -eq 0 ]
	nothing_left
}

# The numbers of CPUs are Slurm's; of this guest they are the kernel's. What Slurm's commands print is
# recorded, and systemd is real.
@test "the Prolog for Slurm lets the job's user have the CPUs of the job and no others, and never fails" {
	local prolog=/usr/local/share/oss-crs-run/slurm/prolog
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\ncase "$*" in *%%j) echo a job ;; *) echo 7 ;; esac\n' >/usr/local/bin/squeue
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\n[ "$2" = hostnames ] && echo lab || echo "JobId=7 JobName=a job UserId=alice(1000) Nodes=lab CPU_IDs=1-2 Mem=200 MinCPUsNode=1"\n' >/usr/local/bin/scontrol
	chmod +x /usr/local/bin/squeue /usr/local/bin/scontrol
	run env -i SLURMD_NODENAME=lab SLURM_JOB_UID=1000 SLURM_JOB_ID=7 $prolog
	rm /usr/local/bin/squeue /usr/local/bin/scontrol
	[ "$status" -eq 0 ]
	[ "$(cat $CG/user.slice/user-1000.slice/cpuset.cpus.effective)" = 1-2 ]
	[ "$(as alice nproc)" -eq 2 ]
	run env -i SLURMD_NODENAME=lab SLURM_JOB_UID=1000 SLURM_JOB_ID=7 $prolog
	[ "$status" -eq 0 ]
	[ "$(cat $CG/user.slice/user-1000.slice/cpuset.cpus.effective)" = 1-2 ]
	journalctl -q -t oss-crs-prolog | grep -q 'job 7 of user 1000'
}

# ---- experiments on the engine local ----

X=/tmp/experiment

# make_experiment COMMAND [LINE]...: an experiment of one config, one harness and four trials, whose
# run is a container that runs COMMAND.
make_experiment() {
	rm -rf $X && install -d -o alice $X
	sed -i '/name: a/,/128M/d; s/"0-3"/"2"/' $JOB/config-resource.yaml
	services b "$1"
	cp -r $JOB $X/one
	{
		printf '%s\n' 'name: lab' 'configs: {one: ./one}' 'targets: [{project: p, harnesses: [h]}]' 'trials: 4' 'timeout: 10m'
		shift
		(($# == 0)) || printf '%s\n' "$@"
	} >$X/x.yaml
	chown -R alice $X
}

experiment() { # VERB [OPTION]...
	as alice oss-crs-run experiment "$@" $X/x.yaml
}

counted() { # STATE NUMBER
	[ "$(experiment status --json | jq ".counts.$1")" -eq "$2" ]
}

@test "local: the runs of an experiment outlive the session that submitted them, and none is done twice" {
	# shellcheck disable=SC2016 # sh expands it
	make_experiment 'exit 3' 'metrics: ./count' 'prepare: echo once >>prepared' 'place: {limit: 2}'
	# shellcheck disable=SC2016
	printf '#!/bin/sh\ntest -s "$1" && echo "$2 answer=42"\n' >$X/count
	chmod +x $X/count
	experiment submit
	# Not `status`: a login each time would be most of what an emulated host does.
	until_true bash -c "[ \$(ls $X/lab/results | wc -l) -eq 4 ] && [ -z \"\$(ls $X/lab/running)\" ]"
	counted done 4
	nothing_left
	[ "$(cat $X/prepared)" = once ]
	[ "$(jq -r '.reason, .exit_status' $X/lab/results/one-p-h-4.json | xargs)" = "exited 3" ]
	[ "$(cat $X/lab/metrics/*.txt | sort -u)" = "b answer=42" ]
	run experiment submit
	[[ "$output" == *"submitted 0 of 4 runs (4 done"* ]]
	# A deleted result is done again.
	rm $X/lab/results/one-p-h-2.json
	run experiment submit
	[[ "$output" == *"submitted 1 of 4 runs (3 done"* ]]
	until_true test -e $X/lab/results/one-p-h-2.json
}

# Slurm's commands are recorders here; that Slurm requeues is its own.
@test "slurm: a run whose CPUs others use asks to be requeued, three times at most" {
	make_experiment true 'place: {engine: slurm}'
	# shellcheck disable=SC2016 # sh expands it
	printf '#!/bin/sh\necho "$*" >>%s/requeued\n' $X >/usr/local/bin/scontrol
	printf '#!/bin/sh\ncat >/dev/null\necho 7\n' >/usr/local/bin/sbatch
	chmod +x /usr/local/bin/scontrol /usr/local/bin/sbatch
	experiment submit
	as_step oss-crs-run exec $JOB --crs b -- sleep 600
	until_true bash -c "grep -q . $CG/$OURS/job-exec-*/b/cgroup.procs"
	local count
	for count in '' 1 2 3; do
		run systemd-run -q --wait --pipe -p User=alice -p AllowedCPUs=2 -E SLURM_JOB_ID=7 \
			${count:+-E SLURM_RESTART_COUNT=$count} oss-crs-run experiment task $X/lab 0
		echo "$output"
		[ "$status" -eq 75 ]
	done
	[ "$(cat $X/requeued)" = "$(printf 'requeue 7\nrequeue 7\nrequeue 7')" ]
	systemctl stop step.service
	until_true nothing_left_of_exec
}

@test "local: a run whose container cannot be started is no result, and is done again" {
	make_experiment 'exit 3' 'place: {limit: 4}'
	sed -i 's/busybox:latest/nowhere:latest/' $X/one/docker-compose.yaml
	experiment submit
	until_true bash -c "[ \$(ls $X/lab/failed | wc -l) -eq 4 ] && [ -z \"\$(ls $X/lab/running)\" ]"
	counted done 0
	counted failed 4
	grep -q 'Compose did not start any container' $X/lab/failed/one-p-h-1
	# The host gets what it lacked.
	docker tag busybox:latest nowhere:latest
	experiment submit
	until_true bash -c "[ -z \"\$(ls $X/lab/failed)\" ] && [ -z \"\$(ls $X/lab/running)\" ]"
	docker rmi nowhere:latest
	counted done 4
	nothing_left
}

@test "local: cancel ends what runs and what waits, and submit goes on" {
	make_experiment 'sleep 600' 'place: {limit: 1}'
	experiment submit
	until_true bash -c '[ -n "$(docker ps -q)" ]'
	counted running 1
	counted queued 3
	experiment cancel
	nothing_left
	counted queued 0
	[[ "$(experiment status)" == *"one-p-h-1 failed on "*"with status 143: ended by signal 15"* ]]
	run experiment submit
	[[ "$output" == *"submitted 4 of 4 runs"* ]]
	until_true bash -c '[ -n "$(docker ps -q)" ]'
	# A lane that is killed takes its run with it; what it left is removed, and done again.
	pkill -KILL -f 'experiment task /tmp/experiment/lab$'
	counted running 0
	as alice oss-crs-run clean -q
	nothing_left
	run experiment submit
	[[ "$output" == *"submitted 4 of 4 runs"* ]]
	experiment cancel
	nothing_left
}

# ---- on the engine ssh, with one host under two names ----

KEY=/home/alice/.ssh/id_experiment

# two_names PORT: alice reaches this host as `a`, and as `b` at this port.
two_names() {
	as alice bash -s <<-EOF
		[ -e $KEY ] || ssh-keygen -q -t ed25519 -N '' -C experiment -f $KEY
		grep -q ' experiment$' ~/.ssh/authorized_keys || cat $KEY.pub >>~/.ssh/authorized_keys
		printf '%s\n' 'Host a b' 'HostName 127.0.0.1' 'IdentityFile $KEY' 'IdentitiesOnly yes' \
			'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' 'LogLevel ERROR' 'Host b' 'Port $1' >~/.ssh/config
		chmod 600 ~/.ssh/config ~/.ssh/authorized_keys
	EOF
}

one_name() {
	as alice bash -c "rm -f ~/.ssh/config $KEY $KEY.pub; sed -i '/ experiment\$/d' ~/.ssh/authorized_keys"
}

@test "ssh: two hosts do the runs of an experiment after the connection has ended, and none twice" {
	two_names 22
	# shellcheck disable=SC2016 # sh expands it
	make_experiment 'exit 3' 'metrics: ./count' 'place: {engine: ssh, hosts: [a, b], limit: 2}'
	# shellcheck disable=SC2016
	printf '#!/bin/sh\ntest -s "$1" && echo "$2 answer=42"\n' >$X/count
	chmod +x $X/count
	run experiment submit
	[[ "$output" == *"submitted 4 of 4 runs"*" to ssh"* ]]
	until_true bash -c "[ \$(ls $X/lab/results | wc -l) -eq 4 ] && [ -z \"\$(ls $X/lab/running)\" ]"
	counted done 4
	nothing_left
	[ "$(cat $X/lab/ssh.tsv)" = $'a\t0,2\nb\t1,3' ]
	# Records 1 and 2 were taken on each.
	[ "$(head -n 1 $X/lab/hosts/a/queue) $(head -n 1 $X/lab/hosts/b/queue)" = "0000000003 0000000003" ]
	[ "$(jq -r .exit_status $X/lab/results/*.json | sort -u)" = 3 ]
	[ "$(cat $X/lab/metrics/*.txt | sort -u)" = "b answer=42" ]
	run experiment submit
	[[ "$output" == *"submitted 0 of 4 runs (4 done"* ]]
}

@test "ssh: a host that cannot be reached keeps its runs, and cancel ends those of both" {
	two_names 22
	make_experiment 'sleep 600' 'place: {engine: ssh, hosts: [a, b], limit: 2}'
	experiment submit
	until_true bash -c '[ -n "$(docker ps -q)" ] && [ "$(ls /tmp/experiment/lab/running | wc -l)" -eq 2 ]'
	counted running 2
	counted queued 2
	two_names 1
	run experiment status
	[[ "$output" == *"host 'b' cannot be reached"* ]]
	[[ "$output" =~ queued\ +1 ]]
	[[ "$output" =~ missing\ +0 ]]
	[[ "$output" =~ unknown\ +1 ]]
	run experiment submit
	[ "$status" -eq 69 ]
	[[ "$output" == *"submitted 0 of 4 runs"*"1 runs are unknown, and were not submitted"* ]]
	run experiment cancel
	[ "$status" -eq 69 ]
	two_names 22
	experiment cancel
	nothing_left
	counted queued 0
	counted running 0
}
