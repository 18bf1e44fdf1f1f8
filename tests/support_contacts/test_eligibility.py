"""R3, R4, R7: one rule, said twice (for rows in memory and as SQL), and the same both times."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from portal.models import Partner
from support_contacts.models import (
    Designation,
    Reason,
    candidates,
    force,
    out_of_force_since,
    standings,
    verdict,
)
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)

NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)
REQUESTED = {"established_at": None, "requested_at": NOW - 4 * DAY, "lapses_at": NOW + 86 * DAY}
LAPSED = {"established_at": None, "requested_at": NOW - 100 * DAY, "lapses_at": NOW - 10 * DAY}


def closed(how, *, established=False):
    begun = (
        {"established_at": NOW - 50 * DAY}
        if established
        else {"established_at": None, "requested_at": NOW - 50 * DAY}
    )
    return {**begun, "ended_at": NOW - 2 * DAY, "ended_as": how}


def one_reseller(world, relationship=None, grant=None, *, requested_for="provider", **reseller):
    partner = ResellerFactory(**reseller)
    if relationship is not None:
        ResellerRelationshipFactory(provider=world.provider, reseller=partner, **relationship)
    if grant is not None:
        at_customer = CustomerRelationshipFactory(partner=partner, customer=world.customer)
        asked_for = world.provider if requested_for == "provider" else requested_for
        DelegatedAdminFactory(relationship=at_customer, requested_for=asked_for, **grant)
    return partner


def judged(world, partner):
    listed = candidates(world.provider, world.customer.pk, at=NOW)
    return next((c.verdict for c in [*listed.eligible, *listed.unavailable] if c.partner == partner), None)


@pytest.mark.parametrize(
    ("relationship", "grant", "reason", "since"),
    [
        ({}, {}, None, None),
        (REQUESTED, {}, Reason.RELATIONSHIP_REQUESTED, NOW - 4 * DAY),
        (closed("declined"), {}, Reason.RELATIONSHIP_DECLINED, NOW - 2 * DAY),
        (closed("withdrawn"), {}, Reason.RELATIONSHIP_MISSING, None),
        (LAPSED, {}, Reason.RELATIONSHIP_LAPSED, NOW - 10 * DAY),
        (closed("ended", established=True), {}, Reason.RELATIONSHIP_ENDED, NOW - 2 * DAY),
        ({}, None, Reason.DELEGATED_ADMIN_MISSING, None),
        ({}, {**REQUESTED, "ends_at": None}, Reason.DELEGATED_ADMIN_REQUESTED, NOW - 4 * DAY),
        ({}, closed("declined"), Reason.DELEGATED_ADMIN_DECLINED, NOW - 2 * DAY),
        ({}, closed("withdrawn"), Reason.DELEGATED_ADMIN_MISSING, None),
        ({}, LAPSED, Reason.DELEGATED_ADMIN_LAPSED, NOW - 10 * DAY),
        ({}, {"ends_at": NOW - DAY}, Reason.DELEGATED_ADMIN_EXPIRED, NOW - DAY),
        ({}, closed("ended", established=True), Reason.DELEGATED_ADMIN_ENDED, NOW - 2 * DAY),
        (closed("ended", established=True), None, Reason.RELATIONSHIP_ENDED, NOW - 2 * DAY),
    ],
)
def test_r4_one_reason_each(world, relationship, grant, reason, since):
    found = judged(world, one_reseller(world, relationship, grant))

    assert (found.reason, found.since) == (reason, since)


def test_r4_a_suspension_comes_first_of_all(world):
    partner = one_reseller(world, closed("ended", established=True))
    PartnerSuspensionFactory(partner=partner, started_at=NOW - 3 * DAY)

    assert (judged(world, partner).reason, judged(world, partner).since) == (
        Reason.RESELLER_SUSPENDED,
        NOW - 3 * DAY,
    )


def test_r4_a_lifted_suspension_is_forgotten(world):
    partner = one_reseller(world, {}, {})
    PartnerSuspensionFactory(partner=partner, started_at=NOW - 3 * DAY, ended_at=NOW - DAY)

    assert judged(world, partner).reason is None


def test_r4_the_latest_record_speaks(world):
    partner = one_reseller(world, closed("declined"))
    ResellerRelationshipFactory(provider=world.provider, reseller=partner, **REQUESTED)

    assert judged(world, partner).reason == Reason.RELATIONSHIP_DECLINED  # declined after it was asked anew

    ResellerRelationshipFactory._meta.model.objects.filter(ended_as="declined").update(
        ended_at=NOW - 20 * DAY
    )
    assert judged(world, partner).reason == Reason.RELATIONSHIP_REQUESTED


def test_r4_a_partner_without_any_relationship_is_not_listed(world):
    assert judged(world, one_reseller(world, None, {})) is None


def test_r4_a_related_partner_that_is_no_reseller_is_not_listed(world):
    partner = ProviderFactory()
    make_eligible(partner, provider=world.provider, customer=world.customer)

    assert judged(world, partner) is None


def test_r4_negative_history_is_told_only_for_requests_made_for_us(world):
    """Alike but for whom it was asked: ours is told, another provider's reads as missing."""
    ours = one_reseller(world, {}, {"ends_at": NOW - DAY})
    theirs = one_reseller(world, {}, {"ends_at": NOW - DAY}, requested_for=ProviderFactory())
    nobodys = one_reseller(world, {}, {"ends_at": NOW - DAY}, requested_for=None)

    assert judged(world, ours).reason == Reason.DELEGATED_ADMIN_EXPIRED
    assert judged(world, theirs).reason == Reason.DELEGATED_ADMIN_MISSING
    assert judged(world, nobodys).reason == Reason.DELEGATED_ADMIN_MISSING


