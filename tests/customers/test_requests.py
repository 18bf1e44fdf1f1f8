"""R10: what is asked of a customer, when it lapses, and how it is sent again or taken back."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from customers.models import DelegatedAdmin
from customers.operations import (
    AlreadyThere,
    Requested,
    accept_request,
    decline_request,
    renew_request,
    request_customer,
    withdraw_request,
)
from portal.errors import NotPermitted, OperationError
from portal.models import Action, AnswerLink, AuditEvent, Membership, State
from portal.operations.answer_links import follow
from portal.permissions import Role
from tests.customers.asking import actions, asked, back_date, granted, other_provider, state_of
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerFactory,
    OrganisationFactory,
)

pytestmark = pytest.mark.django_db


# -- request


def test_relationship_alone_is_asked_for_ourselves(parties):
    newcomer = CustomerFactory(organisation=OrganisationFactory(name="Northwind"))

    made = request_customer(newcomer, partner=parties.provider, acting=parties.agent, message="Hello")

    row = made.relationship
    assert (made.grant, row.message, row.requested_for_id) == (None, "Hello", None)
    assert row.state(timezone.now()) == State.REQUESTED
    assert row.lapses_at - row.requested_at == timedelta(days=90)
    assert actions() == [Action.CUSTOMER_RELATIONSHIP_REQUESTED]
    assert follow(made.token).organisation_id == newcomer.pk


def test_delegated_admin_alone_is_asked_where_there_is_a_relationship(parties):
    made = asked(parties, partner=parties.provider)

    assert made.relationship == parties.own
    assert (made.grant.days, made.grant.requested_for_id) == (365, parties.provider.pk)
    assert actions() == [Action.DELEGATED_ADMIN_REQUESTED]


def test_both_at_once_for_ourselves(parties):
    newcomer = CustomerFactory()

    made = request_customer(newcomer, partner=parties.provider, days=90, acting=parties.agent)

    assert made.relationship.customer == newcomer
    assert made.grant.relationship == made.relationship
    assert actions() == [Action.CUSTOMER_RELATIONSHIP_REQUESTED, Action.DELEGATED_ADMIN_REQUESTED]


@pytest.mark.parametrize("days", [None, 30])
def test_for_a_reseller_of_ours(parties, days):
    made = request_customer(parties.customer, partner=parties.reseller, days=days, acting=parties.agent)

    assert made.relationship.requested_for_id == parties.provider.pk
    assert made.relationship.company_name == "Contoso Ltd"
    assert (made.grant is None) == (days is None)
    event = AuditEvent.objects.latest("at", "pk")
    assert event.organisation_id == parties.provider.pk
    assert event.partner_ids == [parties.reseller.pk]


@pytest.mark.parametrize("days", [1, 730])
def test_shortest_and_longest(parties, days):
    assert asked(parties, days=days).grant.days == days


@pytest.mark.parametrize("days", [0, 731, -1])
def test_too_short_or_too_long_is_refused(parties, days):
    with pytest.raises(OperationError) as refusal:
        request_customer(parties.customer, partner=parties.reseller, days=days, acting=parties.agent)

    assert refusal.value.code == "days"
    assert not DelegatedAdmin.objects.exists()
    assert actions() == []


def test_a_duplicate_leads_to_the_pending_one(parties):
    first = asked(parties)

    second = request_customer(parties.customer, partner=parties.reseller, days=10, acting=parties.agent)

    assert isinstance(second, AlreadyThere)
    assert (second.relationship, second.grant) == (first.relationship, first.grant)
    assert len(actions()) == 2
    assert follow(first.token) is not None


def test_a_relationship_that_is_there_is_not_asked_for_again(parties):
    outcome = request_customer(parties.customer, partner=parties.provider, acting=parties.agent)

    assert isinstance(outcome, AlreadyThere)
    assert outcome.relationship == parties.own


def test_what_another_provider_asks_for_the_same_reseller_is_not_in_the_way(parties):
    """R4, R12: neither told to us, nor ended by us; both wait for the customer, each with its own link."""
    stranger = other_provider(parties)
    theirs = request_customer(parties.customer, partner=parties.reseller, days=30, acting=stranger)

    ours = asked(parties)

    assert ours.relationship == theirs.relationship
    assert ours.grant != theirs.grant
    assert follow(theirs.token) is not None
    withdraw_request(ours.relationship, acting=parties.agent)
    assert state_of(ours.grant) == State.WITHDRAWN
    assert state_of(theirs.grant) == State.REQUESTED
    assert state_of(theirs.relationship) == State.REQUESTED


@pytest.mark.parametrize("missing", ["reseller relationship", "customer relationship"])
def test_only_for_resellers_of_ours_at_customers_of_ours(parties, missing):
    row = parties.related if missing == "reseller relationship" else parties.own
    row.ended_at, row.ended_as = timezone.now(), "ended"
    row.save()

    with pytest.raises(OperationError) as refusal:
        request_customer(parties.customer, partner=parties.reseller, days=30, acting=parties.agent)

    assert refusal.value.code == "not_yours"


def test_a_mere_reseller_and_a_customer_ask_nothing(parties):
    for actor in (acting(member(parties.reseller.organisation, Role.GLOBAL_ADMIN)), parties.admin):
        with pytest.raises(Http404):
            request_customer(parties.customer, partner=parties.reseller, days=30, acting=actor)


@pytest.mark.parametrize(
    ("role", "days", "may"),
    [
        (Role.GLOBAL_ADMIN, 30, True),
        (Role.ADMIN_AGENT, 30, True),
        (Role.SALES_AGENT, 30, False),
        (Role.SALES_AGENT, None, True),
        (Role.HELPDESK_AGENT, 30, False),
        (Role.HELPDESK_AGENT, None, False),
        (Role.USER_ADMIN, None, False),
    ],
)
def test_roles_that_may_ask(parties, role, days, may):
    actor = acting(member(parties.provider.organisation, role))
    call = {"partner": parties.reseller, "days": days, "acting": actor}
    if may:
        assert isinstance(request_customer(parties.customer, **call), Requested)
    else:
        with pytest.raises(NotPermitted):
            request_customer(parties.customer, **call)


def test_a_role_that_was_taken_meanwhile_counts(parties):
    """The page still believes in the role; the operation asks again under the lock."""
    Membership.objects.filter(pk=parties.agent_member.pk).update(roles=[Role.BILLING_ADMIN])

    with pytest.raises(NotPermitted):
        request_customer(parties.customer, partner=parties.reseller, days=30, acting=parties.agent)


# -- the clock


def test_a_request_lapses_after_ninety_days_to_the_instant(parties):
    made = asked(parties)

    for row in (made.relationship, made.grant):
        assert row.state(row.lapses_at - timedelta(microseconds=1)) == State.REQUESTED
        assert row.state(row.lapses_at) == State.LAPSED
    assert made.relationship.lapses_at == made.relationship.requested_at + timedelta(days=90)


def test_what_lapsed_is_not_answered_and_can_be_asked_again(parties):
    made = asked(parties)
    back_date(made.relationship, 90)
    back_date(made.grant, 90)

    for answer in (accept_request, decline_request):
        with pytest.raises(OperationError) as refusal:
            answer(made.relationship, acting=parties.admin)
        assert refusal.value.code == "request_closed"
    again = asked(parties)

    assert again.relationship != made.relationship
    assert state_of(made.relationship) == state_of(made.grant) == State.LAPSED
    made.grant.refresh_from_db()
    assert made.grant.ended_at == made.grant.lapses_at
    assert follow(made.token) is None


def test_what_is_added_to_a_request_lapses_with_it(parties):
    """Delegated admin that could be answered longer than its relationship could never be granted."""
    made = asked(parties, days=None)
    back_date(made.relationship, 80)

    added = asked(parties)

    assert added.relationship == made.relationship
    made.relationship.refresh_from_db()
    assert added.grant.lapses_at == made.relationship.lapses_at


def test_expiry_is_exact(parties):
    grant = granted(parties, days=1).grant

    assert grant.ends_at - grant.established_at == timedelta(days=1)
    assert grant.is_active(grant.ends_at - timedelta(microseconds=1))
    assert not grant.is_active(grant.ends_at)
    assert grant.state(grant.ends_at) == State.EXPIRED
    at_end = DelegatedAdmin.objects.active(grant.ends_at)
    assert not at_end.exists()


def test_extending_before_the_end_leaves_no_gap(parties):
    first = granted(parties, days=30)
    second = asked(parties, days=365)
    assert second.relationship == first.relationship

    accept_request(second.relationship, acting=parties.admin)

    second.grant.refresh_from_db()
    assert first.grant.is_active(second.grant.established_at)
    assert DelegatedAdmin.objects.active(timezone.now()).count() == 2
    after = first.grant.ends_at
    assert DelegatedAdmin.objects.active(after).get() == second.grant


# -- resend, withdraw


def test_resend_makes_a_new_link_and_ends_the_old(parties):
    made = asked(parties)

    again = renew_request(made.relationship, acting=parties.agent)

    assert follow(made.token) is None
    assert follow(again.token).organisation_id == parties.customer.pk
    assert again.grant == made.grant
    made.relationship.refresh_from_db()
    assert again.relationship.lapses_at == made.relationship.lapses_at
    assert AnswerLink.objects.filter(ended_at=None).count() == 1


def test_nothing_is_resent_that_was_answered(parties):
    made = granted(parties)

    with pytest.raises(OperationError) as refusal:
        renew_request(made.relationship, acting=parties.agent)

    assert refusal.value.code == "request_closed"


def test_withdrawing_takes_all_of_it_back_once(parties):
    made = asked(parties)

    withdraw_request(made.relationship, acting=parties.agent)
    withdraw_request(made.relationship, acting=parties.agent)

    assert state_of(made.relationship) == state_of(made.grant) == State.WITHDRAWN
    assert actions()[2:] == [Action.DELEGATED_ADMIN_WITHDRAWN, Action.CUSTOMER_RELATIONSHIP_WITHDRAWN]
    assert follow(made.token) is None


def test_withdrawing_an_extension_leaves_the_relationship(parties):
    made = asked(parties, partner=parties.provider)

    withdraw_request(made.relationship, acting=parties.agent)

    assert state_of(parties.own) == State.ESTABLISHED
    assert state_of(made.grant) == State.WITHDRAWN


def test_an_answered_request_is_not_withdrawn(parties):
    made = granted(parties)

    with pytest.raises(OperationError) as refusal:
        withdraw_request(made.relationship, acting=parties.agent)

    assert refusal.value.code == "request_closed"
    assert state_of(made.grant) == State.ESTABLISHED


def test_requests_of_others_do_not_exist_for_us(parties):
    made = asked(parties)
    stranger = other_provider(parties)
    reseller = acting(member(parties.reseller.organisation, Role.GLOBAL_ADMIN))

    for actor in (stranger, reseller):
        for act in (renew_request, withdraw_request):
            with pytest.raises(Http404):
                act(made.relationship, acting=actor)


def test_a_sales_agent_does_not_touch_a_request_for_delegated_admin(parties):
    sales = acting(member(parties.provider.organisation, Role.SALES_AGENT))
    made, alone = asked(parties), request_customer(CustomerFactory(), partner=parties.provider, acting=sales)

    for act in (renew_request, withdraw_request):
        with pytest.raises(NotPermitted):
            act(made.relationship, acting=sales)
    withdraw_request(alone.relationship, acting=sales)
    assert state_of(alone.relationship) == State.WITHDRAWN
