#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The Debian packages on a real host, from `apt install` to purge. Run as root in a clean lab guest
# that has the packages in /srv/packages and nothing of the product installed. The tests build on
# each other. The guest has no network: the packages' dependencies are already installed, as on most
# hosts; what they recommend beyond that cannot be fetched.

PACKAGES=/srv/packages
BEFORE=/tmp/files-before
DROPIN=/etc/systemd/system/user@1000.service.d/50-oss-crs.conf
JSON=/etc/docker/daemon.json

# All files that a package or its programs could leave, without those that the host itself writes as
# it runs.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /srv \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/docker \
		-o -path /var/lib/containerd -o -path /var/lib/systemd -o -path /etc/.pwd.lock \) -prune -o -print | sort
	find /etc/systemd /var/lib/systemd/linger /etc/docker -print 2>/dev/null | sort
	getent group
}

driver() {
	docker info --format '{{.CgroupDriver}}' 2>/dev/null
}

setup_file() {
	# The lab's images are built without manuals and documents; on users' hosts, packages
	# install them.
	rm -f /etc/dpkg/dpkg.cfg.d/99mmdebstrap
	if command -v oss-crs-run oss-crs-setup; then return 1; fi
	files >$BEFORE
}

@test "apt installs both packages, and installing changes nothing of the host" {
	apt-get -q -y install $PACKAGES/oss-crs-run_*.deb $PACKAGES/oss-crs-setup_*.deb
	for program in oss-crs-run oss-crs-setup; do
		version=$(dpkg-query -W -f '${Version}' $program)
		[ "$($program --version)" = "$program ${version%~*}" ]
	done
	run dpkg --verify oss-crs-run oss-crs-setup
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ ! -e $JSON ]
	[ ! -e $DROPIN ]
	[ "$(driver)" = systemd ]
}

@test "group oss-crs is there and empty, polkit knows the actions and has the rule" {
	[ "$(getent group oss-crs | cut -d: -f4)" = "" ]
	run pkaction --verbose --action-id org.oss-crs.setup.delegate
	[ "$status" -eq 0 ]
	[[ "$output" == *"/usr/bin/oss-crs-setup"* ]]
	[ -e /usr/share/polkit-1/rules.d/oss-crs-setup.rules ]
}

@test "manuals, completions, documents and the example are where users look for them" {
	for file in man1/oss-crs-run.1 man5/oss-crs-config.5 man5/oss-crs-run.conf.5 man5/oss-crs-setup.conf.5 man8/oss-crs-setup.8; do
		zcat "/usr/share/man/$file.gz" | grep -q '^\.Sh NAME'
	done
	for program in oss-crs-run oss-crs-setup; do
		bash -euc '. "$0"; complete -p "${0##*/}"' /usr/share/bash-completion/completions/$program
		[ -e /usr/share/zsh/vendor-completions/_$program ]
		[ -e /usr/share/doc/$program/copyright ]
	done
	oss-crs-run plan /usr/share/doc/oss-crs-run/examples/ensemble-c
}

@test "python3-oss-crs-run is there for every Python program, and goes again" {
	apt-get -q -y install $PACKAGES/python3-oss-crs-run_*.deb
	run setpriv --reuid bob --regid bob --init-groups python3 -c 'import oss_crs_run; print(*oss_crs_run.check())'
	[ "$status" -eq 0 ]
	echo "$output"
	[[ "$output" == "False user@"[0-9]*".service is not "* ]]
	apt-get -q -y purge python3-oss-crs-run
	run python3 -c 'import oss_crs_run'
	[ "$status" -eq 1 ]
}

@test "check needs no privilege, and says what to type" {
	run setpriv --reuid bob --regid bob --init-groups oss-crs-setup check
	[ "$status" -eq 69 ]
	[[ "$output" == *"sudo oss-crs-setup"* ]]
}

@test "the main job runs for an ordinary user: what autopkgtest runs" {
	OSS_CRS_TEST_USER=alice AUTOPKGTEST_TMP=$BATS_TEST_TMPDIR /srv/debian-tests/main-job
	[ "$(driver)" = cgroupfs ]
	[ -e $DROPIN ]
}

@test "an edited config file is kept when the package is installed again" {
	echo '#mine' >>/etc/oss-crs/setup.conf
	apt-get -q -y install --reinstall -o Dpkg::Options::=--force-confold $PACKAGES/oss-crs-setup_*.deb
	[ "$(tail -n 1 /etc/oss-crs/setup.conf)" = '#mine' ]
	[ "$(driver)" = cgroupfs ]
	[ -e $DROPIN ]
}

@test "removing puts back what the helper has changed" {
	docker volume rm ensemble-c-json-c-libfuzzer ensemble-c-json-c-aflplusplus
	apt-get -q -y remove oss-crs-setup oss-crs-run
	[ ! -e $DROPIN ]
	[ ! -e $JSON ]
	[ "$(driver)" = systemd ]
	[ -e /etc/oss-crs/setup.conf ]
}

@test "purge leaves nothing: no file, no group" {
	apt-get -q -y purge oss-crs-setup oss-crs-run
	# The reports are alice's, and stay.
	rm -r /home/alice/.local
	diff $BEFORE <(files)
}
