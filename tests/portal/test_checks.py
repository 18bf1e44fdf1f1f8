"""`manage.py check --deploy`: each warning where it is due, none where it is not."""

from dataclasses import replace

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.utils import OperationalError

from portal import checks
from tests.factories import UserFactory

SOUND = {
    "demo": False,
    "debug": False,
    "database_url": "postgresql://portal_app@db/portal",
    "migration_database_url": "postgresql://portal_owner@db/portal",
    "allowed_hosts": ["portal.example"],
    "trusted_proxy_count": 1,
    "email": {"EMAIL_HOST": "mail.portal.example"},
    "email_from": "portal@portal.example",
}


@pytest.fixture
def said(settings):
    """The ids of ours under a sound environment with these differences."""

    def run(databases=(), **differences):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **{**SOUND, **differences})
        found = run_checks(include_deployment_checks=True, databases=databases)
        ours = [message for message in found if message.id.startswith("portal.")]
        assert all(message.hint for message in ours)
        return [message.id for message in ours]

    return run


def test_a_sound_deployment_is_not_warned_of(said):
    assert said() == []


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ({"migration_database_url": ""}, "portal.W001"),
        ({"demo": True}, "portal.W002"),
        ({"allowed_hosts": ["portal.example", "*"]}, "portal.W004"),
        ({"trusted_proxy_count": 0}, "portal.W005"),
        ({"email": {}, "email_from": "portal@localhost"}, "portal.W006"),
        ({"email_from": "portal@localhost"}, "portal.W007"),
        ({"database_url": "", "migration_database_url": ""}, "portal.I001"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_danger_is_named_alone(said, differences, expected):
    assert said(**differences) == [expected]


@pytest.mark.django_db
def test_demo_accounts_are_found_where_the_database_is_asked(said):
    UserFactory()
    assert said(databases=["default"]) == []
    UserFactory(is_demo=True)
    assert said(databases=["default"]) == ["portal.W003"]
    assert said() == []


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_reason_to_fail(said, monkeypatch):
    def away(*args):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)
    assert checks.demo_accounts(None, databases=["default"]) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEBUG", True, "security.W018"),
        ("SECRET_KEY", "short", "security.W009"),
        ("SECRET_KEY_FALLBACKS", ["short"], "security.W025"),
    ],
)
def test_what_django_itself_names(settings, name, value, expected):
    def found():
        return {message.id for message in run_checks(include_deployment_checks=True)}

    assert expected not in found()
    setattr(settings, name, value)
    assert expected in found()
