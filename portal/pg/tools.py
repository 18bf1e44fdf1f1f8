"""pg_dump and pg_restore: which ones fit a server, and how they are told where it is.

A tool that is older than the server cannot read it. Of those that can, the one nearest to the server is taken: its
file can be read wherever that server's version is.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from portal.embedded import Embedded
from portal.pg import DatabaseUnavailable

DEBIANS = Path("/usr/lib/postgresql")  # one directory a version
_WORDS = {default.keyword.decode() for default in psycopg.pq.Conninfo.get_defaults()}


@dataclass(frozen=True, slots=True)
class Tools:
    """The directory of pg_dump and pg_restore, and their major version."""

    bin: Path
    major: int

    def __getitem__(self, program: str) -> str:
        return str(self.bin / program)


def fit(server: int, *, said: str = "", embedded: Path | None = None) -> Tools:
    """The tools for a server of this major version; `said` (PG_BIN) is the only place looked at when given."""
    found = list(_found([Path(said)] if said else _places(embedded)))
    if fitting := [tools for tools in found if tools.major >= server]:
        return min(fitting, key=lambda tools: tools.major)
    newest = max(found, key=lambda tools: tools.major, default=None)
    has = f"{newest.bin} has {newest.major}" if newest else f"there is none in {said or 'PATH'}"
    raise DatabaseUnavailable(
        f"PostgreSQL {server} needs pg_dump and pg_restore {server} or newer, and {has}; install "
        f"postgresql-client-{server}, or say in PG_BIN which directory has them."
    )


def _places(embedded: Path | None) -> Iterable[Path]:
    if embedded is not None:
        yield embedded
        return
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    yield from sorted(DEBIANS.glob("*/bin"))
    try:
        yield Embedded(Path()).bin
    except DatabaseUnavailable:
        return


def _found(places: Iterable[Path]) -> Iterable[Tools]:
    for place in places:
        versions = [_major(place / program) for program in ("pg_dump", "pg_restore")]
        if all(versions):
            yield Tools(place, min(versions))


def _major(program: Path) -> int:
    """0 for what is not there, or does not say."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number[1]) if number else 0


def place_of(params: dict[str, Any]) -> dict[str, Any]:
    """Of Django's connection parameters, those that PostgreSQL's own programs understand."""
    return {name: value for name, value in params.items() if name in _WORDS and value not in (None, "")}


def told(place: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """(--dbname, environment): the password goes by the environment, since everybody may read a command line."""
    place = dict(place)
    password = place.pop("password", "")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environ |= {name: os.environ[name] for name in ("PGPASSFILE", "PGSERVICEFILE") if name in os.environ}
    return make_conninfo(**place), environ | {"LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
