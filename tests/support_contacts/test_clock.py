"""Clocks that jump, and nights in which they are put forward or back: no grant counts past its end (R3, R7)."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from customers.models import DelegatedAdmin
from customers.operations import accept_request, request_customer
from portal.errors import NotEligible
from portal.models import AuditEvent, User
from portal.permissions import Role
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations import AlreadySo, choose_support_contact
from tests.support_contacts.conftest import acting, make_world, member

MICROSECOND = timedelta(microseconds=1)
#: Zone, and the wall clock of an end: twice that night (the first and the second time), or never.
NIGHTS = [
    ("Europe/Paris", datetime(2027, 10, 31, 2, 30)),
    ("Europe/Paris", datetime(2027, 10, 31, 2, 30, fold=1)),
    ("Europe/Paris", datetime(2027, 3, 28, 2, 30)),
    ("America/New_York", datetime(2027, 11, 7, 1, 30, fold=1)),
    ("Australia/Lord_Howe", datetime(2027, 4, 4, 1, 45, fold=1)),
    ("Pacific/Apia", datetime(2027, 3, 1, 0, 0)),
]
PROVIDER, TREY = "Fabrikam Distribution", "Trey Research"


def choose(world, partner, agent):
    """As from a page that was loaded just now: what the portal answers, a refusal too."""
    version = Subscription.objects.get(pk=world.subscription.pk).contact_version
    try:
        return choose_support_contact(
            world.subscription, partner_id=partner.pk, version=version, acting=acting(agent)
        )
    except NotEligible as refusal:
        return refusal


@pytest.fixture
def world(transactional_db):
    return make_world()


@pytest.mark.parametrize(("zone", "wall"), NIGHTS)
def test_a_grant_of_days_ends_to_the_microsecond_whatever_the_night(world, zone, wall):
    """Days are 24 hours from the moment of acceptance; the zone decides how the end is written, never when it is."""
    end = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    DelegatedAdmin.objects.all().delete()
    admin = member(world.customer.organisation, Role.GLOBAL_ADMIN)
    for person in (world.admin_agent, admin):
        User.objects.filter(pk=person.user_id).update(time_zone=zone)
    with time_machine.travel(end - timedelta(days=2), tick=False) as clock, timezone.override(zone):
        asked = request_customer(world.customer, partner=world.trey, acting=acting(world.admin_agent), days=2)
        accept_request(asked.relationship, acting=acting(admin))
        grant = DelegatedAdmin.objects.get()
        assert grant.ends_at == end

        clock.move_to(end - MICROSECOND)
        assert choose(world, world.trey, world.admin_agent).event.at < end
        shown = _whom_to_call(admin)
        assert TREY in shown

        for later in (timedelta(), timedelta(hours=1), timedelta(days=1), timedelta(days=400)):
            clock.move_to(end + later)
            assert not DelegatedAdmin.objects.active(timezone.now()).exists()
            assert not grant.is_active(timezone.now())
            assert not Designation.objects.in_force(timezone.now()).exists()
            assert isinstance(choose(world, world.trey, world.admin_agent), NotEligible)
        clock.move_to(end + MICROSECOND)
        assert PROVIDER in _whom_to_call(admin)


def _whom_to_call(admin):
    browser = Client()
    browser.force_login(admin.user)
    page = browser.get("/support/")
    assert page.status_code == 200
    (card,) = page.content.decode().split("<main")[1:]
    return card


def jumping(world, jumps):
    """An agent chooses at the hours of a clock that jumps by up to a day either way, around the end of a grant."""
    dice, begun = random.Random(20271031), timezone.now()
    end = begun + timedelta(days=2)
    DelegatedAdmin.objects.update(ends_at=end, established_at=begun)
    counts = {"chosen": 0, "refused": 0, "already so": 0, "back": 0}
    with time_machine.travel(begun, tick=False) as clock:
        for _ in range(jumps):
            jump = timedelta(seconds=dice.randint(-86_400, 86_400), microseconds=dice.randint(0, 999_999))
            now = min(max(timezone.now() + jump, begun), end + timedelta(days=2))
            clock.move_to(now)
            partner = dice.choice([world.trey, world.provider])
            last = AuditEvent.objects.order_by("at").last()
            # History is not written backwards: a clock that is behind what is recorded counts as that instant.
            counted = max(now, last.at) if last else now
            outcome = choose(world, partner, world.admin_agent)
            if isinstance(outcome, NotEligible):
                counts["refused"] += 1
                assert partner == world.trey
                assert counted >= end, "refused, though the grant was in force"
            elif isinstance(outcome, AlreadySo):
                counts["already so"] += 1
                assert partner == world.provider or Designation.objects.in_force(counted).exists()
            else:
                counts["chosen"] += 1
                counts["back"] += outcome.event.at > now
                assert outcome.event.at == counted
                assert partner == world.provider or outcome.event.at < end
            if now >= end:
                assert not Designation.objects.in_force(now).exists()
    assert not Designation.objects.filter(partner=world.trey, started_at__gte=end).exists()
    return counts


def test_no_grant_counts_past_its_end_whatever_the_clock_does(world):
    counts = jumping(world, 60)
    assert all(counts.values()), counts


@pytest.mark.soak
def test_no_grant_counts_past_its_end_in_five_hundred_jumps(world, capsys):
    counts = jumping(world, 500)
    with capsys.disabled():
        print(f"\n  500 jumps of the clock around the end of a grant: {counts}; none counted past its end")
    assert all(counts.values()), counts
