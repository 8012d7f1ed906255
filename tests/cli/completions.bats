#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Tab completion in bash and zsh: every command and option of the programs, and the names in the
# user's config.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
SETUP=${SETUP:-$HERE/build/release/setup-helper/oss-crs-setup}
COMPLETIONS=$HERE/packaging/completions
export XDG_CONFIG_HOME=/nonexistent

setup() {
	PATH=$BATS_TEST_TMPDIR:$PATH
	ln -s "$RUN" "$BATS_TEST_TMPDIR/oss-crs-run"
	ln -s "$SETUP" "$BATS_TEST_TMPDIR/oss-crs-setup"
	cd "$BATS_TEST_TMPDIR"
	mkdir job
	cat >job/config-resource.yaml <<-'EOT'
		crs:
		  - {name: alpha, cpuset: "400-401", memory_limit: 1G}
		  - {name: beta, cpuset: "402", memory_limit: 1G}
		workers:
		  # where it runs
		  local:
		    cpuset: "400-407"
		  "big": {cpuset: "400-500"}
		llm:
		  model: x
	EOT
}

# in_bash WORD...: what bash offers for the last word. The words are split as bash splits them: `=`
# is one of its own.
in_bash() {
	bash -c '
		source "$0/bash/$1"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		compopt() { :; } # works only during a completion
		"_${1//-/_}" "$1" "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"
	' "$COMPLETIONS" "$@" | sort -u
}

# in_zsh LINE: what an interactive zsh offers at the end of the line. It writes the matches to a
# file.
in_zsh() {
	: >"$BATS_TEST_TMPDIR/offers"
	zsh -f -c '
		zmodload zsh/zpty
		zpty -b shell zsh -f -i
		zpty -w shell "source ${(q)1} ${(q)2} ${(q)3}"
		zpty -w -n shell "$4"$'"'\t'"'
		zpty -r shell text "*the end of the offers*"
		zpty -d shell
	' zsh "$BATS_TEST_DIRNAME/completion.zsh" "$COMPLETIONS/zsh" "$BATS_TEST_TMPDIR/offers" "$1" 3>&-
	sort -u "$BATS_TEST_TMPDIR/offers"
}

options_of() { # PROGRAM [COMMAND]
	"$@" --help | sed -nE 's/^ +(-., )?(--[a-z-]+).*/\1\2/p' | sed 's/, /\n/' | sort
}

commands() {
	oss-crs-run --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

both() { # WANT LINE: bash and zsh offer WANT at the end of LINE; `=` stands between spaces
	local words
	read -ra words <<<"$2"
	[[ $2 != *' ' ]] || words+=('')
	same bash "$(in_bash "${words[@]}")" "$1"
	same zsh "$(in_zsh "${2// = /=}")" "$1"
}

same() { # SHELL HAVE WANT
	[ "$2" = "$3" ] || {
		echo "$1 offers '$2', not '$3'"
		return 1
	}
}

lines() {
	printf '%s\n' "$@"
}

@test "the commands, and the options of each" {
	local command
	both "$(commands | sort)" 'oss-crs-run '
	both "$(lines --help --version)" 'oss-crs-run -'
	for command in $(commands); do
		[ -n "$(options_of oss-crs-run "$command")" ]
		both "$(options_of oss-crs-run "$command")" "oss-crs-run $command -"
	done
}

@test "verbs and options of oss-crs-setup" {
	both "$(oss-crs-setup --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | sort)" 'oss-crs-setup '
	both "$(options_of oss-crs-setup)" 'oss-crs-setup -'
	both "$(lines auto force never)" 'oss-crs-setup docker --restart = '
}

@test "CRSs and workers come from the config, whatever this machine is" {
	both "$(lines alpha beta)" 'oss-crs-run exec job --crs '
	both beta 'oss-crs-run exec --timeout 5m job --crs b'
	both "$(lines big local)" 'oss-crs-run plan job --worker '
	both "$(lines alpha beta)" 'oss-crs-run exec job --worker big --crs '
	both '' 'oss-crs-run exec nowhere --crs '
}

# Names come from files that somebody else may have written.
@test "no name in a file or of a run is expanded, and what is inserted is quoted" {
	local name
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	cat >job/config-resource.yaml <<-'EOT'
		crs: [{name: alpha, cpuset: "400", memory_limit: 1G}]
		workers:
		  "$(touch pwned-1)": {cpuset: "400"}
		  '`touch pwned-2`': {cpuset: "400"}
		  a;touch pwned-3: {cpuset: "400"}
	EOT
	mkdir -p "$XDG_RUNTIME_DIR/oss-crs/\$(touch pwned-4)" "$XDG_STATE_HOME/oss-crs/reports"
	touch "$XDG_STATE_HOME/oss-crs/reports/\$(touch pwned-5).json"
	run in_bash oss-crs-run plan job --worker ''
	[ "$output" = "$(lines '\$\(touch\ pwned-1\)' '\`touch\ pwned-2\`' 'a\;touch\ pwned-3' | sort)" ]
	run in_bash oss-crs-run clean ''
	[ "$output" = '\$\(touch\ pwned-4\)' ]
	in_zsh 'oss-crs-run plan job --worker '
	in_zsh 'oss-crs-run clean '
	# A name that has been inserted is quoted on the line; zsh looks at it again for the CRSs of that worker.
	in_bash oss-crs-run exec job --worker '\$\(touch\ pwned-6\)' --crs ''
	in_zsh 'oss-crs-run exec job --worker \$\(touch\ pwned-6\) --crs '
	for name in "$BATS_TEST_TMPDIR"/pwned* "$BATS_TEST_TMPDIR"/*/pwned*; do
		[ ! -e "$name" ] || { echo "run: $name" && return 1; }
	done
}

@test "words of an option, before and behind =" {
	both "$(lines all first)" 'oss-crs-run run --until '
	both first 'oss-crs-run run --until = f'
	both group 'oss-crs-run run job --oom g'
}

@test "CONFIG is a file or directory, COMMAND a command" {
	both job 'oss-crs-run plan jo'
	both job 'oss-crs-run run --worker big -v jo'
	both nproc 'oss-crs-run exec job -- nproc'
}

@test "clean offers the runs there are" {
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime
	mkdir -p "$XDG_RUNTIME_DIR"/oss-crs/job-run-1-aaaaaaaa-local "$XDG_RUNTIME_DIR"/oss-crs/job-run-2-bbbbbbbb-local
	both "$(lines job-run-1-aaaaaaaa-local job-run-2-bbbbbbbb-local)" 'oss-crs-run clean job'
	both job-run-2-bbbbbbbb-local 'oss-crs-run clean --dry-run job-run-1-aaaaaaaa-local job-run-2'
}

@test "status offers the runs there are, report those that have left one, and files" {
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	mkdir -p "$XDG_RUNTIME_DIR"/oss-crs/job-run-1-aaaaaaaa-local "$XDG_STATE_HOME"/oss-crs/reports
	touch "$XDG_STATE_HOME"/oss-crs/reports/old-run-2-bbbbbbbb-local.json other.json
	both job-run-1-aaaaaaaa-local 'oss-crs-run status job-'
	both old-run-2-bbbbbbbb-local 'oss-crs-run report ol'
	both other.json 'oss-crs-run report old-run-2-bbbbbbbb-local ot'
	both other.json 'oss-crs-run report --html ot'
}
