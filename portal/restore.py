"""Bring a backup back: one transaction, so that the database holds all of it or exactly what it held before.

pg_restore reads the file and says it in SQL; a connection of ours runs that. So emptying what was there, filling it and
the last look at who may do what are one transaction, which a broken file, a full disk or a killed process rolls back.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from portal.backup import BackupFailed, last_words
from portal.pg.tools import Tools

#: What tells a backup of the portal from any other archive.
OURS = ("django_migrations", "portal_auditevent")
_COPY = re.compile(rb"COPY .* FROM stdin;\n")
#: Said to psql alone, or unknown to a server before 17, whose newer pg_restore says it all the same.
_NOT_SQL = (b"\\restrict ", b"\\unrestrict ", b"SET transaction_timeout = 0;")
_CHUNK = 256 * 1024
PATIENCE = 3.0  # seconds

# What is the portal's to take away: everything in its schema that no extension brought.
_EMPTY = """
SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
    -- A sequence after the table whose column it may be, which takes it along.
    SELECT CASE relkind WHEN 'S' THEN 2 ELSE 1 END AS place,
           CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
           WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
           c.oid::regclass::text AS name, 'pg_class'::regclass AS catalog, c.oid AS oid
    FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT 3, 'ROUTINE', p.oid::regprocedure::text, 'pg_proc'::regclass, p.oid
    FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 4, 'TYPE', format('public.%I', typname), 'pg_type'::regclass, t.oid
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
    WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
) AS all_there
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = catalog AND d.objid = all_there.oid AND d.deptype = 'e')
ORDER BY place
"""
_OTHERS = """
SELECT DISTINCT usename FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL ORDER BY 1
"""
# A table restored beneath these would get them on top of its own: the right to change audit events, for one.
_DEFAULTS = """
SELECT CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
           WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END, privilege_type, rolname,
       coalesce(nspname, '')