def test_r3_a_grant_asked_for_by_another_provider_makes_eligible_all_the_same(world):
    assert judged(world, one_reseller(world, {}, {}, requested_for=ProviderFactory())).reason is None


def test_r7_delegated_admin_is_valid_while_now_is_before_its_end(world):
    partner = one_reseller(world, {}, {"ends_at": NOW})
    standing = standings(world.provider, world.customer.pk)[partner.pk]

    assert verdict(standing, at=NOW - timedelta(microseconds=1), told_to=None)
    assert verdict(standing, at=NOW, told_to=None).reason == Reason.DELEGATED_ADMIN_EXPIRED


def test_several_grants_count_until_the_last_one_ends(world):
    partner = one_reseller(world, {}, {"ends_at": NOW + 5 * DAY})
    at_customer = partner.customer_relationships.get()
    DelegatedAdminFactory(relationship=at_customer, ends_at=NOW + 40 * DAY)
    DelegatedAdminFactory(relationship=at_customer, **closed("ended", established=True))

    assert judged(world, partner).grant_ends_at == NOW + 40 * DAY


def test_candidates_are_sorted_reseller_of_record_first_then_by_folded_name(world):
    world.trey.organisation.name = "Żeta Research"
    world.trey.organisation.save()
    for name in ("zebra", "Élan", "Eland"):
        one_reseller(world, {}, {}, name=name)
    of_record = one_reseller(world, {}, {}, name="Wingtip", partner_id="777")

    listed = candidates(world.provider, world.customer.pk, at=timezone.now(), of_record="777")

    assert [c.partner.name for c in listed.eligible] == ["Wingtip", "Élan", "Eland", "zebra", "Żeta Research"]
    assert [c.is_reseller_of_record for c in listed.eligible] == [True, False, False, False, False]
    assert of_record == listed.eligible[0].partner


