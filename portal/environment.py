"""What the environment says: read once, typed, checked; a wrong or missing value is refused in one sentence.

`make run` leaves `var/demo` behind, so that a bare `manage.py` beside it speaks to the same database. It
counts only where the environment decides nothing: production that lost its DATABASE_URL still refuses.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

CHECKOUT = Path(__file__).resolve().parent.parent
DECIDING = ("DEMO", "DEBUG", "EMBEDDED_DATABASE", "DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Environment:
    var: Path
    demo: bool
    debug: bool
    database_url: str
    migration_database_url: str
    replica_url: str
    database_as_owner: bool
    db_prepared: bool
    pg_bin: str
    secret_key: str
    secret_key_fallbacks: list[str]
    allowed_hosts: list[str]
    trusted_proxy_count: int
    hsts_seconds: int
    email: dict[str, Any]
    email_from: str
    public_url: str
    log_level: str
    bind: str
    port: int
    web_workers: int
    worker_concurrency: int
    worker_stalled_seconds: int
    api_requests_per_minute: int
    audit_retention_years: int
    metrics_token: str
    webhooks_to_loopback: bool
    operator_admin: bool

    @property
    def local(self) -> bool:
        """For trying out and developing: plain http, a generated key."""
        return self.demo or self.debug


def read() -> Environment:
    env = Env()
    try:
        return _read(env)
    except EnvError as error:
        raise ImproperlyConfigured(str(error).replace("Environment variable ", "")) from error


def _read(env: Env) -> Environment:
    var = Path(env.str("VAR_DIR", "") or CHECKOUT / "var").absolute()
    noted = not any(os.environ.get(name) for name in DECIDING) and (var / "demo").exists()
    demo, debug = env.bool("DEMO", noted), env.bool("DEBUG", False)
    local = demo or debug
    if not (local or env.bool("EMBEDDED_DATABASE", False) or env.str("DATABASE_URL", "")):
        raise ImproperlyConfigured(
            "DATABASE_URL is not set. Give the address of a PostgreSQL server, or set EMBEDDED_DATABASE=1 "
            "(DEMO=1 and DEBUG=1 include it) for one that the portal runs by itself."
        )
    hosts: list[str] = env.list("ALLOWED_HOSTS", [])
    bind = env.str("BIND", "127.0.0.1")
    if demo and bind not in LOOPBACK:
        raise ImproperlyConfigured(
            f"DEMO=1 has public passwords and serves this machine only, not BIND={bind}."
        )
    if not local and not hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set. Give the host names people use, with commas.")
    to_loopback = env.bool("WEBHOOKS_TO_LOOPBACK", False)
    if to_loopback and not local:
        raise ImproperlyConfigured(
            "WEBHOOKS_TO_LOOPBACK=1 lets webhooks reach this machine: for DEMO=1 or DEBUG=1 only."
        )
    former: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
    port = _number(env, "PORT", 8000, 1, 65535)
    return Environment(
        var=var,
        demo=demo,
        debug=debug,
        database_url=env.str("DATABASE_URL", ""),
        migration_database_url=env.str("MIGRATION_DATABASE_URL", ""),
        replica_url=env.str("REPLICA_URL", ""),
        database_as_owner=env.bool("DATABASE_AS_OWNER", False),
        db_prepared=env.bool("DB_PREPARED", True),
        pg_bin=env.str("PG_BIN", ""),
        secret_key=env.str("SECRET_KEY", "") or _generated_key(var, local),
        secret_key_fallbacks=list(filter(None, former)),
        allowed_hosts=list(LOOPBACK) if demo or not hosts else hosts,
        trusted_proxy_count=_number(env, "TRUSTED_PROXY_COUNT", 0, 0, 9),
        hsts_seconds=_number(env, "HSTS_SECONDS", 31_536_000, 0, 10**9),
        email=dict(env.dj_email_url("EMAIL_URL")) if env.str("EMAIL_URL", "") else {},
        email_from=env.str("EMAIL_FROM", "portal@localhost"),
        public_url=_public_url(env, hosts, f"http://127.0.0.1:{port}" if local else ""),
        log_level=env.str("LOG_LEVEL", "INFO").upper(),
        bind=bind,
        port=port,
        web_workers=_number(env, "WEB_WORKERS", os.cpu_count() or 1, 1, 64),
        audit_retention_years=_number(env, "AUDIT_RETENTION_YEARS", 7, 1, 100),
        worker_concurrency=_number(env, "WORKER_CONCURRENCY", 4, 1, 64),
        worker_stalled_seconds=_number(env, "WORKER_STALLED_SECONDS", 30, 3, 60),
        api_requests_per_minute=_number(env, "API_REQUESTS_PER_MINUTE", 500, 1, 10**6),
        metrics_token=_metrics_token(env),
        webhooks_to_loopback=to_loopback,
        operator_admin=env.bool("OPERATOR_ADMIN", False),
    )


def _metrics_token(env: Env) -> str:
    token: str = env.str("METRICS_TOKEN", "")
    if token and (len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token):
        raise ImproperlyConfigured("METRICS_TOKEN needs 16 or more ASCII characters without spaces.")
    return token


def _number(env: Env, name: str, default: int, least: int, most: int) -> int:
    value: int = env.int(name, default)
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name}={value} is not between {least} and {most}.")
    return value


def _public_url(env: Env, hosts: list[str], otherwise: str) -> str:
    """What the links in mails begin with: given, or the first host name people use."""
    given: str = env.str("PUBLIC_URL", "").rstrip("/")
    named = next((host for host in hosts if not host.startswith((".", "*"))), "")
    url = given or otherwise or (f"https://{named}" if named else "")
    if not url:
        raise ImproperlyConfigured(
            "PUBLIC_URL is not set, and ALLOWED_HOSTS names no single host: give what links in mails begin with."
        )
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or parts.path
        or parts.query
        or parts.fragment
    ):
        raise ImproperlyConfigured(
            f"PUBLIC_URL={given} is not what links in mails can begin with, as in https://portal.company.example."
        )
    return url


def _generated_key(var: Path, local: bool) -> str:
    """Made once and kept, readable by this user only; processes that ask at once all get the same."""
    if not local:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Give 50 or more random characters; keep them secret."
        )
    path = var / "secret_key"
    try:
        if not path.exists():
            var.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = var / f"secret_key.{os.getpid()}"
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process was first
            finally:
                fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY cannot be kept in {path} ({error.strerror}); set it."
        ) from error
