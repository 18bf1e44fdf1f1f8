"""The processes of a running portal: started, kept alive, stopped together, found again after `kill -9`."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 12.0  # seconds for a process to finish what it does; its own limit is 10


@dataclass
class Child:
    """A program in a process group of its own, so that Ctrl-C reaches it once, through us."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    #: What it ends at to be started anew; or HUP, at which it replaces its own processes.
    replaced_by: signal.Signals = signal.SIGTERM
    exits: list[float] = field(default_factory=list)
    is_replaced: bool = field(default=False, init=False)
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        environ = {**os.environ, **self.environ}
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, start_new_session=True, env=environ
        )

    def replace(self) -> None:
        """Have it go on with the code of now. What it does at this moment is ended first."""
        self.is_replaced = self.replaced_by == signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, self.replaced_by)

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def begin_again(self) -> bool:
        """After an unexpected end: sweep up its group and start anew. False when it keeps ending."""
        if not self.is_replaced:
            self.exits = [*(when for when in self.exits if when > time.monotonic() - 60), time.monotonic()]
        self.is_replaced = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if len(self.exits) > 5:
            return False
        self.start()
        return True


class Record:
    """`serve.json`: who serves, where, with which processes. Its lock says whether the writer still lives."""

    def __init__(self, var: Path) -> None:
        self.path, self.lock = var / "serve.json", var / "serve.lock"
        self._fd: int | None = None

    def take(self) -> bool:
        """Become the one who serves from this directory; False when somebody does."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def write(self, url: str, children: list[Child]) -> None:
        pids = [child.process.pid for child in children]
        groups = [(pid, psutil.Process(pid).create_time()) for pid in pids if psutil.pid_exists(pid)]
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"pid": os.getpid(), "url": url, "groups": groups}))
        fresh.replace(self.path)

    def read(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)

    def sweep(self) -> int:
        """Stop what a killed predecessor left running; only while holding the lock."""
        groups = [(pid, born) for pid, born in self.read().get("groups", []) if _is_group(pid, born)]
        stop_groups([pid for pid, _ in groups])
        self.forget()
        return len(groups)


def _is_group(leader: int, born: float) -> bool:
    """Whether that process group is still the one recorded: its number may have been given away since."""
    try:
        return psutil.Process(leader).create_time() == born
    except psutil.NoSuchProcess:
        return any(
            _group_of(pid) == leader for pid in psutil.pids()
        )  # a number in use as a group is not given away


def _group_of(pid: int) -> int | None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        return os.getpgid(pid)
    return None


def stop_groups(groups: list[int]) -> None:
    """Ask every group to end, wait for all of them, then insist."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and any(_lives(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _lives(group: int) -> bool:
    """Whether anything of it runs: a dead leader still holds its sockets while one of its threads is dying."""
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error):
            if _group_of(pid) != group:
                continue
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1:
                return True
    return False


def has_terminal() -> bool:
    """Whether a terminal can hang up on us."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def is_free(host: str, port: int) -> bool:
    """Whether anybody listens there. The web server itself would not notice: it shares the port silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port somebody just left is free
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
