"""The database's disk is full: a page that says so without it, nothing acknowledged is lost, all heals by itself."""

import contextlib
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.soak.stack import Stack, running, writers
from tests.soak.test_database_killed import lost, stand

SIZE, ROUNDS = "256m", 4


@pytest.fixture
def small(var: Path) -> Iterator[Stack]:
    """The database, and nothing else, on a disk of its own."""
    database, away = var / "database", var / "moved"
    database.rename(away)
    database.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "portal-soak", database],
        capture_output=True,
        text=True,
    )
    assert mounted.returncode == 0, (
        f"This test mounts a small disk, for which it must be root: {mounted.stderr}"
    )
    try:
        shutil.copytree(away, database, dirs_exist_ok=True)
        shutil.rmtree(away)
        stack = Stack(var)
        try:
            yield stack
        finally:
            stack.close()
    finally:
        subprocess.run(["umount", "--lazy", database], check=True)


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        while True:
            file.write(bytes(65536))


def needs_a_log_file(stack: Stack) -> None:
    """Have PostgreSQL begin another file of its log, for which there is no room."""
    with contextlib.suppress(psycopg.Error), stack.superuser() as superuser:
        superuser.execute("SELECT pg_switch_wal()")
        superuser.execute("CHECKPOINT")


@pytest.mark.soak
def test_disk_full_under_two_writers(small: Stack, say) -> None:
    small.serve()
    at_work = writers(small, 2)
    ballast, before, healed = small.var / "database" / "ballast", stand(small), []
    with running(*(writer.until for writer in at_work)):
        for number in range(ROUNDS):
            done = [len(writer.acknowledged) for writer in at_work]
            small.until(
                lambda done=done: all(
                    len(writer.acknowledged) > had for writer, had in zip(at_work, done, strict=True)
                )
            )
            refusals = sum(len(writer.others) for writer in at_work)

            def refuses(refusals: int = refusals, crashes: bool = number % 2 == 1) -> bool:
                fill(ballast)  # what the database frees is taken too
                if crashes:
                    needs_a_log_file(small)
                return sum(len(writer.others) for writer in at_work) >= refusals + 6

            small.until(refuses, seconds=240)
            ballast.unlink()
            freed = time.monotonic()
            small.until(lambda freed=freed: all(writer.last > freed for writer in at_work))
            healed.append(time.monotonic() - freed)
    missing, untold = lost(at_work, before, stand(small))
    answers = sum((writer.statuses for writer in at_work), Counter())
    say(
        f"Disk full {ROUNDS} times: {answers['saved']} acknowledged, {missing} lost, {untold} saved without being told;"
        f" everybody wrote again within {max(healed):.1f} s of space; answers {dict(answers)}"
    )
    refused = [reply for writer in at_work for reply in writer.others]
    assert missing == 0
    assert {reply.status for reply in refused} == {503}, small.log()[-4000:]
    assert all(reply.retry_after for reply in refused)
    assert max(healed) < 30
    for writer in at_work:
        writer.visitor.close()