@pytest.mark.parametrize("count", [1, 3])
def test_candidates_take_one_query_whatever_their_number(world, count, django_assert_num_queries):
    for _ in range(count):
        one_reseller(world, {}, {})
        one_reseller(world, {})

    with django_assert_num_queries(1):
        listed = candidates(world.provider, world.customer.pk, at=NOW)

    assert (len(listed.eligible), len(listed.unavailable)) == (count + 1, count)


offsets = st.integers(-5, 5)
maybe = st.none() | offsets
# Most of what is drawn is nearly eligible: otherwise every answer would be no, and prove nothing.
begins = st.sampled_from([-5, -4, -3, -2, None])
ends = st.sampled_from([None, None, None, -1, 2, 4])
mostly = st.sampled_from([True, True, True, True, False])


@st.composite
def lives(draw):
    """A relationship or grant as the constraints allow it, around a few instants."""
    established, ended = draw(begins), draw(ends)
    if ended is None:
        how = ""
    elif established is not None:
        how, ended = "ended", max(ended, established)
    else:
        how = draw(st.sampled_from(["declined", "withdrawn", "lapsed"]))
    requested = draw(offsets) if established is None else None
    return {
        "requested_at": None if requested is None else NOW + requested * DAY,
        "lapses_at": None if requested is None else NOW + (requested + 3) * DAY,
        "established_at": None if established is None else NOW + established * DAY,
        "ended_at": None if ended is None else NOW + ended * DAY,
        "ended_as": how,
    }


def test_r3_the_rule_as_sql_gives_both_answers(db):
    provider, customer, partner = ProviderFactory(), CustomerFactory(), ResellerFactory()
    make_eligible(partner, provider=provider, customer=customer)
    designation = DesignationFactory(
        subscription=SubscriptionFactory(provider=provider, customer=customer), partner=partner
    )
    assert Designation.objects.with_force(timezone.now()).get(pk=designation.pk).holds is True
    Partner.objects.filter(pk=partner.pk).update(is_indirect_reseller=False, is_direct_partner=True)
    assert Designation.objects.with_force(timezone.now()).get(pk=designation.pk).holds is False


LONG = {
    "requested_at": None,
    "lapses_at": None,
    "established_at": NOW - 5 * DAY,
    "ended_at": None,
    "ended_as": "",
}


