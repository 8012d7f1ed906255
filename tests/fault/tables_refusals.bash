# shellcheck shell=bash disable=SC2034,SC2086,SC2154,SC2317
# SPDX-License-Identifier: MIT
#
# tables_refusals: how oss-crs-setup is started, what it finds on the host, and what it refuses.
# `tables` sources it.

# The calls that open something for writing; a refused command must make none.
OPENS=open,openat,openat2,mkdirat,unlinkat,renameat
wrote() { # TRACE
	grep -E 'open(at2?)?\(.*(O_WRONLY|O_RDWR|O_CREAT)|mkdirat|unlinkat|renameat' "$1" | grep -v '"/dev/null"\|/run/oss-crs\|"oss-crs"\|setup.lock'
}

table_arguments() {
	local long
	long=$(head -c 130000 /dev/zero | tr '\0' x)
	local -a bad=("frobnicate" "--frob" "delegate docker" "delegate x" "--user=bob delegate" "delegate --yes=1" "--restart" \
		"--restart=sometimes" "--linger=perhaps" "--json" "undo --user alice" "docker --purge" "-x" "--user" "$long" \
		"delegate $long" "delegate --user $long" "--" "delegate --")
	local arguments words status
	begin
	for arguments in "${bad[@]}"; do
		((++cases))
		in_time || continue
		read -ra words <<<"$arguments"
		strace -f --seccomp-bpf -qq -o "$work/trace" -e trace=$OPENS "$SETUP" "${words[@]}" \
			</dev/null >"$work/said" 2>&1
		status=$?
		((status == 64)) && [[ -z $(wrote "$work/trace") ]]
		count $? "arguments '${arguments:0:40}', status $status"
	done
	((++cases))
	# shellcheck disable=SC2016 # the variable is perl's
	strace -f --seccomp-bpf -qq -o "$work/trace" -e trace=$OPENS perl -e 'syscall(59, $ARGV[0], 0, 0)' "$SETUP" \
		</dev/null >"$work/said" 2>&1 # execve(2)
	status=$?
	((status == 64)) && grep -q 'without a name' "$work/said" && [[ -z $(wrote "$work/trace") ]]
	count $? "no argument at all, status $status"
	finish "odd arguments: 64, and nothing opened for writing"
}

table_callers() {
	local uid status
	begin
	for uid in 0 -1 -0 4294968296 4294967295 4294967296 65534 65535 99999 18446744073709552616 "" " 1000" "1000 " $'1000\n' 1000x 0x3e8 1e3 +1000 alice; do
		((++cases))
		in_time || continue
		SUDO_UID=$uid "$SETUP" delegate --yes >"$work/said" 2>&1
		status=$?
		((status == 64)) && delegate_before
		count $? "SUDO_UID='$uid', status $status"
		((++cases))
		env -u SUDO_UID PKEXEC_UID="$uid" "$SETUP" delegate --yes >"$work/said" 2>&1
		status=$?
		((status == 64)) && delegate_before
		count $? "PKEXEC_UID='$uid', status $status"
	done
	((++cases))
	PKEXEC_UID=1001 "$SETUP" delegate --yes >"$work/said" 2>&1
	(($? == 64))
	count $? "SUDO_UID and PKEXEC_UID differ"
	finish "who asked"
}

# However the program is started, the files and modes are the same, and refusals are orderly.
table_inherited() {
	local how status sanitized=0
	grep -q __asan_init "$SETUP" && sanitized=1
	# shellcheck disable=SC2016 # the shell that is started expands them
	local -a ways=('umask 000' 'umask 777' 'umask 077' 'ulimit -f 0' 'ulimit -S -n 4' 'ulimit -S -s 256' 'ulimit -S -t 3600' 'ulimit -c unlimited'
		'trap "" HUP INT PIPE ALRM TERM CHLD XFSZ' 'exec 0<&-' 'exec 1>&-' 'exec 2>&-' 'exec 0<&- 1>&-' 'exec 0<&- 2>&-'
		'exec 1>&- 2>&-' 'exec 0<&- 1>&- 2>&-' 'mkdir -p /tmp/gone; cd /tmp/gone; rmdir /tmp/gone'
		'for i in $(seq 10 1009); do eval "exec $i</dev/null"; done'
		'export LC_ALL=xx LANG=yy LANGUAGE=zz TMPDIR=/nowhere HOME=/nowhere' 'export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere'
		'export GCONV_PATH=/tmp LOCPATH=/tmp NLSPATH=/tmp MALLOC_TRACE=/tmp/trace' 'export SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console'
		'export DOCKER_HOST=tcp://nowhere:1 DOCKER_CONFIG=/nowhere' 'export POSIXLY_CORRECT=1' 'export PATH=/nowhere IFS=x')
	((sanitized)) || ways+=('ulimit -S -v 65536')
	begin
	for how in "${ways[@]}"; do
		((++cases))
		in_time || continue
		start_over
		rm -rf /etc/docker/*
		rm -f /tmp/trace
		bash -c "$how; exec $SETUP docker --yes --restart=never" </dev/null >"$work/said" 2>&1
		status=$?
		((status == 0)) && [[ $(stat -c '%a %U:%G' $JSON /var/lib/oss-crs $STATE | xargs) == "644 root:root 755 root:root 700 root:root" ]] &&
			[[ $(<$JSON) == "$(printf '{\n    "exec-opts": [\n        "native.cgroupdriver=cgroupfs"\n    ]\n}')" ]] && [[ ! -e /tmp/trace ]]
		count $? "after '$how', status $status"
	done
	start_over
	finish "descriptors, limits, signals, umask, directory, environment"
}

table_copies() {
	local copy=/usr/local/bin/setup-copy status
	begin
	cases=5
	for how in "chmod 4755" "chmod 2755" "setcap cap_setuid,cap_sys_nice+ep"; do
		for user in root bob; do
			[[ $how/$user != *setcap*/bob ]] || ((cases = 6))
			cp "$SETUP" $copy
			$how $copy
			su "$user" -s /bin/sh -c "$copy delegate --yes" >"$work/said" 2>&1
			status=$?
			((status == 77)) && grep -q 'must not be setuid' "$work/said"
			count $? "$how, as $user: status $status"
		done
	done
	rm -f $copy
	finish "setuid, setgid and setcap copies refuse"
}

