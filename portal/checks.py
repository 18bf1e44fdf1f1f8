"""What `manage.py check --deploy` says about a deployment beyond Django's own checks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

ONE_ROLE = Warning(
    "One database role does everything: MIGRATION_DATABASE_URL is not set.",
    hint="The portal then owns its tables, so only a trigger, which an owner can drop, keeps audit events from "
    "being changed. Give the tables to a role of their own; portal/deployment/README.md has the lines.",
    id="portal.W001",
)


@register(deploy=True)
def database_roles(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    environment = settings.ENVIRONMENT
    return [ONE_ROLE] if environment.database_url and not environment.migration_database_url else []
