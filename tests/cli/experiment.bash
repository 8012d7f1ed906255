# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# An experiment of two configs, and recorders that stand for the commands of Slurm and for ssh.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
export XDG_CONFIG_HOME=/nonexistent XDG_RUNTIME_DIR=/nonexistent
unset DBUS_SESSION_BUS_ADDRESS

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir duo solo bin
	cat >duo/config-resource.yaml <<-'EOT'
		crs:
		  - {name: a, cpuset: "4", memory_limit: 128M}
		  - {name: b, cpuset: "5", memory_limit: 128M}
		workers:
		  local: {cpuset: "4-5", memory: 256M}
	EOT
	cat >solo/config-resource.yaml <<-'EOT'
		crs:
		  - {name: a, cpuset: "0", memory_limit: 64M}
		workers:
		  local: {cpuset: "0", memory: 64M}
	EOT
	file slurm
	# shellcheck disable=SC2016 # the recorder expands it
	recorder sbatch '( printf "%s\n" "$*"; cat ) >>calls; echo "$((100 + $(grep -c parsable calls)));cluster"'
	recorder squeue 'cat queue 2>/dev/null || :'
	recorder scancel 'echo "scancel $*" >>calls'
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

file() { # ENGINE [TRIALS]
	cat >x.yaml <<-EOT
		name: json
		configs: {duo: ./duo, solo: ./solo}
		targets: [{project: json-c, harnesses: [h1, h2]}]
		trials: ${2:-3}
		timeout: 8h
		place: {engine: $1, limit: 4}
	EOT
}

recorder() { # NAME LINE
	printf '#!/bin/bash\ncd %q\n%s\n' "$BATS_TEST_TMPDIR" "$2" >"bin/$1"
	chmod +x "bin/$1"
}

experiment() { # VERB [OPTION]...
	run "$RUN" experiment "$@" x.yaml
}

done_run() { # ID REASON
	sed "s/\"reason\": *\"[a-z]*\"/\"reason\": \"$2\"/" "$HERE/tests/fuzz/corpus/summary/full" >"json/results/$1.json"
}

# hosts CASE...: ssh(1) that answers as the cases say, with $host and $action; what it is called with
# goes to `calls`, and what a host is told to `told`.
hosts() {
	sed -i 's/^place: .*/place: {engine: ssh, hosts: [a, b], limit: 4}/' x.yaml
	recorder ssh "line=\${!#}; host=\${@:(-2):1}; read -ra words <<<\"\$line\"; action=\${words[5]}
echo \"\$*\" >>calls
case \$host:\$action in
$(printf '%s\n' "$@")
*:submit) cat >>told ;;
*) printf 'oss-crs-host 1\nend\n' ;;
esac"
}