class TheRuleIsOne(TestCase):
    """`holds` (SQL) and `verdict` (memory) agree for any records at any instant."""

    answers: ClassVar[Counter] = Counter()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        # The property is only worth something where both answers were given, and where a suspension alone decided.
        assert all(cls.answers[kind] > 5 for kind in (True, False, "suspended only")), cls.answers
        assert all(cls.answers[kind] for kind in ("stale", "ending")), cls.answers

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        relationships=st.lists(lives(), min_size=1, max_size=3),
        grants=st.lists(st.tuples(lives(), st.integers(-1, 5)), min_size=1, max_size=3),
        suspension=st.none() | st.tuples(offsets, maybe),
        acts=mostly,
        new_commerce=mostly.map(lambda yes: not yes),
        hands_back=maybe,
    )
    @example([LONG], [(LONG, 5)], (-2, 2), True, False, None)
    @example([LONG], [(LONG, -1)], None, True, False, None)  # needs attention
    @example([LONG], [(LONG, 1)], None, True, False, None)  # ends soon
    def test_r3_sql_and_memory_agree(self, relationships, grants, suspension, acts, new_commerce, hands_back):
        provider, customer = ProviderFactory(), CustomerFactory()
        partner = ResellerFactory() if acts else ProviderFactory()
        open_seen = False
        for life in relationships:
            if life["ended_at"] is None and open_seen:
                continue
            open_seen = open_seen or life["ended_at"] is None
            ResellerRelationshipFactory(provider=provider, reseller=partner, **life)
        at_customer = CustomerRelationshipFactory(partner=partner, customer=customer)
        for life, ends in grants:
            agreed = NOW + ends * DAY
            if life["established_at"] is not None:
                agreed = max(agreed, life["established_at"])
            DelegatedAdminFactory(relationship=at_customer, ends_at=agreed, **life)
        if suspension is not None:
            start, end = suspension
            PartnerSuspensionFactory(
                partner=partner,
                started_at=NOW + start * DAY,
                ended_at=None if end is None else NOW + max(start, end) * DAY,
            )
        subscription = SubscriptionFactory(provider=provider, customer=customer, is_new_commerce=new_commerce)
        designation = DesignationFactory(
            subscription=subscription,
            partner=partner,
            started_at=NOW - 6 * DAY,
            hands_back_at=None if hands_back is None else NOW + hands_back * DAY,
        )
        standing = standings(provider, customer.pk).get(partner.pk)
        runs: list[tuple] = []
        held: list = []

        for hours in range(-6 * 24, 6 * 24 + 1, 12):
            at = NOW + timedelta(hours=hours)
            by_sql = Designation.objects.with_force(at).get(pk=designation.pk).holds
            in_memory = (
                standing is not None and bool(force(designation, standing, at=at)) and not new_commerce
            )
            assert by_sql == in_memory, (at, standing)
            self.answers[by_sql] += 1
            held += [at] if by_sql else []
            if standing is not None and not in_memory and not new_commerce:
                self.answers["suspended only"] += bool(
                    force(designation, replace(standing, suspensions=()), at=at)
                )
            if standing is not None and not new_commerce:
                self.since_when_it_does_not_hold(designation, standing, at, by_sql, runs)

        if held and held[0] <= NOW:
            # Only what was eligible is ever chosen.
            Designation.objects.filter(pk=designation.pk).update(started_at=held[0])
            self.what_lost_something_is_found(provider, designation)
            lives = [life for life in relationships if (life["ended_at"] or NOW) > NOW]
            if not lives and (suspension is None or suspension[0] <= 0):
                self.what_does_not_hold_is_found_from_indexes(provider, designation)

    def what_lost_something_is_found(self, provider, designation):
        """The short way to what was lost in a time leaves nothing out that was once eligible."""
        rows = Designation.objects.filter(pk=designation.pk)
        for days in (-3, 0, 3):
            at, soon = NOW + days * DAY, 2 * DAY
            touched = rows.touched(provider.pk, at, at + soon)
            assert set(touched.ending(at, at + soon)) == set(rows.ending(at, at + soon)), at
            if at >= (since := rows.get().started_at):
                stale = rows.touched(provider.pk, since, at).needs_attention(at)
                assert set(stale) == set(rows.needs_attention(at)), at

    def what_does_not_hold_is_found_from_indexes(self, provider, designation):
        """From now on, what the database keeps of each choice leads to all that does not hold, and to all that ends
        soon: relationships end and suspensions begin when they are recorded, none has a date to come."""
        rows = Designation.objects.filter(pk=designation.pk)
        for days in (0, 2):
            at, soon = NOW + days * DAY, 2 * DAY
            stale, ending = set(rows.needs_attention(at)), set(rows.ending(at, at + soon))
            assert set(rows.stale_of(provider.pk, at)) == stale, at
            assert set(rows.stale(provider.pk, at)) == stale, at
            assert set(rows.waiting(provider.pk, at)) == stale, at
            assert set(rows.lapsing(provider.pk, at, at + soon).ending(at, at + soon)) == ending, at
            self.answers["stale"] += bool(stale)
            self.answers["ending"] += bool(ending)

    def since_when_it_does_not_hold(self, designation, standing, at, holds, runs):
        """The run of instants, as the database answers them, in which it has not held without interruption."""
        since = out_of_force_since(designation, standing, at=at)
        if holds:
            assert since is None
            runs.clear()
            return
        runs.append(at)
        assert since is not None
        # Every instant of the run is at or after its beginning, and the step before it is not.
        assert since <= runs[0]
        assert since == designation.started_at or since > runs[0] - timedelta(hours=12)
