#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `oss-crs-setup sweep` and `oss-crs-run clean` together, on cgroups of root in runs that are over. Run as root in a lab guest. Docker is not needed.

load common

RUN_A=job-run-1700000000-0000000a-local
RUN_B=job-run-1700000000-0000000b-local

setup_file() {
	systemd-tmpfiles --create oss-crs.conf
	loginctl enable-linger alice
	systemctl start user@1000.service
	as alice sudo -n "$(command -v oss-crs-setup)" delegate --yes
}

teardown() {
	find "$CG/$OURS" -mindepth 1 -depth -type d -exec rmdir {} \; 2>/dev/null || :
}

# make_run NAME CGROUP...: make what a dead run of alice has left: its cgroup, that of its CRS `a`, and
# below that these CGROUPs of root.
make_run() {
	local run=$1 cgroup
	shift
	as alice mkdir -p "$CG/$OURS/$run/a"
	for cgroup in "$@"; do mkdir -p "$CG/$OURS/$run/a/$cgroup"; done
}

sweep() {
	run as alice sudo -n "$(command -v oss-crs-setup)" sweep --yes
	echo "$output"
}

clean() {
	run as alice oss-crs-run clean
	echo "$output"
}

@test "the user can remove a cgroup of root that is empty and has a parent of the user" {
	make_run $RUN_A one
	run as alice rmdir $CG/$OURS/$RUN_A/a/one
	[ "$status" -eq 0 ]
}

@test "sweep removes what is below a cgroup of root, and clean removes the rest" {
	make_run $RUN_A docker/inner/most
	run as alice rmdir $CG/$OURS/$RUN_A/a/docker/inner/most
	[ "$status" -ne 0 ]
	sweep
	[ "$status" -eq 0 ]
	[ ! -e $CG/$OURS/$RUN_A/a/docker/inner ]
	[ -d $CG/$OURS/$RUN_A/a ]
	clean
	[ "$status" -eq 0 ]
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ]
}

@test "sweep removes the cgroups of root of all dead runs" {
	make_run $RUN_A one two/below
	make_run $RUN_B three/below four
	sweep
	[ "$status" -eq 0 ]
	[ ! -e $CG/$OURS/$RUN_A/a/two/below ]
	[ ! -e $CG/$OURS/$RUN_B/a/three/below ]
	sweep
	[ "$status" -eq 0 ]
	clean
	[ "$status" -eq 0 ]
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ]
}
