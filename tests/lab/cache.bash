# shellcheck shell=bash disable=SC2034,SC2154,SC2164,SC2317
# SPDX-License-Identifier: MIT
#
# cache: what the lab makes and keeps: images, snapshots and build roots of each suite. `lab` sources it.

backports= # the suite that sources() adds

# The mirror from which this machine's apt fetches packages with this label, if any.
mirror_for() { # LABEL
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' "Label: $1" 2>/dev/null | sed -n 1p || true
}

# The Release file of a suite that is not released can be older on a mirror than it says it may be.
sources() {
	local debian security options="signed-by=$keyring"
	debian=$(mirror_for Debian)
	security=$(mirror_for Debian-Security)
	debian=${debian:-http://deb.debian.org/debian}
	security=${security:-http://deb.debian.org/debian-security}
	[[ $suite != forky ]] || options+=" check-valid-until=no"
	echo "deb [$options] $debian $suite main"
	echo "deb [$options] $debian $suite-updates main"
	echo "deb [$options] $security $suite-security main"
	[[ -z $backports ]] || echo "deb [$options] $debian $backports main"
}

# Makes a root file system. This machine's apt knows how to reach the mirror.
bootstrap() { # DIR "PACKAGES-FILE..." MMDEBSTRAP-OPTION...
	local dir=$1 packages=$2
	shift 2
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries)' >"$dir.apt" || true
	# shellcheck disable=SC2046,SC2086 # package files are lists of words
	sources | as_root mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt="$dir.apt" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(sed 's/#.*//' $packages | xargs | tr ' ' ,)" \
		"$@" "$suite" "$dir" -
	rm "$dir.apt"
}

hash_of() {
	sha256sum | cut -c 1-12
}

# Comments do not change the key: `declare -f` leaves them out.
image_key() {
	{
		declare -f bootstrap make_image
		cd "$here/guest"
		tail -n +1 setup packages "packages.$base"
		[[ $suite == "$base" ]] || declare -f make_backports_image
	} | hash_of
}

snapshot_key() {
	{
		image_key
		declare -f machine make_snapshot
		qemu-system-x86_64 --version
		echo "$accel"
		[[ $accel == tcg ]] || grep -m 1 '^model name' /proc/cpuinfo
		cat "$here/guest/prepare"
		# Not the files beside make-image: only users who run the example need them.
		! has_example ||
			(cd "$example" && find make-image ./*/ -type f -print0 | sort -z | xargs -0 tail -n +1)
	} | hash_of
}

root_key() {
	{
		declare -f bootstrap make_root
		cat "$here/build-packages" "$here/build-packages.$suite"
	} | hash_of
}

# Sets $made to the directory of that kind and key, which MAKE makes in a directory of its own, and
# removes those of the kind with another key. From here until this process ends, no other process
# removes it.
made=
locks=() # descriptors
ensure() { # KIND KEY MAKE
	local kind=$1 make=$3 fd
	local dir=$cache/$suite
	local lock=$dir/$kind.lock what="the $1 of $suite"
	made=$dir/$kind-$2
	exec {fd}<>"$lock"
	locks+=("$fd")
	wait_for_lock "$fd" -s "$lock" "$what"
	while [[ ! -d $made ]]; do
		wait_for_lock "$fd" -x "$lock" "$what"
		echo "lab -s $suite $command (PID $$), which makes it" >"$lock"
		[[ -d $made ]] || make_in_cache
		: >"$lock"
		wait_for_lock "$fd" -s "$lock" "$what"
	done
}

# Takes a lock, and says every half a minute for whom it waits.
wait_for_lock() { # DESCRIPTOR -s|-x FILE WHAT
	local begin=$SECONDS
	! flock -n "$2" "$1" || return 0
	say "waiting for $4: $(lock_holders "$3")"
	until flock -w 30 "$2" "$1"; do
		say "waiting for $4 for $((SECONDS - begin)) s: $(lock_holders "$3")"
	done
}

# Who makes a thing, or else which labs have its lock open.
lock_holders() { # FILE
	local link pid holders="" maker=""
	[[ ! -f $1 ]] || maker=$(<"$1")
	pid=${maker#*(PID }
	if [[ -n $maker && -d /proc/${pid%%)*} ]]; then
		echo "$maker"
		return
	fi
	for link in /proc/[0-9]*/fd/*; do
		[[ $(readlink "$link") == "$1" ]] || continue
		pid=${link#/proc/}
		pid=${pid%%/*}
		((pid != $$ && pid != BASHPID)) || continue
		[[ $holders == *"(PID $pid)"* ]] || holders+="${holders:+, }$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//') (PID $pid)"
	done 2>/dev/null
	echo "used by ${holders:-another user}"
}

# Uses the variables of ensure().
make_in_cache() {
	SECONDS=0
	say "making the $kind of $suite"
	unfinished=$dir/new-$kind
	as_root rm -rf "$unfinished"
	mkdir "$unfinished"
	$make "$unfinished"
	as_root rm -rf "$dir/$kind"-*
	mv "$unfinished" "$made"
	unfinished=
	say "made the $kind of $suite in $SECONDS s"
}

ensure_key() {
	# shellcheck disable=SC2094 # a directory, which is only locked
	[[ -e $cache/id ]] || (
		wait_for_lock 8 -x "$cache" "the lab's key"
		[[ -e $cache/id ]] || ssh-keygen -q -t ed25519 -N '' -C lab -f "$cache/id"
	) 8<"$cache"
}

make_image() {
	local dir=$1
	bootstrap "$dir/root" "$here/guest/packages $here/guest/packages.$suite" \
		--customize-hook="cp '$here/guest/setup' \"\$1/setup\"" \
		--customize-hook="chroot \"\$1\" /setup <'$cache/id.pub'" \
		--customize-hook="rm \"\$1/setup\"" \
		--customize-hook="mv \"\$1/busybox.tar\" '$dir'" \
		--customize-hook="cp \"\$1\"/boot/vmlinuz-* '$dir/vmlinuz'" \
		--customize-hook="cp \"\$1\"/boot/initrd.img-* '$dir/initrd'"
	as_root env PATH="$PATH:/usr/sbin" mke2fs -q -t ext4 -L lab \
		-E assume_storage_prezeroed=1 -d "$dir/root" "$dir/disk" 8G >/dev/null
	as_root rm -rf "$dir/root"
	as_root chown "$(id -u):$(id -g)" "$dir"/*
}

# A suite with the kernel of its backports is made as the suite itself is. apt takes nothing from
# backports that it is not told to.
make_backports_image() {
	local dir=$1 recipe=$1/recipe/guest backports=$suite
	mkdir -p "$recipe"
	sed "s,^linux-image-[^ ]*,&/$suite," "$here/guest/packages" >"$recipe/packages"
	cp "$here/guest/packages.$base" "$here/guest/setup" "$recipe/"
	here=$dir/recipe suite=$base make_image "$dir"
	rm -r "$dir/recipe"
}

make_backports_snapshot() {
	suite=$base make_snapshot "$1"
}

make_root() {
	bootstrap "$1/root" "$here/build-packages $here/build-packages.$suite"
	as_root install -d "$1"/root/{src,out}
}

# The build dependencies of the source package, and the tools that check the result. Where there are
# alternatives, the suite has the one in its own list.
package_depends() {
	echo build-essential lintian
	sed 's/#.*//' "$here/build-packages.$suite"
	sed -n '/^Build-Depends:/,/^[A-Z]/{/^Build-Depends:/p; /^ /p}' "$here/../../packaging/debian/control" |
		sed -e 's/^Build-Depends://; s/([^)]*)//g; s/<[^>]*>//g; /|/d; s/,//g'
}

package_root_key() {
	{
		declare -f bootstrap make_package_root
		package_depends
	} | hash_of
}

make_package_root() {
	package_depends >"$1/packages"
	bootstrap "$1/root" "$1/packages"
	as_root install -d "$1"/root/{src,out}
}

has_example() {
	[[ -n $example && -x $example/make-image ]]
}

make_snapshot() {
	local dir=$1
	mkdir "$dir/images"
	ln "$image/busybox.tar" "$dir/images/busybox:latest"
	if has_example; then
		mkdir -p "$dir/images/${example_image%/*}"
		as_root "$example/make-image" "$suite" "$dir/images/$example_image" >"$dir/log" 2>&1 || {
			tail -n 20 "$dir/log" >&2
			die "$example/make-image failed"
		}
	fi
	(cd "$dir/images" && find . -type f -printf '%P\0' | tar --null -T - -cf ../images.tar)
	rm -r "$dir/images"

	overlay "../${image##*/}/disk" raw "$dir/disk"
	machine "$dir" on "$dir/ram" "$dir" "$image"
	wait_for_ssh "$dir"
	guest "$dir" root bash <"$here/guest/prepare"
	guest_close "$dir" root
	qmp "$dir" '*"status": "completed"*' "$migration_capabilities" \
		'{"execute":"migrate","arguments":{"uri":"exec:cat >'"$dir"'/state"}}' >/dev/null
	end "$dir"
	rm -f "$dir"/{console,log,pid,port,qmp}
}

# Sets $image and $snapshot; both exist afterwards.
ensure_snapshot() {
	need_deps
	ensure_key
	local from=""
	[[ $suite == "$base" ]] || from=backports_
	ensure image "$(image_key)" "make_${from}image"
	image=$made
	probe_accel "$image"
	# Two kinds, so that neither removes the other.
	local kind=snapshot
	has_example || kind=bare-snapshot
	ensure "$kind" "$(snapshot_key)" "make_${from}snapshot"
	snapshot=$made
}
