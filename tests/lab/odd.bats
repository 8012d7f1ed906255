#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Hosts that boot in an odd way: each test starts one, on User-Mode Linux, since its kernel boots each
# time and takes words on its command line. Not part of ./check: the kernel takes 20 minutes to build.
#
#	bats tests/lab/odd.bats

setup_file() {
	export OSS_CRS_LAB_EXAMPLE="" NAME=odd-$$
	here=$BATS_TEST_DIRNAME
	"$here/lab" deps
	"$here/lab" build "$here/../.." "$BATS_FILE_TMPDIR/out" -- -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF \
		-DCMAKE_INSTALL_PREFIX=/usr/local
}

teardown() {
	"$BATS_TEST_DIRNAME/lab" -n "$NAME" down
}

# boot WORD...: a host with these words on its kernel's command line, and the programs.
boot() {
	local lab=("$BATS_TEST_DIRNAME/lab" -k uml -n "$NAME")
	OSS_CRS_LAB_CMDLINE="$*" "${lab[@]}" up
	"${lab[@]}" put "$BATS_FILE_TMPDIR/out/." /
	"${lab[@]}" put "$BATS_TEST_DIRNAME/cases" /srv/
}

# on_host LINE: run a line of shell there, with the functions of the cases.
on_host() {
	"$BATS_TEST_DIRNAME/lab" -n "$NAME" ssh root -- bash -euc ". /srv/cases/common.bash
		$1"
}

# job CPUS: a job of one CRS there.
job() {
	on_host "mkdir -p /tmp/job; printf 'crs:\n  - {name: a, cpuset: \"$1\", memory_limit: 64M}\n' >/tmp/job/config-resource.yaml"
}

# no_cgroup: nothing was made for runs.
no_cgroup() {
	[ -z "$(on_host "find \$CG -name oss-crs")" ]
}

@test "PSI switched off: the pressures are unknown, and all else is measured" {
	local word file="/sys/fs/cgroup\$(cut -d: -f3 /proc/self/cgroup)/cgroup.pressure"
	for word in psi=0 cgroup_disable=pressure psi=1; do
		boot $word
		job 0
		on_host "ready_host; as alice oss-crs-run check"
		run on_host "as alice oss-crs-run exec -q --json --crs a /tmp/job -- \
			sh -c '[ $word != psi=1 ] || echo 0 >$file; oss-crs-run status >&2'"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ "$output" == *"-/-/-"* ]]
		jq -e '.crs[0] | .stalled_usec.cpu == null and .memory_peak > 0' <<<"{${output#*{}"
	done
}

@test "cgroup_disable=: the controller that the kernel lacks is named, and nothing is made" {
	local controller command
	for controller in memory cpuset; do
		boot cgroup_disable=$controller
		job 0
		for command in "oss-crs-setup delegate --user alice --yes" "as alice oss-crs-run exec /tmp/job -- true" \
			"as alice oss-crs-run check"; do
			run on_host "$command"
			echo "$output"
			[ "$status" -eq 69 ]
			[[ "$output" == *"the kernel has no $controller controller"*"cgroup_disable= in /proc/cmdline"* ]]
		done
		no_cgroup
	done
}

@test "isolcpus=: check names the CPUs, and a job that asks for a number gets others" {
	OSS_CRS_LAB_CPUS=3 boot isolcpus=1
	on_host "ready_host; mkdir /tmp/job
		echo 'crs: {a: {resources: {cpu: 2, memory: 64M}}}' >/tmp/job/config-resource.yaml"
	run on_host "as alice oss-crs-run check"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"CPUs 1 are isolated"* ]]
	run on_host "as alice oss-crs-run exec --crs a /tmp/job -- grep Cpus_allowed_list /proc/self/status"
	echo "$output"
	[[ "$output" == *$'Cpus_allowed_list:\t0,2'* ]]
}

@test "one CPU, or all others offline: a job gets it, and one that needs more is refused" {
	local cpus
	for cpus in 1 2; do
		OSS_CRS_LAB_CPUS=$cpus boot maxcpus=1
		job 0
		on_host "ready_host; as alice oss-crs-run exec --crs a /tmp/job -- true"
		job 0-1
		run on_host "as alice oss-crs-run exec /tmp/job -- true"
		echo "$output"
		[ "$status" -eq 78 ]
		[[ "$output" == *"this host does not have CPUs 1"*"its CPUs are 0;"* ]]
	done
}

@test "cgroup v1: both programs say so, and write nothing" {
	local command
	boot systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
	job 0
	for command in "oss-crs-setup --user alice --yes" "as alice oss-crs-run exec /tmp/job -- true" "as alice oss-crs-run check"; do
		run on_host "$command"
		echo "$output"
		[ "$status" -eq 69 ]
		[[ "$output" == *"/sys/fs/cgroup is cgroup v1 or hybrid, not cgroup v2"* ]]
	done
	run on_host "ls /etc/systemd/system/user@1000.service.d /etc/docker/daemon.json"
	echo "$output"
	[ "$status" -ne 0 ]
}

@test "a user name with dots and a uid above 65536: everything works" {
	boot
	job 0
	on_host "useradd -m -s /bin/bash -u 70001 -G docker d.ana
		oss-crs-setup --user d.ana --yes --restart=force
		loginctl enable-linger d.ana
		as d.ana oss-crs-run check
		as d.ana oss-crs-run exec --crs a /tmp/job -- cat /proc/self/cgroup" >"$BATS_TEST_TMPDIR/said"
	cat "$BATS_TEST_TMPDIR/said"
	grep -q 'user@70001.service/oss-crs/job-exec' "$BATS_TEST_TMPDIR/said"
}

@test "a read-only /etc: the file that cannot be written is named, and nothing changes" {
	boot
	run on_host "mount --bind -o ro /etc /etc; oss-crs-setup --user alice --yes"
	echo "$output"
	[ "$status" -eq 70 ]
	[[ "$output" == *"50-oss-crs.conf: Read-only file system"* ]]
	no_cgroup
}
