# SPDX-License-Identifier: MIT
"""Hold the CPUs and the memory of a job with oss-crs-run(1).

A Hold is the cgroups of a job, one per CRS, for as long as a `with` block lasts::

    from oss_crs_run import Hold

    with Hold({"fuzzer": ("0-3", "8G"), "oss_crs_infra": ("4", "2G")}, run_id="nightly") as hold:
        start_containers(cgroup_parents=hold.cgroup_parents)
    print(hold.report["crs"])

Each container gets the `cgroup_parent` of its CRS. When the block ends, or this process does, however
it ends, `oss-crs-run hold` kills what is in the cgroups and removes them.

Needs nothing but Python 3.10 or later and the program oss-crs-run. The three functions at the end
have the names and the arguments of those of the Python OSS-CRS (oss_crs/src/cgroup.py), and can be
imported instead of them: docs/with-python-oss-crs.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

__all__ = [
    "Hold",
    "HoldError",
    "INFRA",
    "check",
    "check_cgroup_parent_available",
    "cleanup_cgroup",
    "create_run_cgroups",
    "hold_of",
]

INFRA = "oss_crs_infra"
"""The name of the CRS that stands for the job's own services."""

EX_TEMPFAIL = 75
"""HoldError.status where others have the CPUs or the memory: try later, or wait."""

Share = tuple[str, "str | int"]
"""CPUs as the kernel writes them ("0-3,8"), and memory: "8G", or a number of bytes."""


class HoldError(RuntimeError):
    """oss-crs-run could not hold the job, or has ended with an error.

    status is its exit status (docs/exit-status.md), hint what the user can do, or "".
    """

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.status = status
        self.message = message
        self.hint = hint


def _error(status: int, text: str) -> HoldError:
    """The error of an oss-crs-run that has ended with this status and printed this text."""
    try:
        error = json.loads(text)["error"]
        return HoldError(status, str(error["message"]), str(error["hint"]))
    except (ValueError, KeyError, TypeError):
        return HoldError(status, f"oss-crs-run ended with status {status}")


def _config(crs: Mapping[str, Share]) -> str:
    """The job in the crs-compose format. JSON is YAML."""
    entries: dict[str, Any] = {"run_env": "local"}
    for name, (cpus, memory) in crs.items():
        size = f"{memory}B" if isinstance(memory, int) else memory
        entries[name] = {"cpuset": cpus, "memory": size}
    return json.dumps(entries)


class Hold:
    """The cgroups of a job, from the call of open() or the beginning of a `with` block to its end.

    crs            per CRS its CPUs and memory; INFRA for the job's own services
    run_id, phase  the beginning of the run's name; phase is "build" or "run"
    project_name   the Compose project whose containers are watched, and removed at the end; it must
                   be empty at the start
    guard          a socket of the engine's API for each CRS, which holds what the CRS starts over
                   it to the CRS's limits (docs/guard.md); needs project_name
    wait           while others have the CPUs or the memory: False raises HoldError with status
                   EX_TEMPFAIL, True waits, a text such as "10m" waits for so long
    strict         end the run when something is not held, or cannot be checked
    options        more options of `oss-crs-run hold`
    program        the program, or its path

    While it is open: name (of the run), path (of its cgroup), cgroup_parents (per CRS, as Docker
    takes them), engine_sockets (per CRS, the path of its socket; empty without guard), report_path,
    and with project_name docker_host, the address of the engine that is watched. With Podman it is
    the run's own, and containers have to be started over it (DOCKER_HOST). After close(): report,
    the figures of the run (docs/json.md).
    """

    def __init__(
        self,
        crs: Mapping[str, Share],
        *,
        run_id: str | None = None,
        phase: str = "run",
        project_name: str | None = None,
        guard: bool = False,
        wait: bool | str = False,
        strict: bool = False,
        options: Iterable[str] = (),
        program: str | os.PathLike[str] = "oss-crs-run",
    ) -> None:
        self._config = _config(crs)
        self._command = [os.fspath(program), "hold", "--json", f"--phase={phase}"]
        if run_id is not None:
            self._command.append(f"--run-id={run_id}")
        if project_name is not None:
            self._command.append(f"--project-name={project_name}")
        if guard:
            self._command.append("--guard")
        if wait:
            self._command.append("--wait" if wait is True else f"--wait={wait}")
        if strict:
            self._command.append("--strict")
        self._command += [*options, "-"]
        self._child: subprocess.Popen[str] | None = None
        self.name = ""
        self.path = Path()
        self.cgroup_parents: dict[str, str] = {}
        self.engine_sockets: dict[str, str] = {}
        self.docker_host: str | None = None
        self.report_path: Path | None = None
        self.report: dict[str, Any] | None = None

    def open(self) -> Hold:
        """Make the cgroups, or raise HoldError. With wait, returns when it is the run's turn."""
        if self._child is not None:
            raise ValueError("already open")
        try:
            # In a session of its own: Ctrl-C is for this program, which ends the run when it is
            # ready. What this program starts must not inherit the pipes, and does not (PEP 446).
            child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as error:
            raise HoldError(69, f"{self._command[0]}: {error.strerror}") from error
        try:
            self._begin(child)
        except BaseException:
            self._end(child)
            raise
        self._child = child
        return self

    def _begin(self, child: subprocess.Popen[str]) -> None:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(f"{self._config}\n...\n")
            child.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended with an error, which it prints
        line = child.stdout.readline()
        try:
            begun = json.loads(line)
        except ValueError:
            text = line + child.stdout.read()
            raise _error(child.wait(), text) from None
        self.name = begun["name"]
        self.path = Path(begun["path"])
        self.cgroup_parents = dict(begun["cgroup_parents"])
        self.engine_sockets = dict(begun["engine_sockets"] or {})
        self.docker_host = begun["docker_host"]
        self.report_path = Path(begun["report"]) if begun["report"] else None
        self.report = None

    @staticmethod
    def _end(child: subprocess.Popen[str]) -> tuple[int, str]:
        """Let go, and return the status and all that it still prints."""
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        text = child.stdout.read()
        child.stdout.close()
        return child.wait(), text

    def close(self) -> dict[str, Any] | None:
        """End the run: kill what is in the cgroups, remove them, and return the report.

        Raises HoldError if the run was not held to its end, or not all of it could be removed; the
        report is then there all the same, if there is one. Does nothing if it is not open.
        """
        child, self._child = self._child, None
        if child is None:
            return self.report
        status, text = self._end(child)
        try:
            report, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            report, end = {"error": None}, 0
        if "error" not in report:
            self.report = report
            text = text[end:]
        if status != 0 or self.report is None:
            raise _error(status, text)
        return self.report

    def __enter__(self) -> Hold:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except HoldError:
            if error is None:  # else the block's own error is the one to see
                raise