FROM pg_default_acl CROSS JOIN aclexplode(defaclacl) JOIN pg_roles r ON r.oid = grantee
LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
WHERE defaclrole = current_user::regrole AND grantee <> defaclrole
"""


class Backup:
    """A file that `manage.py backup` wrote, looked at before anything is touched."""

    def __init__(self, file: Path, tools: Tools) -> None:
        self.file, self.tools = file, tools
        if not file.is_file():
            raise BackupFailed(f"{file} is not a file.")
        with self._said("--list") as lines:
            said = b"".join(lines).decode(errors="replace")
        if any(f" TABLE DATA public {table} " not in said for table in OURS):
            raise BackupFailed(f"{file} is not a backup of the portal.")
        version = re.search(r"Dumped from database version: (\d+)", said)
        self.server = int(version[1]) if version else 0

    def migrations(self) -> set[tuple[str, str]]:
        """What the schema in the file is made of: (app, name)."""
        with self._said("--data-only", "--table=django_migrations", "--file=-") as lines:
            return {(app, name) for _, app, name, *_ in _rows(lines)}

    def sql(self) -> AbstractContextManager[IO[bytes]]:
        return self._said("--file=-")

    @contextmanager
    def _said(self, *how: str) -> Iterator[IO[bytes]]:
        """What pg_restore says, while it says it; refused when it stops in the middle of the file."""
        with (
            tempfile.TemporaryFile() as complaints,
            subprocess.Popen(
                [self.tools["pg_restore"], *how, str(self.file)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints,
            ) as program,
        ):  # fmt: skip
            assert program.stdout  # noqa: S101
            try:
                yield program.stdout
            except BaseException as error:
                # Half a row, because the file ends there, is the file's fault and not the database's.
                if not isinstance(error, psycopg.Error) or program.stdout.read(1) or not program.wait():
                    program.kill()
                    raise
            if program.wait():
                complaints.seek(0)
                said = last_words(complaints.read().decode(errors="replace"))
                if "unsupported version" in said:
                    raise BackupFailed(
                        f"{self.file} was written by a newer pg_dump than pg_restore {self.tools.major} in "
                        f"{self.tools.bin} can read; say in PG_BIN which directory has a newer one."
                    )
                raise BackupFailed(f"{self.file} is broken, and nothing was changed: {said}")


def _rows(lines: IO[bytes]) -> Iterator[list[str]]:
    inside = False
    for line in lines:
        if inside and line != b"\\.\n":
            yield line.decode().rstrip("\n").split("\t")
        else:
            inside = not inside and bool(_COPY.fullmatch(line))


class Target:
    """The database a backup is brought back to, held by its owner in one transaction until `commit`."""

    def __init__(self, place: dict[str, Any]) -> None:
        self.connection = psycopg.connect(**place, prepare_threshold=None)

    def __enter__(self) -> "Target":
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()  # what was not committed never was

    @property
    def major(self) -> int:
        return self.connection.info.server_version // 10000

    def others(self) -> list[str]:
        """Who else is connected: a portal that serves, a worker, a colleague. Who is just leaving is waited for."""
        until = time.monotonic() + PATIENCE
        while True:
            found = [name for (name,) in self.connection.execute(_OTHERS)]
            self.connection.rollback()  # a transaction sees the same list for ever
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.05)

    def is_empty(self) -> bool:
        return not self.connection.execute(_EMPTY).fetchall()

    def replace(self, backup: Backup, *, serving: str) -> None:
        """Empty it, fill it, and see that the role that serves may what it must and no more. Not yet committed."""
        own = self.connection
        try:
            for (statement,) in own.execute(_EMPTY).fetchall():
                own.execute(statement)
            defaults = own.execute(_DEFAULTS).fetchall()
            for default in defaults:
                own.execute(_by_default("REVOKE", *default))
            with backup.sql() as lines:
                self._run(lines)
            for default in defaults:
                own.execute(_by_default("GRANT", *default))
            self._look(serving)
        except psycopg.Error as error:
            first = str(error).splitlines()[0]
            hint = ""
            if isinstance(error, psycopg.errors.UndefinedObject) and first.startswith("role "):
                hint = " Create the database's roles first."
            raise BackupFailed(
                f"The database refuses the backup, and nothing was changed: {first}.{hint}"
            ) from error

    def commit(self) -> None:
        self.connection.commit()
        self.connection.autocommit = True
        self.connection.execute("ANALYZE")  # what it holds is new to it: without figures it plans badly

    def _run(self, lines: IO[bytes]) -> None:
        """SQL as it is; rows of a COPY by the way that is made for them."""
        waiting: list[bytes] = []
        for line in lines:
            if _COPY.fullmatch(line):
                self._say(waiting)
                with self.connection.cursor() as cursor, cursor.copy(line) as copy:
                    for rows in _until_the_end(lines):
                        copy.write(rows)
            elif not line.startswith(_NOT_SQL):
                waiting.append(line)
        self._say(waiting)

    def _say(self, waiting: list[bytes]) -> None:
        if any(line.strip() and not line.startswith(b"--") for line in waiting):
            self.connection.execute(b"".join(waiting))
        waiting.clear()

    def _look(self, serving: str) -> None:
        """A restored portal that cannot serve, or could rewrite its history, is refused before anybody sees it."""
        (owner,) = self.connection.execute("SELECT current_user").fetchone() or ("",)
        if serving == owner:
            return
        right = sql.SQL("SELECT has_table_privilege({}, {}, {})")

        def may(table: str, what: str) -> bool:
            found = self.connection.execute(right.format(serving, f"public.{table}", what)).fetchone()
            return bool(found and found[0])

        if not may("portal_organisation", "SELECT, INSERT, UPDATE"):
            raise BackupFailed(
                f"Nothing was changed: in this backup {serving} has no right to the tables. It comes from a database "
                "with other roles; restore it with the roles it had."
            )
        if may("portal_auditevent", "UPDATE, DELETE, TRUNCATE"):
            raise BackupFailed(f"Nothing was changed: with this backup {serving} could change audit events.")


def _by_default(verb: str, kind: str, privilege: str, role: str, schema: str) -> sql.Composed:
    return sql.SQL("ALTER DEFAULT PRIVILEGES {} {} {} ON {} {} {}").format(
        sql.SQL("IN SCHEMA {}").format(sql.Identifier(schema)) if schema else sql.SQL(""),
        sql.SQL(verb),
        sql.SQL(privilege),
        sql.SQL(kind),
        sql.SQL("TO" if verb == "GRANT" else "FROM"),
        sql.Identifier(role),
    )


def _until_the_end(lines: IO[bytes]) -> Iterator[bytes]:
    """The rows of one table, in pieces large enough to be quick."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if line == b"\\.\n":
            break
        piece.append(line)
        size += len(line)
        if size > _CHUNK:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)
