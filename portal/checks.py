"""What `manage.py check --deploy` says about a deployment beyond Django's own checks.

Django's say: DEBUG (security.W018), a SECRET_KEY or fallback that is short or simple (W009, W025), https.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, Tags, Warning, register
from django.db import connections
from django.db.utils import DatabaseError, InterfaceError

from portal.models import User

ONE_ROLE = Warning(
    "One database role does everything: MIGRATION_DATABASE_URL is not set.",
    hint="The portal then owns its tables, so only a trigger, which an owner can drop, keeps audit events from "
    "being changed. Give the tables to a role of their own; portal/deployment/README.md has the lines.",
    id="portal.W001",
)
DEMONSTRATION = Warning(
    "DEMO is on: accounts with a public password can sign in.",
    hint="Unset DEMO, and remove the note var/demo that `make run` leaves.",
    id="portal.W002",
)
DEMO_ACCOUNTS = Warning(
    "The database holds accounts of the demonstration.",
    hint="They cannot sign in while DEMO is off, and could the day it is on. Begin with an empty database: "
    "`manage.py prepare` and `create_organisation`.",
    id="portal.W003",
)
ANY_HOST = Warning(
    "ALLOWED_HOSTS lets any host name in.",
    hint="Links and redirects would repeat whatever name a request brings. Give the names people use.",
    id="portal.W004",
)
NO_PROXY = Warning(
    "TRUSTED_PROXY_COUNT is 0, and the portal does not speak TLS itself.",
    hint="Every request is then sent on to https without end, and limits count the proxy's address as everybody's. "
    "Give the number of proxies in front; they must overwrite X-Forwarded-Proto.",
    id="portal.W005",
)
NO_MAIL = Warning(
    "No mail is sent: EMAIL_URL is not set.",
    hint="Invitations, forgotten passwords and warnings only lie in VAR_DIR/mail. Give a mail server, as in "
    "EMAIL_URL=smtp+tls://user:password@mail.company.example:587.",
    id="portal.W006",
)
NO_SENDER = Warning(
    "Mail is sent as portal@localhost: EMAIL_FROM is not set.",
    hint="Most mail servers refuse it. Give an address of your domain.",
    id="portal.W007",
)
EMBEDDED = Info(
    "The portal runs its embedded PostgreSQL.",
    hint="It serves this machine alone, trusts whoever is its operating-system user, and is stopped with the "
    "portal. For more than one machine, set DATABASE_URL.",
    id="portal.I001",
)


@register(deploy=True)
def database_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    environment = settings.ENVIRONMENT
    if not environment.database_url:
        return [] if environment.local else [EMBEDDED]
    return [] if environment.migration_database_url else [ONE_ROLE]


@register(deploy=True)
def surroundings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the environment says, or leaves unsaid, that no deployment should."""
    environment = settings.ENVIRONMENT
    return [
        message
        for message, is_so in (
            (DEMONSTRATION, environment.demo),
            (ANY_HOST, "*" in environment.allowed_hosts),
            (NO_PROXY, not environment.trusted_proxy_count and not environment.local),
            (NO_MAIL, not environment.email),
            (NO_SENDER, bool(environment.email) and environment.email_from.endswith("@localhost")),
        )
        if is_so
    ]


@register(Tags.database, deploy=True)
def demo_accounts(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Asked with `--database default` alone. A database that is away or empty has none."""
    if settings.ENVIRONMENT.demo:
        return []
    for name in databases or ():
        try:
            if User.objects.using(name).filter(is_demo=True).exists():
                return [DEMO_ACCOUNTS]
        except (DatabaseError, InterfaceError):
            connections[name].close()
    return []
