"""R1, R7, R9: who was the contact at every instant, from the records alone."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import DelegatedAdmin
from portal.models import Organisation, Partner, ResellerRelationship
from subscriptions.models import Subscription
from support_contacts.models import (
    ContactKind,
    Designation,
    Standing,
    contact_at,
    intervals,
    on_day,
    standings,
)
from tests.factories import (
    DesignationFactory,
    PartnerSuspensionFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)

NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def subscription(world):
    began = NOW - 100 * DAY
    return SubscriptionFactory(
        provider=world.provider, customer=world.customer, effective_start=began, recorded_at=began
    )


def life(subscription, now=NOW):
    designations = list(
        subscription.designations.select_related("partner__organisation").order_by("started_at")
    )
    return intervals(
        subscription, designations, standings(subscription.provider, subscription.customer_id), now
    )


def told(found):
    return [
        (
            interval.contact.kind.value,
            interval.contact.partner and interval.contact.partner.name,
            interval.start,
        )
        for interval in found
    ]


def test_r1_a_subscription_nobody_touched_has_its_provider_from_the_day_it_began(world, subscription):
    assert told(life(subscription)) == [("default", "Fabrikam Distribution", NOW - 100 * DAY)]
    assert life(subscription)[0].end is None


def test_r9_before_the_first_record_nothing_is_claimed(world, subscription):
    subscription.effective_start = NOW - 900 * DAY
    subscription.save()

    assert told(life(subscription)) == [
        ("not_recorded", None, NOW - 900 * DAY),
        ("default", "Fabrikam Distribution", NOW - 100 * DAY),
    ]


def test_r7_a_grant_that_ends_and_comes_back_changes_the_contact_without_any_job(world, subscription):
    tailspin = ResellerFactory(name="Tailspin Toys")
    _, grant = make_eligible(tailspin, provider=world.provider, customer=world.customer)
    grant.established_at, grant.ends_at = NOW - 80 * DAY, NOW - 40 * DAY
    grant.save()
    DesignationFactory(subscription=subscription, partner=tailspin, started_at=NOW - 60 * DAY)
    again = type(grant).objects.create(
        relationship=grant.relationship, established_at=NOW - 20 * DAY, ends_at=NOW + 20 * DAY
    )

    assert told(life(subscription)) == [
        ("default", "Fabrikam Distribution", NOW - 100 * DAY),
        ("designated", "Tailspin Toys", NOW - 60 * DAY),
        ("fallback", "Fabrikam Distribution", NOW - 40 * DAY),
        ("designated", "Tailspin Toys", NOW - 20 * DAY),
    ]
    assert life(subscription)[2].contact.cause.reason == "delegated_admin_expired"
    assert life(subscription, now=again.ends_at)[-1].contact.kind == ContactKind.FALLBACK


def test_r5_after_the_move_to_new_commerce_there_is_no_designated_contact(world, subscription):
    subscription.is_new_commerce, subscription.moved_to_new_commerce_at = True, NOW - 10 * DAY
    subscription.save()

    assert [kind for kind, _, _ in told(life(subscription))] == ["default", "new_commerce"]


def test_new_commerce_from_the_start_never_had_one(world, subscription):
    subscription.is_new_commerce = True
    subscription.save()

    assert [kind for kind, _, _ in told(life(subscription))] == ["new_commerce"]


def test_a_zero_length_designation_is_hidden(world, subscription):
    make_eligible(reseller := ResellerFactory(), provider=world.provider, customer=world.customer)
    at = NOW - 5 * DAY
    DesignationFactory(
        subscription=subscription, partner=reseller, started_at=at, ended_at=at, ended_as="replaced"
    )

    assert [kind for kind, _, _ in told(life(subscription))] == ["default"]


def test_r9_a_day_answers_with_every_interval_of_it(world, subscription):
    noon = (NOW - 10 * DAY).replace(hour=12, minute=0, second=0)
    DesignationFactory(subscription=subscription, partner=world.trey, started_at=noon)
    midnight = noon.replace(hour=0)

    found = on_day(life(subscription), midnight, midnight + DAY)

    assert [(i.contact.kind.value, i.start, i.end) for i in found] == [
        ("default", midnight, noon),
        ("designated", noon, midnight + DAY),
    ]


def test_r7_from_the_day_it_is_handed_back_the_provider_is_the_contact(world, subscription):
    day = NOW - 10 * DAY
    DesignationFactory(
        subscription=subscription, partner=world.trey, started_at=NOW - 30 * DAY, hands_back_at=day
    )

    assert told(life(subscription)) == [
        ("default", "Fabrikam Distribution", NOW - 100 * DAY),
        ("designated", "Trey Research", NOW - 30 * DAY),
        ("fallback", "Fabrikam Distribution", day),
    ]
    assert (life(subscription)[-1].contact.cause.reason, life(subscription)[-1].contact.cause.since) == (
        "handed_back",
        day,
    )


def test_the_timeline_agrees_with_the_question_asked_of_the_database(world, subscription):
    """`in_force(at)` and the intervals are one truth, at every boundary and just before it."""
    tailspin = ResellerFactory(name="Tailspin Toys")
    _, grant = make_eligible(tailspin, provider=world.provider, customer=world.customer)
    grant.established_at, grant.ends_at = NOW - 80 * DAY, NOW - 30 * DAY
    grant.save()
    PartnerSuspensionFactory(partner=tailspin, started_at=NOW - 50 * DAY, ended_at=NOW - 45 * DAY)
    DesignationFactory(
        subscription=subscription,
        partner=tailspin,
        started_at=NOW - 70 * DAY,
        ended_at=NOW - 20 * DAY,
        ended_as="replaced",
    )
    DesignationFactory(
        subscription=subscription,
        partner=world.trey,
        started_at=NOW - 20 * DAY,
        hands_back_at=NOW - 5 * DAY,
    )
    found = life(subscription)
    by_partner = standings(subscription.provider, subscription.customer_id)
    designations = list(subscription.designations.select_related("partner__organisation"))

    assert [i.contact.kind.value for i in found] == [
        "default",
        "designated",
        "fallback",
        "designated",
        "fallback",
        "designated",
        "fallback",
    ]
    for interval in found:
        for at in (interval.start, interval.start - timedelta(microseconds=1)):
            in_force = Designation.objects.in_force(at).filter(subscription=subscription).first()
            contact = contact_at(subscription, designations, by_partner, at)
            designated = contact.designation if contact.kind == ContactKind.DESIGNATED else None
            assert in_force == designated, at


def test_a_subscription_recorded_by_a_clock_that_is_ahead_has_its_provider(world):
    """DECISIONS 15: hosts' clocks differ, and every page takes the last interval."""
    row = SubscriptionFactory(
        provider=world.provider,
        customer=world.customer,
        effective_start=None,
        recorded_at=NOW + timedelta(seconds=5),
    )

    assert [kind for kind, _, _ in told(life(row))] == ["default"]


