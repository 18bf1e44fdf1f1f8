"""A backup: everything the database holds at one instant, in one file that `manage.py restore` brings back.

It is PostgreSQL's own custom format, so pg_restore reads it too. Left out: who is signed in and the counters of
attempts. What was never in the database is not in it either: SECRET_KEY, without which sealed mails, webhook secrets
and links in the file are closed for good, is kept by whoever keeps the settings.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.pg.tools import Tools, told

#: A session in a file would open the portal to whoever finds the file; counters are stale when they come back.
WITHOUT_ROWS = ("django_session", "portal_ratelimit")


class BackupFailed(Exception):
    """Nothing was written, or nothing was changed; the message is for a person and says why."""


def named(target: Path, now: datetime) -> Path:
    """The file: the one given, or one named after the instant in the directory given."""
    if target.is_dir():
        return target / f"portal-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.dump"
    return target


def write(place: dict[str, Any], tools: Tools, target: Path) -> int:
    """Write the backup and return its size. Whole or not at all, on disk when this returns, nobody else's to read."""
    target = target.absolute()
    if target.exists():
        raise BackupFailed(f"{target} exists already; a backup replaces nothing.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"{target.parent} cannot be written to ({error.strerror}).") from error
    try:
        _dump(place, tools, partial)
        size = partial.stat().st_size
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return size


def _dump(place: dict[str, Any], tools: Tools, file: Path) -> None:
    database, environ = told(place)
    done = subprocess.run(
        [
            tools["pg_dump"],
            *("--format=custom", "--no-password", "--no-unlogged-table-data", "--lock-wait-timeout=30s"),
            *(f"--exclude-table-data=*.{table}" for table in WITHOUT_ROWS),
            *(f"--file={file}", f"--dbname={database}"),  # pg_dump flushes the file to disk itself
        ],
        env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode:
        raise BackupFailed(f"pg_dump failed, and no file was kept: {last_words(done.stderr)}")


def last_words(text: str) -> str:
    """The sentence of a program's complaint that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line] or lines
    return errors[0] if errors else "it does not say why."
