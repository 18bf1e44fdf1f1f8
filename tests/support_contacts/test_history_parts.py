"""R9: whatever a subscription lived through, the parts of its history are the whole, and every page tells the same."""

import random
import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.prepared import Prepared
from subscriptions.models import Subscription
from support_contacts import subscription_history, subscription_rows
from support_contacts.contacts import shown
from support_contacts.forms import PARTS
from support_contacts.models import Designation, contact_at, intervals, on_day, standings
from support_contacts.subscription_page import page_for
from tests.factories import DesignationFactory, PartnerSuspensionFactory, ResellerFactory, make_eligible

DAY = timedelta(days=1)
LINES = 3


@pytest.fixture
def short_parts(monkeypatch):
    for module in (subscription_history, subscription_rows):
        monkeypatch.setattr(module, "PART", LINES)
    again = Prepared.by_key(
        subscription_rows._designations,
        provider=uuid.UUID,
        subscription=uuid.UUID,
        before=datetime,
        at=datetime,
    )
    monkeypatch.setattr(subscription_rows, "DESIGNATIONS", again)


def lived(world, chance, now):
    """A life: choices that follow upon each other, with gaps, some over as they began; grants and a suspension that
    begin and end in the middle; recorded late; moved to new commerce, some as a choice began."""
    began, row = now - 100 * DAY, world.subscription
    partners = [world.trey, *ResellerFactory.create_batch(2)]
    for partner in partners[1:]:
        make_eligible(partner, provider=world.provider, customer=world.customer)
    for grant in DelegatedAdmin.objects.all():
        since = began + chance.uniform(-30, 50) * DAY
        grant.requested_at = grant.established_at = since
        grant.ends_at = since + chance.uniform(20, 200) * DAY
        grant.save()
    if chance.random() < 0.5:
        until = began + chance.uniform(11, 60) * DAY
        PartnerSuspensionFactory(partner=partners[1], started_at=began + 10 * DAY, ended_at=until)
    chosen, at = [], began
    for _number in range(chance.randint(0, 14)):
        at += chance.choice([0, 0, 1, 3]) * DAY
        end = at + chance.choice([0, 1, 2, 5]) * DAY
        handed_back = at + (end - at) / 2 if chance.random() < 0.2 else None
        chosen.append(
            {"started_at": at, "ended_at": end, "ended_as": "replaced", "hands_back_at": handed_back}
        )
        at = end
    fate, moved = chance.random(), None
    if fate < 0.4 and chosen:
        chosen[-1] |= {"ended_at": None, "ended_as": ""}
    elif fate < 0.6:
        moved = at + chance.choice([0, 1]) * DAY
    elif fate < 0.7 and chosen:
        moved = chosen[-1]["started_at"]
    for one in chosen:
        DesignationFactory(subscription=row, partner=chance.choice(partners), **one)
    Subscription.objects.filter(pk=row.pk).update(
        recorded_at=began + chance.choice([0, 0, 20]) * DAY,
        effective_start=began - chance.choice([0, 5]) * DAY,
        is_new_commerce=moved is not None,
        moved_to_new_commerce_at=moved,
    )


def said(contact):
    return contact.kind, contact.partner, contact.designation, contact.cause and contact.cause.reason


def lines(found):
    return [(one.start, one.end, said(one.contact)) for one in found]


@pytest.mark.parametrize("seed", range(25))
def test_r9_the_parts_of_any_life_are_the_whole(world, agent, short_parts, seed):
    chance, now = random.Random(seed), timezone.now()
    lived(world, chance, now)
    row = subscription_rows.own(agent, world.customer.pk, str(world.subscription.public_id))
    chosen = list(Designation.objects.order_by("started_at", "pk"))
    known = standings(row.provider, row.customer_id)
    whole = intervals(row, chosen, known, now)

    entries, before = [], None
    while True:
        page = page_for(agent, row, before=before, now=now)
        entries += page.history.entries
        assert len(page.history.entries) <= LINES
        assert said(page.contact) == said(contact_at(row, chosen, known, now))
        assert page.stored == next((one for one in chosen if one.ended_at is None), None)
        assert lines([page.history.current.interval]) == lines(whole[-1:])
        for days in range(0, 100, 9):
            noon = (now - days * DAY).replace(hour=12)
            start = timezone.localtime(noon).replace(hour=0, minute=0, second=0, microsecond=0)
            day = on_day(whole, start, min(start + DAY, now))
            assert lines(page.history.on(start.date())) == lines(day), start
        if page.history.earlier is None:
            break
        before = PARTS.read(page.history.earlier.key)

    assert lines(entry.interval for entry in entries) == lines(reversed(whole))
    assert [entry.is_first for entry in entries] == [False] * (len(entries) - 1) + [True]
    assert [entry.is_now for entry in entries] == [True] + [False] * (len(entries) - 1)
    (told,) = shown([row], at=now)
    assert (told.kind, told.designation) == (whole[-1].contact.kind, whole[-1].contact.designation)
