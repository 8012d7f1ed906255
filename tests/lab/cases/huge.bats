#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Huge pages: memory.max does not count them. Where an administrator has enabled the controller
# hugetlb down to the user's manager, a CRS gets none. Run as root in a lab guest. Docker is not
# needed.

load common

POOL=/mnt/huge

setup_file() {
	systemd-tmpfiles --create oss-crs.conf
	loginctl enable-linger alice
	systemctl start user@1000.service
	as alice sudo -n "$(command -v oss-crs-setup)" delegate --yes
	sysctl -q vm.nr_hugepages=8
	mkdir -p $POOL
	mount -t hugetlbfs -o mode=1777 none $POOL
}

setup() {
	make_job
	rm -f $POOL/*
}

teardown_file() {
	umount $POOL
	sysctl -q vm.nr_hugepages=0
}

# Each page is 2 MiB.
take_pages() {
	run as alice oss-crs-run exec -v $JOB --crs a -- fallocate -l 4M $POOL/file
	echo "$output"
}

@test "without the controller a CRS takes huge pages, and the report says so" {
	[ "$(cat /proc/sys/vm/nr_hugepages)" = 8 ]
	take_pages
	[ "$status" -eq 0 ]
	[[ "$output" == *"huge-pages: the host reserves 16M for huge pages, which no memory limit covers"* ]]
}

@test "with the controller a CRS gets no huge page, and the report has no caveat" {
	local cgroup manager=$CG/${OURS%/oss-crs}
	for cgroup in . user.slice user.slice/user-1000.slice; do
		echo +hugetlb >$CG/$cgroup/cgroup.subtree_control
	done
	as alice sh -c "echo +hugetlb >$manager/cgroup.subtree_control"
	take_pages
	[ "$status" -eq 1 ]
	[[ "$output" == *"fallocate: "* ]]
	[[ "$output" != *"huge-pages: "* ]]
	run as alice oss-crs-run exec $JOB --crs a -- sh -c 'cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/hugetlb.2MB.max'
	echo "$output"
	[ "${lines[-1]}" = 0 ]
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ]
}
