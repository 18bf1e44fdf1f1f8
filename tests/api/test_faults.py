"""Every failure in one shape: the flat body, Microsoft's numbers, our reasons; and only statuses clients end on."""

import logging

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from tests.api.echo import SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.echo")]


@pytest.mark.parametrize(
    ("kind", "status", "code", "data"),
    [
        ("fault", 404, 1000, ["not_here"]),
        ("conflict", 400, 2055, ["conflict"]),
        ("not-eligible", 400, 800016, ["relationship_missing"]),
        ("new-commerce", 400, 900141, ["new_commerce_not_supported"]),
        ("ended", 400, 2011, ["subscription_ended"]),
        ("busy", 409, 900278, ["busy"]),
        ("other", 400, 800002, ["too_many"]),
        ("not-visible", 404, 1000, ["not_found"]),
        ("http404", 404, 1000, ["not_found"]),
        ("not-permitted", 403, 900150, ["role_lacks_rights"]),
        ("django", 400, 3000, ["invalid_property", "email"]),
        ("pydantic", 400, 3000, ["invalid_property", "number"]),
        ("suspicious", 400, 800002, ["unreadable"]),
        ("bad-request", 400, 800002, ["unreadable"]),
        ("away", 503, 800003, ["unavailable"]),
        ("unexpected", 500, 800003, ["unexpected"]),
    ],
)
def test_what_fails_is_a_fault(client, kind, status, code, data):
    response = client.get(f"/v1/fail/{kind}")
    body = response.json()
    assert (response.status_code, body["code"], body["data"]) == (status, code, data)


def test_ninjas_own_validation_is_400_and_never_422(client):
    for query in ("", "?size=x", "?size=" + "9" * 5000):
        response = client.get(f"/v1/typed{query}")
        assert response.status_code == 400
        assert response.json()["code"] == 3000
        assert response.json()["data"] == ["invalid_property", "size"]


def test_values_are_not_repeated_in_a_fault(client):
    assert "secret" not in client.get("/v1/fail/pydantic").content.decode()


def test_the_refusal_names_the_roles_that_may(client):
    said = client.get("/v1/fail/not-permitted").json()["description"]
    assert "Global admin, Admin agent" in said


def test_a_fault_brings_its_headers(client):
    assert client.get("/v1/fail/fault")["X-Why"] == "test"


def test_what_nobody_foresaw_is_logged_once_with_the_request_and_not_told(client, caplog):
    with caplog.at_level(logging.INFO):
        response = client.get("/v1/fail/unexpected")
    assert SECRET not in response.content.decode()
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in records] == ["api_failed"]
    assert records[0].exc_info
    assert client.secret not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_503_with_retry_after(client):
    response = client.get("/v1/fail/slow")
    assert response.status_code == 503
    assert response["Retry-After"] == "15"


def test_a_database_that_is_away_is_503_in_json(client, monkeypatch):
    """Already where the caller is looked up."""

    def away(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "cursor", away)
    response = client.get("/v1/echo")
    assert response.status_code == 503
    assert response["Retry-After"] == "15"


def test_the_body_is_flat_and_its_code_a_number(client):
    body = client.get("/v1/fail/not-eligible").json()
    assert set(body) == {"code", "description", "data", "source"}
    assert type(body["code"]) is int
    assert type(body["data"]) is list