def check(program: str | os.PathLike[str] = "oss-crs-run") -> tuple[bool, str]:
    """Whether this host is ready, and if not, what is missing and what to type."""
    try:
        done = subprocess.run(
            [os.fspath(program), "check", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            check=False,
        )
        found = json.loads(done.stdout)
        if "error" in found:
            raise _error(done.returncode, done.stdout)
        missing = [
            f"{finding['detail']} ({finding['hint']})" if finding["hint"] else finding["detail"]
            for finding in found["findings"]
            if finding["needed"] and not finding["ok"]
        ]
        return bool(found["ready"]), "; ".join(missing) or "ok"
    except (OSError, ValueError, KeyError) as error:
        return False, f"oss-crs-run check: {error}"


# ---- instead of the functions of the Python OSS-CRS -----------------------------------------------


class _Resource(Protocol):
    cpuset: str
    memory: str


class _Crs(Protocol):
    name: str
    resource: _Resource | None


_holds: dict[Path, Hold] = {}


def check_cgroup_parent_available() -> tuple[bool, str]:
    """Whether runs can be held on this host; if not, why."""
    return check()


def create_run_cgroups(
    run_id: str,
    phase: str,
    crs_list: Iterable[_Crs],
    infra: _Resource | None = None,
    **keywords: Any,
) -> tuple[Path, dict[str, str]]:
    """Make the cgroups of a run; cleanup_cgroup() or the end of this process removes them.

    infra is the share of the job's own services, whose parent is that of INFRA. keywords are those
    of Hold; what they add to it is in hold_of() of the path. If the run cannot be held, exits with
    oss-crs-run's status, such as EX_TEMPFAIL, and not with OSError: the Python OSS-CRS takes that
    for a reason to run without the cgroups, on CPUs that others have.
    """
    crs: dict[str, Share] = {}
    for entry in crs_list:
        if entry.resource is None:
            raise ValueError(f"CRS '{entry.name}' has no resources")
        crs[entry.name] = (entry.resource.cpuset, entry.resource.memory)
    if infra is not None:
        crs[INFRA] = (infra.cpuset, infra.memory)
    try:
        hold = Hold(crs, run_id=run_id, phase=phase, **keywords).open()
    except HoldError as error:
        if isinstance(error.__cause__, OSError):  # else the program has said it
            print(error, file=sys.stderr)
        raise SystemExit(error.status) from error
    _holds[hold.path] = hold
    return hold.path, hold.cgroup_parents


def hold_of(cgroup_path: Path) -> Hold | None:
    """The Hold that create_run_cgroups() has opened, until cleanup_cgroup() closes it."""
    return _holds.get(cgroup_path)


def cleanup_cgroup(cgroup_path: Path, recursive: bool = True) -> tuple[bool, str]:
    """Kill what is in the cgroups of a run, and remove them."""
    del recursive  # it always is
    hold = _holds.pop(cgroup_path, None)
    if hold is None:
        return True, "Cgroup does not exist"
    try:
        hold.close()
    except HoldError as error:
        return False, str(error)
    return True, f"Removed {cgroup_path}"
