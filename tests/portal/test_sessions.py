"""How long a session lasts, whatever somebody does in it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory(organisation=ProviderFactory().organisation)


def sign_in(client, member):
    return client.post("/sign-in/", {"login": member.user.email, "password": "a-long-enough-sentence"})


def test_ends_after_sixty_minutes_without_a_request(client, member):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client, member)
        clock.move_to(start + timedelta(minutes=59))
        assert client.get("/organisation/").status_code == 200
        clock.move_to(start + timedelta(minutes=118))
        assert client.get("/organisation/").status_code == 200
        clock.move_to(start + timedelta(minutes=179))
        assert client.get("/organisation/").status_code == 302


def test_ends_after_twelve_hours_of_use(client, member):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client, member)
        for minutes in range(30, 12 * 60, 30):
            clock.move_to(start + timedelta(minutes=minutes))
            assert client.get("/organisation/").status_code == 200
        clock.move_to(start + timedelta(hours=12, seconds=1))
        assert client.get("/organisation/").status_code == 302


def test_signing_in_again_begins_anew(client, member):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client, member)
        clock.move_to(start + timedelta(hours=11))
        client.get("/organisation/")
        sign_in(client, member)
        clock.move_to(start + timedelta(hours=11, minutes=50))
        assert client.get("/organisation/").status_code == 200
        clock.move_to(start + timedelta(hours=12, minutes=30))
        assert client.get("/organisation/").status_code == 200


def test_cookie_is_for_this_browser_session_and_not_for_scripts(client, member):
    sign_in(client, member)
    cookie = client.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]


def test_session_key_changes_at_sign_in(client, member):
    client.get("/")
    session = client.session
    session["before"] = 1
    session.save()
    key = session.session_key
    sign_in(client, member)
    assert client.session.session_key != key


def test_pages_of_members_are_not_stored(client, member):
    sign_in(client, member)
    assert "no-store" in client.get("/organisation/")["Cache-Control"]
