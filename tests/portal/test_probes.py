"""What load balancers and monitoring ask, and what they are told: nothing of anybody."""

import json
import logging
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client

from portal import environment, readiness
from portal.models.webhooks import WebhookDelivery
from tests.factories import MembershipFactory

TOKEN = "figures-for-prometheus-only"


def told(client: Client, path: str, **headers: str) -> tuple[int, dict]:
    response = client.get(path, headers=headers)
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response
    assert response["X-Request-ID"]
    return response.status_code, json.loads(response.content)


def test_healthz_asks_nothing_of_anybody(client):  # no database here: a question would be an error
    assert told(client, "/healthz") == (200, {"status": "alive"})


@pytest.mark.django_db
class TestReady:
    def test_with_database_migrations_and_worker(self, client, django_assert_num_queries):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '7 s')"
            )
        readiness.known()
        with django_assert_num_queries(5):  # two of them begin and end a savepoint
            status, said = told(client, "/readyz")
        assert status == 200
        assert (said["status"], said["database"], said["migrations"]) == ("ready", "ok", "ok")
        assert said["worker"] == {"count": 1, "heartbeat_age_seconds": 7.0}

    def test_a_worker_that_fell_silent_counts_no_more_and_its_age_is_told(self, client):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '31 s')"
            )
        status, said = told(client, "/readyz")
        assert (status, said["worker"]) == (200, {"count": 0, "heartbeat_age_seconds": 31.0})

    def test_without_a_worker_it_is_ready_and_says_so(self, client):
        status, said = told(client, "/readyz")
        assert (status, said["worker"]) == (200, {"count": 0, "heartbeat_age_seconds": None})

    def test_a_migration_that_is_missing(self, client, monkeypatch):
        known = readiness.known() | {("portal", "9999_of_tomorrow")}
        monkeypatch.setattr(readiness, "known", lambda: known)
        status, said = told(client, "/readyz")
        assert (status, said["database"], said["migrations"]) == (503, "ok", "pending")

    def test_one_more_than_this_code_knows_is_no_harm(self, client, monkeypatch):
        fewer = frozenset(sorted(readiness.known())[1:])
        monkeypatch.setattr(readiness, "known", lambda: fewer)
        assert told(client, "/readyz")[0] == 200

    def test_without_any_tables(self, client, monkeypatch):
        assert readiness.pending() == 0
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path TO pg_catalog")
        assert readiness.pending() == len(readiness.known())

    def test_while_the_database_is_away(self, client, monkeypatch):
        def away(*args: object) -> None:
            raise OperationalError("connection to server at 10.1.2.3 failed for user portal_app")

        monkeypatch.setattr(connection, "cursor", away)
        status, said = told(client, "/readyz")
        assert (status, said["database"], said["migrations"]) == (503, "away", "unknown")
        assert "10.1.2.3" not in json.dumps(said)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
class TestDoor:
    def test_any_host_may_ask(self, client, path):
        assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200
        assert client.get("/", headers={"Host": "10.0.0.7:8000"}).status_code == 400

    def test_without_https(self, client, settings, path):
        settings.SECURE_SSL_REDIRECT = True
        client = Client()  # the middleware reads it when it is made
        assert client.get(path).status_code == 200
        assert client.get("/sign-in/").status_code == 301

    def test_whoever_is_signed_in(self, client, path):
        client.force_login(MembershipFactory().user)
        assert client.get(path).status_code == 200

    def test_no_other_method(self, client, path):
        response = client.post(path)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")

    def test_leaves_no_line(self, client, path, caplog):
        with caplog.at_level(logging.INFO):
            client.get(path)
        assert not caplog.records


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setattr(settings, "ENVIRONMENT", replace(settings.ENVIRONMENT, metrics_token=TOKEN))


def figures(client: Client, token: str = TOKEN) -> dict[str, float]:
    response = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.django_db
class TestFigures:
    @pytest.mark.parametrize("header", ["", "Bearer wrong-wrong-wrong-wrong", TOKEN, "Bearer é"])
    def test_for_whoever_has_the_token_alone(self, client, token, header):
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 404

    def test_there_are_none_without_a_token(self, client):
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_requests_are_counted_by_route(self, client, token):
        name = 'portal_request_seconds_count{method="GET",status="404",view="none"}'
        before = figures(client).get(name, 0)
        client.get("/no-such-page/camille-moreau/?name=camille")
        after = figures(client)
        assert after[name] == before + 1
        assert not [each for each in after if "camille" in each]
        assert not [each for each in after if 'view="metrics"' in each]

    def test_a_method_nobody_knows_is_not_a_label(self, client, token):
        client.generic("CAMILLE", "/")
        assert not [each for each in figures(client) if "CAMILLE" in each]

    def test_jobs_and_worker_and_database(self, client, token):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (task_name, status, queue_name) VALUES"
                " ('portal.tell', 'todo', 'default'), ('portal.tell', 'failed', 'default')"
            )
            cursor.execute("UPDATE procrastinate_events SET at = now() - interval '90 seconds'")
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 s')"
            )
        said = figures(client)
        assert said['portal_jobs{status="waiting"}'] == 1
        assert said['portal_jobs{status="failed"}'] == 1
        assert said['portal_jobs{status="running"}'] == 0
        assert 89 < said["portal_jobs_oldest_seconds"] < 120
        assert said["portal_worker_silent_seconds"] == 5
        assert said["portal_webhooks_due"] == WebhookDelivery.objects.count() == 0
        assert said["portal_database_up"] == 1
        assert sum(value for name, value in said.items() if "portal_database_connections" in name) >= 1
        assert said['portal_build_info{version="0.1.0"}'] == 1

    def test_while_the_database_is_away_the_rest_is_said(self, client, token, monkeypatch):
        def away(*args: object) -> None:
            raise OperationalError

        monkeypatch.setattr(connection, "cursor", away)
        said = figures(client)
        assert said["portal_database_up"] == 0
        assert "portal_webhooks_due" not in said

    @pytest.mark.parametrize("wrong", ["short", "sixteen letters ok"])
    def test_a_token_that_can_be_guessed_or_not_sent_is_refused(self, monkeypatch, wrong):
        monkeypatch.setenv("METRICS_TOKEN", wrong)
        with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN"):
            environment.read()
