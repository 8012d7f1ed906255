# shellcheck shell=bash disable=SC2034,SC2154,SC2164,SC2317
# SPDX-License-Identifier: MIT
#
# machine: a virtual machine of the lab, from its start to its end, and the way into it. `lab` sources
# it, and has `set -e`. An instance is its directory DIR, and its QEMU holds the lock on it.

# Sends the commands over QMP, then reads answers and events up to one that matches UNTIL, which it
# prints.
qmp() { # DIR UNTIL COMMAND...
	local dir=$1 until=$2 line to
	shift 2
	# A relative name: the path of a unix socket is limited to 108 bytes.
	coproc CONN { cd "$dir" && exec socat -t 0 - UNIX-CONNECT:qmp; }
	to=${CONN[1]}
	printf '%s\n' '{"execute":"qmp_capabilities"}' "$@" >&"$to"
	while read -r -t "$boot_limit" -u "${CONN[0]}" line; do
		case $line in
		*'"error"'* | *'"status": "failed"'*) break ;;
		esac
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $line == $until ]]; then
			exec {to}>&-
			wait
			printf '%s\n' "$line"
			return 0
		fi
	done
	die_at_boot "$dir" "QEMU does not do it: ${line:-no answer in $boot_limit s}"
}

migration_capabilities='{"execute":"migrate-set-capabilities","arguments":{"capabilities":[
	{"capability":"x-ignore-shared","state":true},{"capability":"events","state":true}]}}'
migration_capabilities=${migration_capabilities//$'\n'/}

close_locks() {
	local fd
	for fd in "${locks[@]}"; do
		exec {fd}<&-
	done
}

# Starts QEMU in DIR, which holds the disk, and leaves QEMU the lock on DIR. Writes there: pid, port
# (of ssh, on 127.0.0.1), qmp (a socket), console (a log).
machine() { # DIR SHARE RAM SNAPSHOT-DIR IMAGE-DIR OPTION...
	local dir=$1 share=$2 ram=$3 images=$4/images.tar image=$5 cpu=host faster=
	shift 5
	# QEMU translates code once per virtual address: at fixed addresses a program starts in half
	# the time.
	[[ $accel != tcg ]] || cpu=max faster=norandmaps
	# shellcheck disable=SC2094 # a directory cannot be overwritten
	(
		flock -n 9 || die "$dir is in use"
		close_locks # the machine outlives this process
		cd "$dir"
		qemu-system-x86_64 -name "lab" -nodefaults -no-user-config -display none \
			-accel "$accel" -cpu "$cpu" -smp 4 -m 4096 \
			-machine q35,memory-backend=ram \
			-object "memory-backend-file,id=ram,size=4096M,share=$share,mem-path=$ram" \
			-kernel "$image/vmlinuz" -initrd "$image/initrd" \
			-append "root=/dev/vda rw console=ttyS0 quiet mitigations=off $faster" \
			-drive "if=virtio,format=qcow2,file=$dir/disk,cache=unsafe" \
			-drive "if=virtio,format=raw,file=$images,readonly=on" \
			-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22 \
			-device virtio-net-pci,netdev=net,romfile= \
			-serial "file:$dir/console" -qmp unix:qmp,server=on,wait=off \
			-pidfile "$dir/pid" -daemonize "$@"
	) 9<"$dir"
	qmp "$dir" '*"return": "*HOST_FORWARD*' '{"execute":"human-monitor-command",
		"arguments":{"command-line":"info usernet"}}' |
		sed -E 's/.*HOST_FORWARD\] +[0-9]+ +127.0.0.1 +([0-9]+).*/\1/' >"$dir/port"
}

overlay() { # DISK FORMAT OVERLAY
	qemu-img create -q -f qcow2 -F "$2" -b "$1" "$3"
}

# A machine that has /dev/kvm may still hang with it. This checks that a kernel gets far enough to
# find that it has no disk. The answer holds until a reboot.
probe_accel() { # IMAGE-DIR
	local boot answer file=$cache/accel log
	boot=$(</proc/sys/kernel/random/boot_id)
	if [[ -e $file ]] && read -r answer accel <"$file" && [[ $answer == "$boot" ]]; then
		return 0
	fi
	accel=tcg
	log=$(mktemp)
	# In a subshell, since bash reports a QEMU that aborts.
	if [[ -w /dev/kvm ]] && (
		timeout 20 qemu-system-x86_64 -nodefaults -display none -no-reboot -accel kvm \
			-cpu host -smp 4 -m 512 -serial "file:$log" -kernel "$1/vmlinuz" \
			-append 'console=ttyS0 panic=-1' && grep -q 'Unable to mount root' "$log"
	) >/dev/null 2>&1; then
		accel=kvm
	fi
	rm "$log"
	echo "$boot $accel" >"$file"
	say "virtual machines run with $accel here"
}

# Only the QEMU of DIR holds this lock, see machine().
is_up() { # DIR
	[[ -d $1 ]] && ! flock -n "$1" true
}

# Ends the QEMU of DIR, and returns when it has gone. QEMU writes its PID a moment after it has taken
# the lock.
end() { # DIR
	local deadline=$((SECONDS + 30)) signal=TERM
	while is_up "$1" && [[ ! -s $1/pid ]]; do
		((SECONDS < deadline)) || die "$1 is being started by another lab"
		moment 0.2
	done
	is_up "$1" || return 0
	guest_close "$1" root alice bob carol
	[[ ! -e $1/uml ]] || signal=KILL
	kill "-$signal" "$(<"$1/pid")"
	flock -w 30 "$1" true || die "the machine in $1 does not end"
}

# Runs CMD in the guest over the login of USER that all calls share, unless $options of ssh say
# otherwise.
guest() { # DIR USER [CMD]
	local dir=$1 user=$2 way=()
	shift 2
	# A network of its own; the same user may enter the namespaces.
	[[ ! -e $dir/uml ]] ||
		way=(-o "ProxyCommand=nsenter -t $(<"$dir/pid") -U -n --preserve-credentials socat - TCP:10.0.2.15:%p")
	(
		# The path of the control socket is relative because its length is limited.
		cd "$dir" && exec ssh -F none "${options[@]}" "${way[@]}" -i "$cache/id" -p "$(<port)" -l "$user" \
			-o ControlMaster=auto -o ControlPersist=yes -o ControlPath=ssh-%r \
			-o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=60 \
			-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
			-o LogLevel=ERROR -- 127.0.0.1 "$@"
	)
}

guest_close() { # DIR USER...
	local dir=$1 user
	for user in "${@:2}"; do
		[[ ! -S $dir/ssh-$user ]] ||
			(cd "$dir" && ssh -F none -q -o ControlPath="ssh-$user" -O exit lab) 2>/dev/null || true
	done
}

# Waits until CMD succeeds in the guest.
wait_for_ssh() { # DIR [CMD]
	local begin=$SECONDS last=$SECONDS
	until guest "$1" root "${2:-true}" 2>/dev/null </dev/null; do
		is_up "$1" || die_at_boot "$1" "the machine ended"
		((SECONDS - begin < boot_limit)) ||
			die_at_boot "$1" "the guest has not answered on ssh for $boot_limit s; OSS_CRS_LAB_BOOT_LIMIT sets that limit"
		if ((SECONDS - last >= 30)); then
			last=$SECONDS
			say "waiting for the guest for $((SECONDS - begin)) s, of $boot_limit at most"
		fi
		sleep 1
	done
}
