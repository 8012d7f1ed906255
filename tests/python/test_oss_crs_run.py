# SPDX-License-Identifier: MIT
"""What users of oss_crs_run.py rely on, without a host.

Errors are those of the program itself ($OSS_CRS_RUN). Where cgroups would be made, a script that
speaks like `oss-crs-run hold` stands for it; tests/lab/cases/hold.bats has the program itself.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import oss_crs_run
import pytest
from oss_crs_run import Hold, HoldError

PROGRAM = os.environ["OSS_CRS_RUN"]
SHARES = {"a": ("0-1", "1G"), "b": ("2", 64 << 20)}

# Reads a config as `hold` does, keeps it in $SEEN, says that it holds, and ends at the end of its
# standard input with a report and $STATUS.
STAND_IN = r"""#!/bin/sh
printf '%s\n' "$@" >"$SEEN.args"
sockets=null
case " $* " in *' --guard '*) sockets='{"a":"/r/engine-0.sock","b":"/r/engine-1.sock"}' ;; esac
while read -r line && [ "$line" != ... ]; do echo "$line"; done >"$SEEN"
echo '{"version":1,"name":"n","path":"/sys/fs/cgroup/p","cgroup_parents":{"a":"/p/a","b":"/p/b"},"engine_sockets":'$sockets',"docker_host":null,"report":null}'
cat >/dev/null
echo ended >"$SEEN.end"
printf '{\n  "version": 1,\n  "name": "n", "crs": []\n}\n'
[ "${STATUS:-0}" -eq 0 ] || echo '{"version": 1, "error": {"message": "m", "hint": "h", "status": 70}}'
exit "${STATUS:-0}"
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "oss-crs-run"
    program.write_text(STAND_IN)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    return program


def seen(stand_in: Path, name: str = "seen") -> str:
    return (stand_in.parent / name).read_text()


def test_a_block_holds_and_its_end_gives_the_report(stand_in: Path) -> None:
    with Hold(SHARES, run_id="id", program=stand_in) as hold:
        assert hold.name == "n"
        assert hold.path == Path("/sys/fs/cgroup/p")
        assert hold.cgroup_parents == {"a": "/p/a", "b": "/p/b"}
        assert hold.report_path is None
        assert hold.report is None
        assert not (stand_in.parent / "seen.end").exists()
    assert hold.report == {"version": 1, "name": "n", "crs": []}
    assert seen(stand_in, "seen.end") == "ended\n"


def test_the_config_is_what_was_asked_for(stand_in: Path) -> None:
    with Hold(SHARES, program=stand_in):
        pass
    assert json.loads(seen(stand_in)) == {
        "run_env": "local",
        "a": {"cpuset": "0-1", "memory": "1G"},
        "b": {"cpuset": "2", "memory": "67108864B"},
    }


