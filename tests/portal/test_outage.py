"""What counts as the database being away, said by whoever noticed it first."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from procrastinate.exceptions import ConnectorException

from portal import outage
from portal.identifiers import uuid7
from portal.jobs import defer

WHO = "SELECT pg_backend_pid()"


def lost_connection() -> None:
    """End this test's connection from another, as a restart of the server does."""
    params = connection.get_connection_params()
    with connection.cursor() as cursor:
        cursor.execute(WHO)
        (own,) = cursor.fetchone()
    names = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: params[name] for name in names if params.get(name)}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [own])


@pytest.mark.django_db(transaction=True)
def test_a_database_lost_while_a_job_is_deferred_is_away() -> None:
    def losing() -> None:
        with transaction.atomic():
            lost_connection()
            defer("portal.tell", event_id=uuid7())

    with pytest.raises(ConnectorException) as lost:
        losing()
    connection.close()
    assert outage.is_away(lost.value)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_refuses_a_statement_is_not_away() -> None:
    with pytest.raises(DatabaseError) as refused, connection.cursor() as cursor:
        cursor.execute("SELECT nothing")
    assert not outage.is_away(refused.value)
    wrong = ConnectorException()
    wrong.__cause__ = refused.value.__cause__
    assert not outage.is_away(wrong)
