# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# job: what the cases of alice's jobs on Docker share: a ready host, the small job before each test,
# and none of what a failed test left. Loads after `common`; a case with needs of its own has a
# function of the same name behind it.

setup_file() {
	ready_host
}

setup() {
	make_job
}

teardown() {
	after_failure
}
