# SPDX-License-Identifier: MIT
#
# source completion.zsh DIR FILE, in an interactive zsh: load the completions of DIR; Tab then writes what is offered to
# FILE, one a line, and says "the end of the offers".
unsetopt zle_bracketed_paste 2>/dev/null
PROMPT=
fpath=($1 $fpath)
autoload -Uz compinit
compinit -u -D
offers=$2

# What the completion system adds is what matches the word; a call that only fills arrays passes through.
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local -a matches
	builtin compadd -A matches "$@"
	(($#matches)) && print -rl -- $matches >>$offers
	builtin compadd "$@"
}

offer() {
	zle complete-word
	print -r -- "the end of the offers"
}
zle -N offer
bindkey '^I' offer