# All files that must stay untouched.
docker_files() {
	find /etc/docker "$work/elsewhere" /etc/passwd -printf '%p %y %m %u %s %T@ %l\n' 2>&1
}

# Files that another user may have prepared: refused with 78, and what they point to stays
# untouched.
table_hostile() {
	local how before status
	# shellcheck disable=SC2016 # eval expands them
	local -a ways=('ln -s /etc/passwd $JSON' 'ln -s /nowhere $JSON' 'mkfifo $JSON' 'mkdir $JSON' 'mknod $JSON c 1 3' 'echo "{}" >$JSON; ln $JSON /etc/docker/other'
		'echo "{}" >$JSON; chmod 664 $JSON' 'echo "{}" >$JSON; chmod 646 $JSON' 'echo "{}" >$JSON; chown alice $JSON' 'chmod 777 /etc/docker'
		'chown alice /etc/docker' 'rmdir /etc/docker; ln -s $work/elsewhere /etc/docker' 'echo "[]" >$JSON' 'echo "{" >$JSON' 'echo "{\"a\":1,\"a\":2}" >$JSON'
		'echo "{\"exec-opts\":\"x\"}" >$JSON' 'echo "{\"exec-opts\":[1]}" >$JSON' 'echo "{\"exec-opts\":{}}" >$JSON' 'printf "{\"a\":\"\\377\"}" >$JSON'
		'printf "{\"a\":\"b\\0c\"}" >$JSON' 'head -c 2000000 /dev/zero >$JSON' 'printf "%070d" 0 | tr 0 "[" >$JSON' 'echo "{\"a\":1e999}" >$JSON'
		'echo "{\"a\":123456789012345678901234567890}" >$JSON' 'echo "{} {}" >$JSON' 'echo "null" >$JSON')
	begin
	for how in "${ways[@]}"; do
		((++cases))
		in_time || continue
		rm -rf /etc/docker "$work/elsewhere"
		mkdir "$work/elsewhere"
		install -d -m 755 /etc/docker
		eval "$how"
		before=$(docker_files)
		"$SETUP" docker --yes --restart=never >"$work/said" 2>&1
		status=$?
		((status == 78)) && [[ $(docker_files) == "$before" ]]
		count $? "$how: status $status"
		rm -rf /etc/docker
	done
	start_over
	finish "hostile files in /etc/docker"
}

# At the program's first write: only the capabilities that later steps and checks need, none of them
# effective, and no way to gain more.
table_privileges() {
	local pid status hurt
	begin
	for half in docker delegate; do
		local -n args=${half}_args
		((++cases))
		start_over
		hold_at renameat 1 "${args[@]}"
		status=$(cat "/proc/$pid/status")
		let_go
		grep -E '^(Cap|NoNewPrivs|Seccomp:)' <<<"$status" | xargs echo "# $half:"
		grep -q '^CapEff:.0*$' <<<"$status" && grep -q '^CapInh:.0*$' <<<"$status" && grep -q '^CapBnd:.0*$' <<<"$status" &&
			grep -q '^CapAmb:.0*$' <<<"$status" && grep -q '^NoNewPrivs:.1$' <<<"$status" && grep -q '^Seccomp:.2$' <<<"$status" &&
			{ [[ $half == delegate ]] || grep -q '^CapPrm:.0*c0$' <<<"$status"; }
		count $? "$half"
	done
	start_over
	finish "privileges at the first write"
}

# The cgroups are not those of this host: refused, with a message of its own for each case.
table_elsewhere() {
	local words flags commands status
	begin
	while IFS='|' read -r words flags commands; do
		((++cases))
		in_time || continue
		start_over
		unshare $flags -- sh -c "$commands && exec $SETUP delegate --yes --linger=no" </dev/null >"$work/said" 2>&1
		status=$?
		((status == 69)) && grep -q "$words" "$work/said" && delegate_before
		count $? "$commands: status $status"
	done <<-'END'
		user namespace|-U -r|true
		v1 or hybrid|-m|mount -t tmpfs x /sys/fs/cgroup
		v1 or hybrid|-m|mount -t tmpfs x /sys/fs/cgroup && mkdir /sys/fs/cgroup/unified && mount -t cgroup2 x /sys/fs/cgroup/unified
		not a cgroup v2 mount|-m|mount -t cgroup -o none,name=fault x /sys/fs/cgroup
		not a cgroup v2 mount|-m|mount -t proc x /sys/fs/cgroup
		not the root of the cgroup hierarchy|-m|mount --bind /sys/fs/cgroup/user.slice /sys/fs/cgroup
		not the root of the cgroup hierarchy|-m -C|umount /sys/fs/cgroup && mount -t cgroup2 x /sys/fs/cgroup
		not a cgroup v2 mount|-m|umount /sys/fs/cgroup
	END
	finish "cgroups of another place"
}