def test_every_argument_becomes_an_option_that_the_program_has(stand_in: Path) -> None:
    with Hold(
        SHARES,
        run_id="-id",
        phase="build",
        project_name="p",
        wait="10m",
        guard=True,
        strict=True,
        options=["--record"],
        program=stand_in,
    ):
        pass
    arguments = seen(stand_in, "seen.args").splitlines()
    assert arguments[0] == "hold" and arguments[-1] == "-"
    # The program itself takes them all: only what comes after the options is missing.
    done = subprocess.run([PROGRAM, *arguments[:-1]], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert json.loads(done.stdout)["error"]["message"] == "too few arguments"


def test_a_guard_gives_each_crs_a_socket_of_its_own(stand_in: Path) -> None:
    with Hold(SHARES, project_name="p", guard=True, program=stand_in) as hold:
        assert hold.engine_sockets == {"a": "/r/engine-0.sock", "b": "/r/engine-1.sock"}
    with Hold(SHARES, project_name="p", program=stand_in) as hold:
        assert hold.engine_sockets == {}


def test_an_exception_in_the_block_ends_the_run_and_is_the_one_that_is_seen(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS", "70")
    with pytest.raises(KeyError), Hold(SHARES, program=stand_in):
        raise KeyError("mine")
    assert seen(stand_in, "seen.end") == "ended\n"


def test_a_run_that_was_not_held_to_its_end_is_an_error_with_a_report(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS", "70")
    hold = Hold(SHARES, program=stand_in).open()
    with pytest.raises(HoldError) as caught:
        hold.close()
    assert (caught.value.status, caught.value.message, caught.value.hint) == (70, "m", "h")
    assert hold.report is not None and hold.report["name"] == "n"
    assert hold.close() == hold.report


def test_a_run_that_was_killed_is_an_error_without_a_report(tmp_path: Path) -> None:
    program = tmp_path / "killed"
    program.write_text(STAND_IN.replace("cat >/dev/null", "kill -9 $$"))
    program.chmod(0o755)
    hold = Hold(SHARES, program=program)
    os.environ["SEEN"] = str(tmp_path / "seen")
    with pytest.raises(HoldError) as caught, hold:
        pass
    assert caught.value.status == -9
    assert hold.report is None


def test_a_caller_that_is_killed_lets_go(stand_in: Path) -> None:
    """Nothing else that it has started keeps the pipe open."""
    source = f"""
import subprocess, sys
from oss_crs_run import Hold
with Hold({SHARES!r}, program={str(stand_in)!r}):
    subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdout is not None and caller.stdout.readline() == "held\n"
        # The stand-in's own standard output is a pipe to the caller; its error output is ours.
        end = stand_in.parent / "seen.end"
        os.mkfifo(end)
        caller.kill()
        assert end.read_text() == "ended\n"


def test_a_guard_without_a_project_is_an_error_of_the_program() -> None:
    with pytest.raises(HoldError, match="--guard needs --project-name") as caught:
        Hold({"a": ("0", "64M")}, guard=True, program=PROGRAM).open()
    assert caught.value.status == 64


@pytest.mark.parametrize(
    ("shares", "status", "message"),
    [
        ({"a": ("x", "1G")}, 78, "standard input:1:"),
        ({"a": ("0", "1")}, 78, "standard input:1:"),
        ({"a b": ("0", "1G")}, 78, "'a b' cannot be the name of a CRS"),
        ({}, 78, ""),
    ],
)
def test_what_cannot_be_held_is_an_error_of_the_program(
    shares: dict[str, tuple[str, str]], status: int, message: str
) -> None:
    with pytest.raises(HoldError) as caught:
        Hold(shares, program=PROGRAM).open()
    assert caught.value.status == status
    assert message in caught.value.message


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(HoldError, match="nowhere/oss-crs-run: No such file or directory"):
        Hold(SHARES, program="/nowhere/oss-crs-run").open()
    ready, why = oss_crs_run.check("/nowhere/oss-crs-run")
    assert not ready and "No such file" in why


def test_check_says_what_the_program_says() -> None:
    done = subprocess.run(
        [PROGRAM, "check", "--json"], capture_output=True, text=True, check=False
    )
    ready, why = oss_crs_run.check(PROGRAM)
    assert ready == json.loads(done.stdout)["ready"]
    assert (why == "ok") == ready


# ---- instead of the functions of the Python OSS-CRS -----------------------------------------------


@dataclass
class Resource:
    cpuset: str
    memory: str


@dataclass
class Crs:
    name: str
    resource: Resource | None


def test_the_three_functions_hold_a_run(stand_in: Path) -> None:
    crs = [Crs("a", Resource("0-1", "1G")), Crs("b", Resource("2", "64M"))]
    path, parents = oss_crs_run.create_run_cgroups(
        "id", "run", crs, infra=Resource("3", "512M"), program=stand_in
    )
    assert str(path) == "/sys/fs/cgroup/p"
    assert parents == {"a": "/p/a", "b": "/p/b"}
    assert json.loads(seen(stand_in))["oss_crs_infra"] == {"cpuset": "3", "memory": "512M"}
    assert oss_crs_run.cleanup_cgroup(path) == (True, "Removed /sys/fs/cgroup/p")
    assert oss_crs_run.cleanup_cgroup(path) == (True, "Cgroup does not exist")


def test_the_hold_of_a_run_has_what_the_three_functions_do_not_return(stand_in: Path) -> None:
    crs = [Crs("a", Resource("0-1", "1G")), Crs("b", Resource("2", "64M"))]
    path, _ = oss_crs_run.create_run_cgroups(
        "id", "run", crs, project_name="p", guard=True, program=stand_in
    )
    hold = oss_crs_run.hold_of(path)
    assert hold is not None and hold.engine_sockets["b"] == "/r/engine-1.sock"
    oss_crs_run.cleanup_cgroup(path)
    assert hold.report is not None
    assert oss_crs_run.hold_of(path) is None


def test_a_cleanup_that_fails_says_why(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS", "70")
    crs = [Crs("a", Resource("0", "1G"))]
    path, _ = oss_crs_run.create_run_cgroups("id", "run", crs, program=stand_in)
    assert oss_crs_run.cleanup_cgroup(path) == (False, "m; h")


def test_a_run_that_cannot_be_held_is_not_run_without(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The Python OSS-CRS goes on without cgroups after an OSError."""
    crs = [Crs("a", Resource("x", "1G"))]
    for program, status, message in [
        (PROGRAM, 78, "standard input:1:"),
        ("/nowhere/oss-crs-run", 69, "/nowhere/oss-crs-run: No such file"),
    ]:
        with pytest.raises(SystemExit) as caught:
            oss_crs_run.create_run_cgroups("id", "run", crs, program=program)
        assert caught.value.code == status
        assert capfd.readouterr().err.count(message) == 1


def test_a_crs_without_resources_is_refused() -> None:
    with pytest.raises(ValueError, match="CRS 'a' has no resources"):
        oss_crs_run.create_run_cgroups("id", "run", [Crs("a", None)])
