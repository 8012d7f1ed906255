# shellcheck shell=bash disable=SC2034,SC2154,SC2164,SC2317
# SPDX-License-Identifier: MIT
#
# cluster: two hosts with Slurm, s1 and s2, which are the lab's hosts NAME-1 and NAME-2. `lab` sources
# it. They have an image and a snapshot of their own, with more packages and a second network card; the
# packets of one host's card go through a socket into that of the other. NAME-N/peer has the name of
# the other host.

# Sets $devices, the second card of the host in DIR.
devices=()
cluster_card() { # DIR PEER-DIR
	local dir
	for dir in "$@"; do
		((${#dir} < 100)) || die "the path of the cache is too long for a socket: $dir/card"
	done
	devices=(-netdev "dgram,id=cluster,local.type=unix,local.path=$1/card,remote.type=unix,remote.path=$2/card"
		-device "virtio-net-pci,netdev=cluster,romfile=,mac=52:54:00:00:00:09")
}

cluster_image_key() {
	{
		image_key
		declare -f make_cluster_image
		cd "$here/guest"
		tail -n +1 packages.cluster cluster/setup
	} | hash_of
}

# Made as the ordinary image is, of a recipe with more in it.
make_cluster_image() {
	local dir=$1 recipe=$1/recipe/guest
	mkdir -p "$recipe"
	cp "$here/guest/packages" "$recipe/"
	cat "$here/guest/packages.$suite" "$here/guest/packages.cluster" >"$recipe/packages.$suite"
	cat "$here/guest/setup" "$here/guest/cluster/setup" >"$recipe/setup"
	chmod +x "$recipe/setup"
	here=$dir/recipe make_image "$dir"
	rm -r "$dir/recipe"
}

cluster_snapshot_key() {
	{
		cluster_image_key
		example='' snapshot_key
		declare -f cluster_card make_cluster_snapshot
	} | hash_of
}

# As make_snapshot does it, whose text is part of the other snapshots' keys, with the second card.
make_cluster_snapshot() {
	local dir=$1
	tar -C "$image" --transform s/busybox.tar/busybox:latest/ -cf "$dir/images.tar" busybox.tar
	overlay "../${image##*/}/disk" raw "$dir/disk"
	cluster_card "$dir" "$dir/nowhere"
	machine "$dir" on "$dir/ram" "$dir" "$image" "${devices[@]}"
	wait_for_ssh "$dir"
	guest "$dir" root bash <"$here/guest/prepare"
	guest_close "$dir" root
	qmp "$dir" '*"status": "completed"*' "$migration_capabilities" \
		'{"execute":"migrate","arguments":{"uri":"exec:cat >'"$dir"'/state"}}' >/dev/null
	end "$dir"
	rm -f "$dir"/{card,console,pid,port,qmp}
}

# Sets $image and $snapshot; both exist afterwards.
ensure_cluster_snapshot() {
	need_deps
	ensure_key
	ensure cluster-image "$(cluster_image_key)" make_cluster_image
	image=$made
	probe_accel "$image"
	ensure cluster-snapshot "$(cluster_snapshot_key)" make_cluster_snapshot
	snapshot=$made
}

# Sets $image, $snapshot and $devices to what the host in $run was started with.
ensure_own_snapshot() {
	if [[ -e $run/peer ]]; then
		ensure_cluster_snapshot
		cluster_card "$run" "$cache/run/$(<"$run/peer")"
	else
		ensure_snapshot
	fi
}

# Sets $name and $run to those of a host of the cluster.
cluster=
cluster_host() { # 1|2
	name=$cluster-$1
	run=$cache/run/$name
}

# Keys that only these two hosts have; removed with the first.
make_secrets() { # DIR
	mkdir -m 700 "$1"
	ssh-keygen -q -t ed25519 -N '' -C cluster -f "$1/id"
	head -c 128 /dev/urandom >"$1/munge.key"
}

configure_host() { # 1|2 SECRETS
	cluster_host "$1"
	tar -c -C "$2" . -C "$here/guest/cluster" . |
		guest "$run" root 'mkdir -m 700 /srv/cluster && tar -x -C /srv/cluster --no-same-owner'
	guest "$run" root "/srv/cluster/configure $1" </dev/null || die "$name cannot be configured"
}

start_cluster() {
	local number secrets=$cache/run/$cluster-1/secrets
	for number in 1 2; do
		cluster_host "$number"
		cluster_card "$run" "$cache/run/$cluster-$((3 - number))"
		start_host
		echo "$cluster-$((3 - number))" >"$run/peer"
	done
	make_secrets "$secrets"
	configure_host 1 "$secrets"
	configure_host 2 "$secrets"
	guest "$run" root "timeout $boot_limit /srv/cluster/wait-idle" </dev/null ||
		die "Slurm has not found both hosts idle for $boot_limit s"
	say "the cluster is up: $cluster-1 is s1, which has the controller, and $cluster-2 is s2"
}

stop_cluster() {
	local number
	for number in 1 2; do
		cluster_host "$number"
		cmd_down
	done
}

cmd_cluster() { # up|down
	cluster=$name
	case ${1:-} in
	up)
		ensure_cluster_snapshot
		start_cluster
		;;
	down) stop_cluster ;;
	*) die "cluster up, or cluster down" ;;
	esac
}
