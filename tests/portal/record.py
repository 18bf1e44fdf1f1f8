"""For tests of the record: events to seal, and the tables' owner, who can do what the portal may not."""

import io
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from portal.actor import Actor
from portal.audit import record
from portal.database import databases
from portal.models import Action

GUARDED = ("portal_auditevent", "portal_auditnote", "portal_auditseal")


def happened(organisation, *, at=None, action=Action.POLICY_CHANGED, acting=None, **said):
    """One event, committed."""
    with transaction.atomic():
        return record(
            action,
            acting=acting or Actor.operator(organisation),
            organisation=organisation,
            at=at or timezone.now(),
            **said,
        )


def owners_connection():
    """A connection of the role that owns the tables, to the database of this test."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    own = databases(*urls, settings.VAR_DIR / "database", as_owner=True, prepared=said.db_prepared)["default"]
    params = connection.get_connection_params()
    where = {key: params[key] for key in ("host", "port", "dbname") if key in params}
    password = {"password": own["PASSWORD"]} if own.get("PASSWORD") else {}
    return psycopg.connect(**where, user=own["USER"], **password)


def tampered(*statements):
    """What somebody does who has the owner's password: triggers off, the change, triggers on."""
    with owners_connection() as own:
        for table in GUARDED:
            own.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            said, params = (statement, None) if isinstance(statement, str) else statement
            assert own.execute(said, params).rowcount != 0, f"nothing was changed by {said}"
        own.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            own.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@contextmanager
def as_owner():
    """The portal's own connection as the tables' owner, as commands of the owner have it."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    own = databases(*urls, settings.VAR_DIR / "database", as_owner=True, prepared=said.db_prepared)["default"]
    keys = "USER", "PASSWORD", "OPTIONS"
    app = {key: connection.settings_dict[key] for key in keys}
    connection.close()
    connection.settings_dict.update({key: own.get(key, "") for key in keys})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(app)


def ran(command, *options):
    """What the command printed and how it ended: (lines, the error's sentence or "")."""
    out = io.StringIO()
    try:
        call_command(command, *options, stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), ""
