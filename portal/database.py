"""Which database: the embedded PostgreSQL, or the server DATABASE_URL names; what is said when it is away.

Two roles. `portal_owner` owns the tables and migrates; `portal_app` serves pages and jobs and owns nothing:
what the owner withholds from it (changing an audit event) is withheld from every line of the portal.
"""

from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from portal import embedded
from portal.pg import DatabaseUnavailable

OLDEST_POSTGRESQL = 15
REPLICA = "replica"  # its name among Django's databases; there only while REPLICA_URL says where
LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    # Pages ask for few rows by index. Compiling such a question, or starting helpers for it, takes longer than the
    # answer; and on today's disks a row reached by an index costs about as much as one that is read in passing.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
}
# A migration may take long, but must not queue everybody behind a lock it waits for.
OWNER_LIMITS = {"lock_timeout": "30s"}
# Of a driver's message, when nobody is at the other end.
SILENCE = ("Connection refused", "No such file", "could not translate", "timeout", "unreachable", "resolve")


def databases(
    url: str | None,
    owner_url: str | None,
    embedded_home: Path,
    *,
    as_owner: bool,
    prepared: bool,
    replica_url: str = "",
) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `url` wins over the embedded server; who migrates has no replica."""
    if url:
        name = "MIGRATION_DATABASE_URL" if as_owner and owner_url else "DATABASE_URL"
        place = _parts(name, owner_url if as_owner and owner_url else url)
    else:
        place = {
            "NAME": "portal",
            "USER": embedded.OWNER if as_owner else embedded.APP,
            "HOST": str(embedded.at(embedded_home).socket_dir),
            "EMBEDDED": embedded_home,
        }
    found = {"default": _database(place, as_owner=as_owner, prepared=prepared)}
    if replica_url and not as_owner:
        found[REPLICA] = _database(_parts("REPLICA_URL", replica_url), as_owner=False, prepared=prepared)
        # Who is away is found out soon: the primary answers instead.
        found[REPLICA]["OPTIONS"]["connect_timeout"] = 2
        found[REPLICA]["TEST"] = {"MIRROR": "default"}
    return found


def _database(place: dict[str, Any], *, as_owner: bool, prepared: bool) -> dict[str, Any]:
    options: dict[str, Any] = place.pop("OPTIONS", {})
    options |= {"server_side_binding": prepared, "connect_timeout": options.get("connect_timeout", 5)}
    # Several statements at once, as migrations have them, cannot be prepared.
    options["prepare_threshold"] = 0 if prepared and not as_owner else None
    # A transaction pooler refuses start-up options; the operators' page has the ALTER ROLE that stands in.
    if prepared:
        limits = OWNER_LIMITS if as_owner else LIMITS
        options["options"] = f"{options.get('options', '')} {start_up(limits)}".strip()
    return {
        "ENGINE": "portal.pg",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": not prepared,
        "OPTIONS": options,
        **place,
    }


def serving_role(url: str) -> str:
    """The role that serves pages and jobs, as the settings name it."""
    return str(_parts("DATABASE_URL", url).get("USER") or "") if url else embedded.APP


def start_up(limits: dict[str, str]) -> str:
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


def _parts(name: str, url: str) -> dict[str, Any]:
    try:
        parts: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = {}
    ports = all(port.isdigit() for port in str(parts.get("port", "5432")).split(","))
    if not url.startswith(("postgresql://", "postgres://")) or not parts.get("dbname") or not ports:
        raise ImproperlyConfigured(f"{name} is not like postgresql://user:password@host:5432/database.")
    settings = {key.upper(): parts.pop(key, "") for key in ("user", "password", "host", "port")}
    return {"NAME": parts.pop("dbname"), **settings, "OPTIONS": parts}


def _server(params: dict[str, Any]) -> str:
    host, port = params.get("host"), params.get("port") or 5432
    return f"The PostgreSQL server at {host}:{port}" if host else "The PostgreSQL server on this machine"


def refusal(error: psycopg.OperationalError, params: dict[str, Any]) -> DatabaseUnavailable:
    """The driver's error as a sentence. A server may answer in any language: what is not known is quoted."""
    text, code, server = str(error), error.sqlstate or "", _server(params)
    if code.startswith("28") or "authentication failed" in text or "no password supplied" in text:
        user = params.get("user")
        said = f'{server} refuses the user "{user}" or the password; check DATABASE_URL.'
    elif code == "3D000" or "does not exist" in text:
        name = params.get("dbname")
        said = f'{server} has no database "{name}"; create it, or correct DATABASE_URL.'
    elif isinstance(error, psycopg.errors.ConnectionTimeout) or any(sign in text for sign in SILENCE):
        said = f"{server} does not answer; start it, or correct DATABASE_URL."
    else:
        first = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
        said = f"{server} refuses the connection: {first}"
    return DatabaseUnavailable(said)


def too_old(version: tuple[int, ...], params: dict[str, Any]) -> DatabaseUnavailable:
    found = ".".join(map(str, version))
    return DatabaseUnavailable(
        f"{_server(params)} is version {found}; the portal needs {OLDEST_POSTGRESQL} or newer."
    )
