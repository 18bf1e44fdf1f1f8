"""The same call twice has one effect; what another one is; who is asked first; what is forgotten."""

import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from portal.api import replay
from portal.models import ApiAnswer, Credential, Organisation
from portal.models.replay import KEPT
from portal.permissions import Role
from portal.tasks import clear_expired
from tests.api.caller import Caller, bearer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.echo")]

ID = "e9fdd90b-8a0c-4d0f-9c55-0d1f6a3e2b10"
PATH = "/v1/longer/a"
NAMED = {"MS-RequestId": ID}


def letters(organisation: Organisation) -> int:
    """How often the effect happened."""
    organisation.refresh_from_db()
    return organisation.name.count("+")


def put(caller: Caller, body: object = None, path: str = PATH, request_id: str = ID) -> Any:
    return caller.put(path, {"a": 1} if body is None else body, headers={"MS-RequestId": request_id})


def test_a_call_sent_again_gets_the_stored_answer_and_changes_nothing(client, organisation):
    """Java sends a call up to five times with one request id."""
    answers = [put(client) for _time in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert {answer["MS-RequestId"] for answer in answers} == {ID}
    assert letters(organisation) == 1


def test_the_request_id_counts_in_every_notation(client, organisation):
    for request_id in (ID, ID.upper(), f"{{{ID}}}"):
        assert put(client, request_id=request_id).status_code == 200
    assert letters(organisation) == 1


@pytest.mark.parametrize("request_id", ["", "no guid"])
def test_without_a_request_id_every_call_is_its_own(client, organisation, request_id):
    for _time in range(2):
        assert put(client, request_id=request_id).status_code == 200
    assert letters(organisation) == 2
    assert not ApiAnswer.objects.exists()


def test_another_body_path_query_or_request_id_is_another_call(client, organisation):
    put(client)
    put(client, {"a": 2})
    put(client, path="/v1/longer/b")
    put(client, path=f"{PATH}?x=1")
    put(client, request_id=ID.replace("e9", "e8"))
    assert letters(organisation) == 5


def test_another_method_is_another_call(client):
    assert put(client).status_code == 200
    assert client.post(PATH, {"a": 1}, headers=NAMED).status_code == 405


def test_another_credential_is_another_caller(client, organisation, caller):
    put(client)
    put(caller(organisation))
    assert letters(organisation) == 2


def test_a_call_that_fails_stores_nothing_and_may_be_sent_again(client, organisation):
    for _time in range(2):
        assert put(client, {"fail": True}).status_code == 400
    assert letters(organisation) == 0
    assert not ApiAnswer.objects.exists()


def test_who_may_no_longer_gets_no_stored_answer(client, organisation):
    put(client)
    Credential.objects.update(role=Role.SALES_AGENT)
    assert put(client).status_code == 403
    Credential.objects.update(revoked_at=timezone.now())
    assert put(client).status_code == 401
    assert letters(organisation) == 1


def test_who_calls_too_often_gets_no_stored_answer(client, settings):
    settings.API_REQUESTS_PER_MINUTE = 1
    assert [put(client).status_code for _time in range(2)] == [200, 429]


def test_after_a_day_it_is_a_new_call_even_before_it_is_pruned(client, organisation):
    put(client)
    _age(timedelta(hours=24, seconds=1))
    put(client)
    put(client)
    assert letters(organisation) == 2
    assert ApiAnswer.objects.count() == 1


def test_within_a_day_it_is_kept(client, organisation):
    put(client)
    _age(timedelta(hours=23, minutes=59))
    clear_expired(0)
    put(client)
    assert letters(organisation) == 1


def test_answers_older_than_a_day_are_pruned(client):
    put(client)
    _age(timedelta(hours=24, seconds=1))
    clear_expired(0)
    assert not ApiAnswer.objects.exists()


def _age(by: timedelta) -> None:
    ApiAnswer.objects.update(created_at=timezone.now() - by)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_effect_and_twenty_equal_answers(client, organisation):
    answers = at_once(20, lambda: put(Caller(client.secret)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert letters(organisation) == 1
    assert ApiAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_that_fail_leave_nothing(client, organisation):
    answers = at_once(20, lambda: put(Caller(client.secret), {"fail": True}))
    assert {answer.status_code for answer in answers} == {400}
    assert letters(organisation) == 0
    assert not ApiAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_second_waits_for_the_first_and_after_that_is_409(client, organisation, monkeypatch):
    """The first has written its key and does not come to an end: not 5xx, which Java repeats without end."""
    monkeypatch.setattr(replay, "WAITS", {"lock_timeout": "100ms", "statement_timeout": "5s"})
    put(client)
    row = ApiAnswer.objects.get()
    key = (row.credential_id, row.request_id, bytes(row.call))
    row.delete()
    with transaction.atomic():
        ApiAnswer.objects.create(
            credential_id=key[0],
            request_id=key[1],
            call=key[2],
            body=zlib.compress(b"{}"),
            created_at=timezone.now(),
        )
        [waited] = at_once(1, lambda: put(Caller(client.secret)))
        assert waited.status_code == 409
        assert waited.json()["code"] == 900278
    assert put(client).content == b"{}"
    assert letters(organisation) == 1


@pytest.mark.django_db(transaction=True)
def test_the_second_waits_longer_for_the_first_than_for_any_other_lock(client, organisation):
    """A batch may take its time. What the second waits for is no row it changes, but the answer."""
    put(client)
    row = ApiAnswer.objects.get()
    row.delete()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            row.save(force_insert=True)
            second = pool.submit(
                _in_thread, lambda: _impatient(lambda: put(Caller(client.secret))), Barrier(1)
            )
            _wait_until_somebody_waits(
                "AND clock_timestamp() - waitstart > interval '300 milliseconds'", second
            )
        assert second.result().status_code == 200
    assert letters(organisation) == 1


def test_only_the_claim_is_patient(client):
    put(client)
    row = ApiAnswer.objects.get()
    key = {"credential_id": row.credential_id, "request_id": row.request_id, "call": b"another"}
    limits = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(limits)
        before = cursor.fetchone()
        assert replay._claim(key, timezone.now())
        cursor.execute(limits)
        assert cursor.fetchone() == before == ("3s", "5s")


@pytest.mark.django_db(transaction=True)
def test_when_the_first_is_undone_the_second_is_the_first(client, organisation):
    put(client)
    row = ApiAnswer.objects.get()
    row.delete()
    outer = transaction.atomic()
    outer.__enter__()
    row.save(force_insert=True)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(_in_thread, lambda: put(Caller(client.secret)), Barrier(1))
        _wait_until_somebody_waits()
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)
        assert second.result().status_code == 200
    assert letters(organisation) == 2


def test_the_table_is_logged_and_so_survives_a_crash():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'portal_apianswer'")
        assert cursor.fetchone() == ("p",)
    assert KEPT.total_seconds() == 24 * 60 * 60


def test_the_answer_commits_with_its_effect_in_one_durable_transaction(client, monkeypatch):
    """No second transaction: the row is written on the connection, and in the block, of the effect."""
    seen: list[tuple[bool, bool]] = []
    claim = replay._claim

    def watched(*args: Any) -> Any:
        found = claim(*args)
        blocks = connection.atomic_blocks
        seen.append((connection.in_atomic_block, any(block.durable for block in blocks)))
        return found

    monkeypatch.setattr(replay, "_claim", watched)
    put(client)
    assert seen == [(True, True)]


def at_once(times: int, call: Callable[[], Any]) -> list[Any]:
    """This call so many times at the same moment, each with a connection of its own."""
    barrier = Barrier(times)
    with ThreadPoolExecutor(times) as pool:
        return [done.result() for done in [pool.submit(_in_thread, call, barrier) for _ in range(times)]]


def _in_thread(call: Callable[[], Any], barrier: Barrier) -> Any:
    try:
        barrier.wait(timeout=30)
        return call()
    finally:
        connections.close_all()


def _impatient(call: Callable[[], Any]) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    return call()


def _wait_until_somebody_waits(longer: str = "", who: Future[Any] | None = None) -> None:
    """Until PostgreSQL says that a session of ours waits for a transaction's end, or is done."""
    query = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' {longer}"
    for _time in range(20000):
        if who is not None and who.done():
            return
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")


def test_the_limit_of_waiting_is_the_connections(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("3s",)
    assert settings.DATABASES["default"]["CONN_MAX_AGE"] is None


def test_an_answer_is_visible_to_its_credential_alone(client, organisation):
    put(client)
    from django.test import RequestFactory

    from portal.credentials import authenticate

    def actor(secret: str) -> Any:
        request = RequestFactory().get("/v1/x", headers={"Authorization": f"Bearer {secret}"})
        return authenticate(request)

    assert ApiAnswer.objects.visible_to(actor(client.secret)).count() == 1
    assert not ApiAnswer.objects.visible_to(actor(bearer(organisation))).exists()
