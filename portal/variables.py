"""What the environment may say, told to people: each variable once, with its type, its default and its meaning.

portal/environment.py reads them; tests/portal/test_variables.py keeps the two, and the page for operators, together.
"""

from collections.abc import Iterable
from dataclasses import dataclass

#: Types, as a person understands them.
TEXT, LIST, NUMBER, SWITCH = "text", "list, with commas", "number", "0 or 1"
REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` is what is written for the same effect, or what happens instead; empty where nothing does."""

    name: str
    kind: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        "DATABASE_URL",
        TEXT,
        REQUIRED,
        "`postgresql://portal_app:…@host:5432/portal`: PostgreSQL 15 or newer, as the role that serves",
    ),
    Variable(
        "MIGRATION_DATABASE_URL",
        TEXT,
        "advised",
        "the same database as `portal_owner`, for `prepare`, `migrate`, `backup`, `restore`, `apply_retention`",
    ),
    Variable(
        "REPLICA_URL",
        TEXT,
        "",
        "a streaming replica of that database, as the role that serves: exports are read there",
    ),
    Variable(
        "SECRET_KEY",
        TEXT,
        REQUIRED,
        "50 or more random characters; webhook secrets are derived from it: to change it, keep the former one below",
    ),
    Variable(
        "SECRET_KEY_FALLBACKS",
        LIST,
        "",
        "former keys: while one is here, what it signed or encrypted stays good, webhook secrets too",
    ),
    Variable("ALLOWED_HOSTS", LIST, REQUIRED, "host names people use"),
    Variable(
        "TRUSTED_PROXY_COUNT",
        NUMBER,
        "0",
        "proxies in front that set `X-Forwarded-For` and `X-Forwarded-Proto`; they must overwrite the latter",
    ),
    Variable(
        "PUBLIC_URL", TEXT, "`https://` and the first of `ALLOWED_HOSTS`", "what links in mails begin with"
    ),
    Variable(
        "EMAIL_URL",
        TEXT,
        "",
        "`smtp+tls://user:password@host:587`; without it a copy of every mail lies in `VAR_DIR/mail`",
    ),
    Variable("EMAIL_FROM", TEXT, "portal@localhost", "who mails are from"),
    Variable("BIND", TEXT, "127.0.0.1", "where `manage.py serve` listens"),
    Variable("PORT", NUMBER, "8000", "on which port"),
    Variable("WEB_WORKERS", NUMBER, "one a core", "with how many processes"),
    Variable(
        "WORKER_CONCURRENCY",
        NUMBER,
        "4",
        "jobs one worker does at once, each with a connection while it runs",
    ),
    Variable(
        "WORKER_STALLED_SECONDS",
        NUMBER,
        "30",
        "3 to 60: a worker silent for so long counts as dead, and its jobs are begun again",
    ),
    Variable(
        "API_REQUESTS_PER_MINUTE",
        NUMBER,
        "500",
        "calls of one organisation to the API; over it, 429 until the minute ends",
    ),
    Variable("AUDIT_RETENTION_YEARS", NUMBER, "7", "what `apply_retention` leaves of the activity log"),
    Variable("METRICS_TOKEN", TEXT, "", "16 or more characters: `/metrics` is there, for whoever bears it"),
    Variable("OPERATOR_ADMIN", SWITCH, "0", "1 mounts the operators' admin at `/operator/`, to read only"),
    Variable("DB_PREPARED", SWITCH, "1", "0 behind a transaction pooler (PgBouncer)"),
    Variable(
        "PG_BIN",
        TEXT,
        "`PATH`, then what is installed",
        "the directory of `pg_dump` and `pg_restore` for `backup` and `restore`",
    ),
    Variable("HSTS_SECONDS", NUMBER, "31536000", "`Strict-Transport-Security`: a year"),
    Variable("LOG_LEVEL", TEXT, "INFO", "logs are JSON, one event a line, on stderr"),
    Variable("VAR_DIR", TEXT, "`var/`", "must be writable by the portal's user, and by nobody else"),
    Variable("EMBEDDED_DATABASE", SWITCH, "0", "1 runs the embedded PostgreSQL instead of `DATABASE_URL`"),
    Variable(
        "DATABASE_AS_OWNER",
        SWITCH,
        "0",
        "1 runs a command as `MIGRATION_DATABASE_URL` says; those that need it set it themselves",
    ),
    Variable(
        "WEBHOOKS_TO_LOOPBACK",
        SWITCH,
        "0",
        "1, with `DEMO` or `DEBUG` only, lets webhooks go to `http://127.0.0.1:…` of this machine",
    ),
    Variable("DEMO", SWITCH, "0", "never in production: public passwords"),
    Variable("DEBUG", SWITCH, "0", "never in production: tracebacks"),
)


def table(variables: Iterable[Variable] = VARIABLES) -> str:
    """The table in Markdown, as the page for operators has it."""
    rows = [("variable", "type", "default", "")]
    rows += [(f"`{each.name}`", each.kind, each.default, each.meaning) for each in variables]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---|---|---|---|", *lines[1:]]) + "\n"
