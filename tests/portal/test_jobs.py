"""Jobs live and die with the transaction that makes them necessary."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import procrastinate
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from portal import ratelimit, tasks
from portal.jobs import defer

ID = UUID("0190163d-8694-739b-aea5-966c26f8ad91")


@pytest.fixture
def greeting() -> Iterator[str]:
    """A job nobody but these tests knows."""
    name = "tests.greet"
    app.task(name=name)(lambda **ids: None)
    yield name
    del app.tasks[name]


@pytest.mark.django_db
def test_job_is_stored_with_its_ids_as_text(greeting: str) -> None:
    defer(greeting, subscription=ID, version=3, code="R4")
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.status) == (greeting, "todo")
    assert job.args == {"subscription": str(ID), "version": 3, "code": "R4"}


@pytest.mark.django_db(transaction=True)
def test_job_of_a_transaction_that_rolls_back_was_never_there(greeting: str) -> None:
    with transaction.atomic():
        defer(greeting, subscription=ID)
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.exists()
    with transaction.atomic():
        defer(greeting, subscription=ID)
    assert ProcrastinateJob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_job_outside_a_transaction_is_refused(greeting: str) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        defer(greeting, subscription=ID)


@pytest.mark.django_db
def test_job_nobody_knows_is_refused() -> None:
    with pytest.raises(procrastinate.exceptions.TaskNotFound):
        defer("tests.no_such_job", subscription=ID)


@pytest.mark.django_db
def test_clear_expired_leaves_what_still_counts() -> None:
    now = timezone.now()
    for age, name in ((timedelta(hours=1), "ended"), (timedelta(hours=-1), "running")):
        Session.objects.create(
            session_key=name, session_data=SessionStore().encode({}), expire_date=now - age
        )
    ratelimit.hit("old", limit=1, seconds=60, now=now - timedelta(days=2))
    ratelimit.hit("young", limit=1, seconds=60, now=now)

    tasks.clear_expired(timestamp=0)

    assert list(Session.objects.values_list("session_key", flat=True)) == ["running"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM portal_ratelimit")
        assert cursor.fetchall() == [("young",)]


def test_periodic_jobs_are_registered() -> None:
    registered = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert registered["portal.clear_expired"] == "*/15 * * * *"
    assert registered["portal.seal_audit"] == "* * * * *"
    assert registered["portal.send_webhooks"] == "* * * * *"
