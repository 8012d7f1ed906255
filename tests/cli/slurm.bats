#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The Prolog for Slurm without Slurm: which CPUs it gives to whom, and that it never fails. Recorders
# stand for Slurm's commands, lscpu, systemctl and logger; tests/lab/cases/experiment.bats has the
# real systemd.

bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir bin
	sed "s|^PATH=.*|PATH=$BATS_TEST_TMPDIR/bin:/usr/bin:/bin|" "$HERE/packaging/slurm/prolog" >prolog
	chmod +x prolog
	# Two sockets of two cores of two threads, as the kernel counts them on many hosts.
	recorder lscpu 'printf "# S,C,CPU\n"; for cpu in 0 1 2 3 4 5 6 7; do echo "$((cpu % 4 / 2)),$((cpu % 4)),$cpu"; done'
	recorder squeue '[[ $* != *%j ]] || { cat names; exit; }; echo "$*" >>asked; printf "%s\n" 7 8'
	echo "a job" >names
	recorder scontrol 'case "$*" in
	*hostnames*"node[1-2]") printf "%s\n" node1 node2 ;;
	*hostnames*) echo "${@: -1}" ;;
	*job\ 7) echo "JobId=7 JobName=$(head -n 1 names) UserId=u(1000) NumNodes=1 Nodes=node1 CPU_IDs=0-1 Mem=200 GRES= MinCPUsNode=1 Comment=x" ;;
	*job\ 8) echo "JobId=8 JobName=a job UserId=u(1000) NumNodes=3 Nodes=node[1-2] CPU_IDs=1-2,7 Mem=200 GRES= Nodes=node3 CPU_IDs=3-6 Mem=0 GRES= MinCPUsNode=1" ;;
	*) exit 1 ;;
	esac'
	recorder systemctl 'echo "$*" >>set'
	recorder logger 'echo "$*" >>logged'
}

recorder() { # NAME LINES
	printf '#!/bin/bash\ncd %q\n%s\n' "$BATS_TEST_TMPDIR" "$2" >"bin/$1"
	chmod +x "bin/$1"
}

prolog() { # [NAME=VALUE]...
	run env -i SLURMD_NODENAME=node1 SLURM_JOB_UID=1000 SLURM_JOB_ID=7 "$@" ./prolog
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "the user gets the CPUs of all of the user's jobs on this host, by the kernel's numbers" {
	prolog
	[ "$(cat set)" = "set-property --runtime user-1000.slice AllowedCPUs=0,4,1,7" ]
	[ "$(cat asked)" = "--noheader --nodelist=node1 --user=1000 --states=CONFIGURING,RUNNING,SUSPENDED --format=%A" ]
	prolog SLURMD_NODENAME=node3
	[ "$(tail -n 1 set)" = "set-property --runtime user-1000.slice AllowedCPUs=5,2,6,3" ]
	[ ! -e logged ]
}

@test "what cannot be found out changes nothing, is logged, and is no failure" {
	prolog SLURM_JOB_ID=9
	prolog SLURMD_NODENAME=node4
	recorder squeue 'exit 1'
	prolog
	recorder squeue '[[ $* != *%j ]] || echo n'
	recorder scontrol '[[ $* == *hostnames* ]] && echo node1 || echo "JobName=n UserId=u Nodes=node1 CPU_IDs=0-8"'
	prolog
	recorder scontrol '[[ $* == *hostnames* ]] && echo node1 || echo " JobName=n UserId=u Nodes=node1 CPU_IDs=0-8"'
	prolog
	recorder scontrol '[[ $* == *hostnames* ]] && echo node1 || echo " JobName=n UserId=u Nodes=node1 CPU_IDs=(null)"'
	prolog
	[ ! -e set ]
	[ "$(wc -l <logged)" -eq 6 ]
	grep -q "job 7 of user 1000: status 1: job 7 has not the name that squeue says" logged
	grep -q "job 7 of user 1000: status 1: no kernel's CPUs for Slurm's '0-8' on node1" logged
	for variables in SLURM_JOB_UID=0 SLURM_JOB_UID= 'SLURM_JOB_UID=1;reboot' SLURM_JOB_ID= SLURM_JOB_ID=a; do
		prolog "$variables"
	done
	[ "$(wc -l <logged)" -eq 6 ]
	[ ! -e set ]
}

@test "the name of a job and its comment give no CPUs" {
	for name in 'x Nodes=node1 CPU_IDs=0-7' 'x UserId=u(1000) Nodes=node1 CPU_IDs=2-7 MinCPUsNode=1' 'x CPU_IDs=z' '*' 'x Comment='; do
		printf '%s\n' "$name" >names
		recorder scontrol 'case "$*" in
		*hostnames*) echo node1 ;;
		*) for task in 1 2; do
			echo "JobId=7 JobName=$(cat names) UserId=u(1000) Nodes=node1 CPU_IDs=0-1 Mem=200 GRES= MinCPUsNode=1 Comment=Nodes=node1 CPU_IDs=4"
		done ;;
		esac'
		prolog
		[ "$(cat set)" = "set-property --runtime user-1000.slice AllowedCPUs=0,4" ]
		rm set
	done
	[ ! -e logged ]
}
