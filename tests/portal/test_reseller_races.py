"""R10 with real transactions at the same time: one event, and only two orders of anything."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from portal.errors import NotEligible, OperationError
from portal.models import (
    Action,
    AnswerLink,
    AuditEvent,
    ResellerRelationship,
    State,
)
from portal.operations import resellers as operations
from portal.permissions import Role
from support_contacts.models import Designation
from support_contacts.operations import Changed, choose_support_contact
from tests.factories import (
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
)
from tests.portal.test_reseller_operations import actions, person, state
from tests.support_contacts.conftest import make_world

ROUNDS = 3


def at_once(*calls):
    """Run these calls in threads that start together; what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=10)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def pair(transactional_db):
    return (
        ProviderFactory(organisation=OrganisationFactory(name="Fabrikam Distribution")),
        ResellerFactory(organisation=OrganisationFactory(name="ReleCloud")),
    )


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r10_two_first_requests_at_once_are_one(pair, number):
    fabrikam, relecloud = pair
    agents = [person(fabrikam, Role.ADMIN_AGENT) for _ in range(4)]

    outcomes = at_once(
        *(
            lambda agent=agent: operations.request_reseller_relationship(relecloud, acting=agent)
            for agent in agents
        )
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["AlreadyThere"] * 3 + ["Requested"]
    assert ResellerRelationship.objects.count() == AuditEvent.objects.count() == 1
    assert AnswerLink.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r10_accepting_at_once_is_one_event(pair, number):
    fabrikam, relecloud = pair
    asked = operations.request_reseller_relationship(
        relecloud, acting=person(fabrikam, Role.ADMIN_AGENT)
    ).relationship
    people = [person(relecloud, Role.ADMIN_AGENT) for _ in range(4)]

    outcomes = at_once(*(lambda p=p: operations.accept_request(asked, acting=p) for p in people))

    assert all(isinstance(outcome, ResellerRelationship) for outcome in outcomes)
    assert actions().count(Action.RESELLER_RELATIONSHIP_ESTABLISHED) == 1
    assert len({outcome.established_at for outcome in outcomes}) == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r10_withdrawing_while_accepting_has_two_orders(pair, number):
    fabrikam, relecloud = pair
    agent, answerer = person(fabrikam, Role.ADMIN_AGENT), person(relecloud, Role.ADMIN_AGENT)
    asked = operations.request_reseller_relationship(relecloud, acting=agent).relationship

    withdrawn, accepted = at_once(
        lambda: operations.withdraw_request(asked, acting=agent),
        lambda: operations.accept_request(asked, acting=answerer),
    )

    happened = actions()[1:]
    if state(asked) == State.ESTABLISHED:
        assert isinstance(withdrawn, OperationError)
        assert withdrawn.code == "request_closed"
        assert happened == [Action.RESELLER_RELATIONSHIP_ESTABLISHED]
    else:
        assert isinstance(accepted, OperationError)
        assert accepted.code == "request_closed"
        assert happened == [Action.RESELLER_RELATIONSHIP_WITHDRAWN]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r10_ending_while_designating_has_two_orders(transactional_db, number):
    world = make_world()
    agent, admin = person(world.provider, Role.ADMIN_AGENT), person(world.provider, Role.GLOBAL_ADMIN)
    row = ResellerRelationship.objects.get()

    chosen, ended = at_once(
        lambda: choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent),
        lambda: operations.end_reseller_relationship(row, acting=admin),
    )

    assert isinstance(ended, ResellerRelationship)
    if isinstance(chosen, Changed):
        assert chosen.event.at <= ended.ended_at
        assert Designation.objects.needs_attention(timezone.now()).count() == 1
    else:
        assert isinstance(chosen, NotEligible)
        assert chosen.reason == "relationship_ended"
        assert not Designation.objects.exists()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_r10_ending_from_both_sides_at_once_is_one_event(transactional_db, number):
    world = make_world()
    row = ResellerRelationship.objects.get()
    ours, theirs = person(world.provider, Role.GLOBAL_ADMIN), person(world.trey, Role.GLOBAL_ADMIN)

    outcomes = at_once(
        lambda: operations.end_reseller_relationship(row, acting=ours),
        lambda: operations.end_reseller_relationship(row, acting=theirs),
    )

    assert all(isinstance(outcome, ResellerRelationship) for outcome in outcomes)
    assert actions() == [Action.RESELLER_RELATIONSHIP_ENDED]
