"""How often an organisation may call, what the refusal says, and what it costs: nothing of the database."""

import hashlib
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.api import throttle
from portal.models import Credential
from portal.ratelimit import Rule
from tests.api.caller import Caller, bearer
from tests.factories import ProviderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.echo")]


@pytest.fixture
def limited(settings):
    settings.API_REQUESTS_PER_MINUTE = 3


def statuses(caller, times, path="/v1/echo"):
    return [caller.get(path).status_code for _time in range(times)]


@pytest.mark.usefixtures("limited")
def test_over_the_limit_is_429_with_seconds_and_microsofts_body(client):
    assert statuses(client, 3) == [200] * 3
    for _time in range(3):
        response = client.get("/v1/echo")
        assert response.status_code == 429
        seconds = int(response["Retry-After"])
        assert 0 < seconds <= 60
        assert response.json() == {
            "statusCode": 429,
            "message": f"Rate limit is exceeded. Try again in {seconds} seconds.",
        }


def test_microsofts_limit_is_the_default(settings):
    assert settings.API_REQUESTS_PER_MINUTE == 500


@pytest.mark.usefixtures("limited")
def test_the_limit_is_the_organisations_whichever_credential_calls(client, organisation, caller):
    other = caller(organisation)
    assert statuses(client, 2) + statuses(other, 2) == [200, 200, 200, 429]
    assert statuses(client, 1) == [429]


@pytest.mark.usefixtures("limited")
def test_another_organisation_is_not_held_up(client):
    statuses(client, 5)
    assert statuses(Caller(bearer(ProviderFactory().organisation)), 3) == [200] * 3


@pytest.mark.usefixtures("limited")
def test_what_fails_counts_too(client):
    assert statuses(client, 4, "/v1/nothing") == [404, 404, 404, 429]


@pytest.mark.usefixtures("limited")
def test_once_over_no_is_said_without_the_database(client):
    statuses(client, 4)
    with CaptureQueriesContext(connection) as captured:
        for method in ("GET", "PUT", "DELETE"):
            assert client.call(method, "/v1/echo").status_code == 429
    assert not captured.captured_queries


@pytest.mark.usefixtures("limited")
def test_another_process_says_no_as_well(client):
    """Its memory is empty, and the counter is the database's."""
    statuses(client, 4)
    throttle.forget()
    assert statuses(client, 1) == [429]


@pytest.mark.usefixtures("limited")
def test_after_the_window_it_is_let_in_again(client, monkeypatch):
    statuses(client, 4)
    now = time.monotonic()
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now + 61)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_ratelimit SET window_start = window_start - interval '61 seconds'")
    assert statuses(client, 1) == [200]


@pytest.mark.usefixtures("limited")
def test_revoked_while_over_the_limit_is_never_let_in(client):
    statuses(client, 4)
    Credential.objects.update(revoked_at=Credential.objects.get().created_at)
    assert statuses(client, 1) == [429]
    throttle.forget()
    assert statuses(client, 1) == [401]


@pytest.mark.usefixtures("limited")
def test_nobody_known_is_not_counted_for_an_organisation(client):
    client.secret = "portal_unknown"
    assert statuses(client, 6) == [401] * 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM portal_ratelimit WHERE key LIKE 'api:%'")
        assert cursor.fetchone() == (0,)


@pytest.fixture
def few_unknown(monkeypatch):
    monkeypatch.setattr(throttle, "UNKNOWN", Rule("api-unknown", limit=3, seconds=60))


def from_network(caller, address, times=1):
    return [caller.get("/v1/echo", REMOTE_ADDR=address).status_code for _time in range(times)]


@pytest.mark.usefixtures("few_unknown")
@pytest.mark.parametrize("secret", ["", "portal_unknown", "a.b.c"])
def test_nobody_known_is_429_after_so_many_of_a_network(secret):
    caller = Caller(secret)
    assert from_network(caller, "192.0.2.1", 5) == [401, 401, 401, 429, 429]
    response = caller.get("/v1/echo", REMOTE_ADDR="192.0.2.77")  # the same network
    seconds = int(response["Retry-After"])
    assert response.json()["message"] == f"Rate limit is exceeded. Try again in {seconds} seconds."
    assert from_network(caller, "198.51.100.1") == [401]


@pytest.mark.usefixtures("few_unknown")
def test_many_bad_bearers_are_counted_together():
    assert [from_network(Caller(f"portal_{n}"), "192.0.2.1")[0] for n in range(5)] == [401] * 3 + [429] * 2


@pytest.mark.usefixtures("few_unknown")
def test_who_is_known_is_not_refused_for_others_of_the_network(client):
    from_network(Caller("portal_unknown"), "192.0.2.1", 5)
    assert from_network(client, "192.0.2.1", 5) == [200] * 5


@pytest.mark.usefixtures("few_unknown")
def test_an_unknown_one_over_the_limit_costs_no_query():
    caller = Caller("portal_unknown")
    from_network(caller, "192.0.2.1", 4)
    with CaptureQueriesContext(connection) as captured:
        assert from_network(caller, "192.0.2.1") == [429]
    assert not captured.captured_queries
    with CaptureQueriesContext(connection) as captured:
        assert from_network(Caller("portal_other"), "192.0.2.1") == [429]
    assert len(captured) == 1  # is it known; what is over is not counted any more


@pytest.mark.usefixtures("few_unknown")
def test_unknown_ones_push_nobody_out_of_memory(client, settings, monkeypatch):
    settings.API_REQUESTS_PER_MINUTE = 1
    monkeypatch.setattr(throttle, "MOST", 5)
    statuses(client, 2)
    for number in range(20):
        from_network(Caller(f"portal_{number}"), "192.0.2.1")
    assert len(throttle._unknown) == 5
    with CaptureQueriesContext(connection) as captured:
        assert statuses(client, 1) == [429]
    assert not captured.captured_queries


def test_memory_is_bounded_and_holds_no_secret(monkeypatch, rf):
    monkeypatch.setattr(throttle, "MOST", 10)
    for number in range(25):
        throttle._remember(hashlib.blake2b(str(number).encode(), digest_size=16).digest(), 30)
    assert len(throttle._until) == 10
    request = rf.get("/", headers={"Authorization": "Bearer portal_secret"})
    throttle._remember(throttle._caller(request), 30)
    assert throttle.seconds_left(request) == 30
    assert all(type(known) is bytes and len(known) == 16 for known in throttle._until)


@pytest.mark.usefixtures("limited")
def test_the_names_of_the_call_are_on_a_refusal_too(client):
    statuses(client, 4)
    given = {"MS-RequestId": "e9fdd90b-8a0c-4d0f-9c55-0d1f6a3e2b10"}
    response = client.get("/v1/echo", headers=given)
    assert response.status_code == 429
    assert response["MS-RequestId"] == given["MS-RequestId"]
    assert response["X-Request-ID"] == given["MS-RequestId"]