# -- without a database: rows made in memory


def day(number):
    return NOW + number * DAY


def partner(name):
    return Partner(organisation=Organisation(name=name), is_indirect_reseller=True)


PROVIDER, *RESELLERS = (partner(name) for name in ("Fabrikam", "Trey", "Tailspin"))


@st.composite
def lives(draw):
    """A subscription with designations that do not overlap, some of no length, and what they rest on."""
    days = st.integers(0, 60)
    row = Subscription(
        provider=PROVIDER,
        effective_start=day(draw(days)),
        recorded_at=day(draw(days)),
        moved_to_new_commerce_at=draw(st.none() | days.map(day)),
    )
    row.is_new_commerce = row.moved_to_new_commerce_at is not None
    edges = sorted(draw(st.lists(days, max_size=16)))
    rows = [
        Designation(
            subscription=row, partner=draw(st.sampled_from(RESELLERS)), started_at=day(a), ended_at=day(b)
        )
        for a, b in pairwise(edges)
        if draw(st.booleans())
    ]
    if edges and draw(st.booleans()):
        rows.append(Designation(subscription=row, partner=RESELLERS[0], started_at=day(edges[-1])))
    known = {}
    for reseller in RESELLERS:
        spans = [sorted(draw(st.tuples(days, days))) for _grant in range(3)]
        grants = [DelegatedAdmin(established_at=day(a), ends_at=day(b)) for a, b in spans]
        related = [ResellerRelationship(provider=PROVIDER, reseller=reseller, established_at=day(draw(days)))]
        known[reseller.pk] = Standing(reseller, related, grants)
    return row, draw(st.permutations(rows)), known, day(draw(days))


def summed(contact):
    reason = contact.cause.reason if contact.cause else None
    return contact.kind, contact.partner, contact.designation, reason


@settings(deadline=None)
@given(lives())
def test_intervals_are_the_contact_of_every_instant(made):
    """The same answer as asking for each instant alone, whatever order the rows come in."""
    row, designations, known, now = made
    now = max(now, row.recorded_at)
    found = intervals(row, designations, known, now)

    assert found[0].start == min(row.began_at, row.recorded_at)
    assert found[-1].end is None
    assert all(one.end == other.start for one, other in pairwise(found))
    for half in range(2 * (now - found[0].start).days + 1):
        at = found[0].start + half * DAY / 2
        during = next(one for one in found if one.start <= at and (one.end is None or at < one.end))
        assert summed(during.contact) == summed(contact_at(row, designations, known, at)), at


class Watched:
    """A designation that counts how often its beginning is looked at."""

    looks = 0

    def __init__(self, designation):
        self.designation = designation

    def __getattr__(self, name):
        Watched.looks += name == "started_at"
        return getattr(self.designation, name)


def test_a_long_life_costs_a_few_looks_at_each_designation():
    row = Subscription(provider=PROVIDER, recorded_at=day(0))
    designations = [
        Designation(
            subscription=row, partner=RESELLERS[number % 2], started_at=day(number), ended_at=day(number + 1)
        )
        for number in range(500)
    ]

    found = intervals(row, [Watched(one) for one in designations], {}, day(1000))

    assert len(found) == 501
    assert Watched.looks < 10 * len(designations)
