#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A new user who has only the documents. Run as root in a clean lab guest that has README.md, docs
# and tests/cli/documented in /srv/documents. First from a stock host to a ready one, by the hints
# of `check` alone; then every command that README and docs show, in their order. The tests build on
# each other.

load common

DOCUMENTS=/srv/documents
WORK=/tmp/source # stands for the directory of the source

# alice_types LINE: run LINE as alice at a terminal, in the directory of the source.
alice_types() {
	alice_at_terminal "cd $WORK && bash -c $(printf %q "$1")"
}

# The commands in the hints of the findings that are not met: what follows the colon. Advice is
# skipped.
hinted() {
	awk '/^[a-z?]/ { unmet = /^missing / } unmet && sub(/^ +hint: (.*: )?/, "")'
}

# The example with its own config but small containers. Case `package` runs the real fuzzers with
# the same two commands, and ./demo builds their image.
make_example() {
	docker tag busybox:latest oss-crs-example/ensemble-c:latest
	rm -rf $WORK && mkdir -p $WORK/examples && cp -r /srv/ensemble-c $WORK/examples/
	{
		echo 'services:'
		for crs in libfuzzer aflplusplus; do
			for phase in build run; do
				printf '  %s_%s:\n    image: busybox:latest\n    pull_policy: never\n    network_mode: none\n' $crs $phase
				printf '    profiles: [%s]\n    command: [sh, -c, "echo $$OSS_CRS_NAME has $$(nproc) CPUs"]\n' $phase
			done
		done
	} >$WORK/examples/ensemble-c/docker-compose.yaml
}

setup_file() {
	systemd-tmpfiles --create oss-crs.conf # a package or the next boot does this
	make_example
	# The state after Debian has installed Docker, and nothing else is done yet.
	gpasswd -d alice docker
	systemctl stop docker.socket docker.service
}

# bats test_tags=both
@test "check leads from a stock host to a ready one, copy and paste" {
	run sh_as alice 'oss-crs-run check --engine docker'
	[ "$status" -eq 69 ]
	for ((round = 0; round < 6; round++)); do
		run sh_as alice 'oss-crs-run check --engine docker'
		[ "$status" -ne 0 ] || break
		echo "$output"
		hinted <<<"$output" >/tmp/hinted
		[ -s /tmp/hinted ]
		while read -r line; do
			echo "alice types: $line"
			alice_types "$line"
		done </tmp/hinted
	done
	[ "$status" -eq 0 ]
	sh_as alice 'oss-crs-setup check'
	[ "$(docker info --format '{{.CgroupDriver}}')" = cgroupfs ]
}

@test "the commands of README and docs run on a ready host, in their order" {
	cd $DOCUMENTS
	count=0
	while IFS=$'\t' read -r where line; do
		case $(./documented place "$line") in
		cli | lab) ;;
		*) continue ;;
		esac
		begin=$SECONDS
		run alice_types "$line"
		echo "$where: $line: status $status, $((SECONDS - begin)) s"
		[ "$status" -eq 0 ] || { echo "$output" && return 1; }
		[[ "$line" != *'--crs libfuzzer -- nproc' ]] || [ "${lines[-1]%$'\r'}" = 2 ]
		count=$((count + 1))
	done < <(./documented commands README.md docs/*.md)
	[ "$count" -gt 15 ]
	nothing_left
}
