"""R10: how a customer answers what was asked of it; each refusal beside the success."""

from datetime import timedelta

import pytest
from django.http import Http404

from customers.operations import (
    accept_request,
    decline_request,
    request_customer,
    withdraw_request,
)
from portal.errors import NotPermitted, OperationError
from portal.models import Action, AuditEvent, State
from portal.operations.answer_links import follow
from portal.permissions import Role
from tests.customers.asking import actions, asked, granted, other_provider, state_of
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerFactory,
    ResellerFactory,
)

pytestmark = pytest.mark.django_db


def test_accepting_all_as_one(parties):
    made = granted(parties)

    assert state_of(made.relationship) == state_of(made.grant) == State.ESTABLISHED
    assert made.grant.established_at == made.relationship.established_at
    assert made.grant.ends_at == made.grant.established_at + timedelta(days=365)
    assert actions()[2:] == [Action.CUSTOMER_RELATIONSHIP_ESTABLISHED, Action.DELEGATED_ADMIN_ESTABLISHED]
    answer = AuditEvent.objects.latest("at", "pk")
    assert answer.actor_organisation_id == parties.customer.pk
    assert answer.actor_role == Role.GLOBAL_ADMIN
    assert follow(made.token) is None


def test_accepting_twice_changes_nothing(parties):
    made = granted(parties)
    ends_at, told = made.grant.ends_at, len(actions())

    accept_request(made.relationship, acting=parties.admin)
    accept_request(made.relationship, acting=parties.admin, grants=[made.grant.pk])

    made.grant.refresh_from_db()
    assert (made.grant.ends_at, len(actions())) == (ends_at, told)


def test_declining_all_as_one_and_twice(parties):
    made = asked(parties)

    decline_request(made.relationship, acting=parties.admin)
    decline_request(made.relationship, acting=parties.admin)
    decline_request(made.relationship, acting=parties.admin, grants=[made.grant.pk])

    assert state_of(made.relationship) == state_of(made.grant) == State.DECLINED
    assert actions()[2:] == [Action.DELEGATED_ADMIN_DECLINED, Action.CUSTOMER_RELATIONSHIP_DECLINED]


def test_an_answer_is_not_taken_back_by_the_other_answer(parties):
    yes, no = asked(parties, partner=parties.provider), asked(parties)
    accept_request(yes.relationship, acting=parties.admin)
    decline_request(no.relationship, acting=parties.admin)

    with pytest.raises(OperationError, match="does not wait"):
        decline_request(yes.relationship, acting=parties.admin, grants=[yes.grant.pk])
    with pytest.raises(OperationError, match="does not wait"):
        accept_request(no.relationship, acting=parties.admin, grants=[no.grant.pk])
    assert state_of(yes.grant) == State.ESTABLISHED
    assert state_of(no.grant) == State.DECLINED


def test_only_what_the_page_named_is_answered(parties):
    """The admin read "a relationship"; 730 days of admin rights that came meanwhile are not granted with it."""
    made = asked(parties, days=None)
    added = asked(parties, days=730)

    accept_request(made.relationship, acting=parties.admin, grants=[])

    assert state_of(made.relationship) == State.ESTABLISHED
    assert state_of(added.grant) == State.REQUESTED


def test_what_was_taken_back_and_asked_for_longer_is_not_accepted_unread(parties):
    made = asked(parties, partner=parties.provider, days=30)
    withdraw_request(made.relationship, acting=parties.agent)
    longer = asked(parties, partner=parties.provider, days=730)

    with pytest.raises(OperationError) as refusal:
        accept_request(made.relationship, acting=parties.admin, grants=[made.grant.pk])

    assert refusal.value.code == "request_closed"
    assert state_of(longer.grant) == State.REQUESTED


def test_declining_one_provider_leaves_the_request_of_another(parties):
    ours = asked(parties)
    theirs = request_customer(
        parties.customer, partner=parties.reseller, days=30, acting=other_provider(parties)
    )

    decline_request(ours.relationship, acting=parties.admin, grants=[ours.grant.pk])
    accept_request(ours.relationship, acting=parties.admin, grants=[theirs.grant.pk])

    assert state_of(ours.grant) == State.DECLINED
    assert state_of(theirs.grant) == state_of(ours.relationship) == State.ESTABLISHED


@pytest.mark.parametrize("act", [accept_request, decline_request])
def test_only_the_customers_global_admin_answers(parties, act):
    made = asked(parties)
    support = acting(member(parties.customer.organisation, Role.SERVICE_SUPPORT_ADMIN))
    northwind = acting(member(CustomerFactory().organisation, Role.GLOBAL_ADMIN))

    with pytest.raises(NotPermitted):
        act(made.relationship, acting=support)
    for stranger in (northwind, parties.boss):
        with pytest.raises(Http404):
            act(made.relationship, acting=stranger)
    assert state_of(made.grant) == State.REQUESTED


def test_an_agent_of_a_tenant_that_is_both_does_not_give_its_admin_rights_away(parties):
    both = CustomerFactory(organisation=ResellerFactory().organisation)
    made = request_customer(both, partner=parties.provider, days=30, acting=parties.agent)

    with pytest.raises(NotPermitted):
        accept_request(made.relationship, acting=acting(member(both.organisation, Role.ADMIN_AGENT)))
    accept_request(made.relationship, acting=acting(member(both.organisation, Role.GLOBAL_ADMIN)))
