"""R10 between providers and resellers: every step with its refusals, one event a change, two orders of any race."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.actor import Actor
from portal.errors import Conflict, NotPermitted, NotVisible, OperationError
from portal.models import (
    LAPSES_AFTER,
    Action,
    AnswerLink,
    AuditEvent,
    EndedAs,
    Membership,
    ResellerRelationship,
    State,
)
from portal.operations import answer_links
from portal.operations import resellers as operations
from portal.operations.resellers import Agreement, AlreadyThere, Requested
from portal.permissions import Role
from support_contacts.models import Designation
from support_contacts.operations import choose_support_contact
from tests.factories import (
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)
from tests.support_contacts.conftest import make_world

LINK = AnswerLink.Kind.RESELLER_RELATIONSHIP
AGREEMENT = Agreement("FD-1", "Second level", date(2027, 6, 30), "Duty manager, +33 1 99 00 47 90")


def person(partner, *roles):
    membership = MembershipFactory(organisation=partner.organisation, roles=list(roles))
    return Actor.of(
        Membership.objects.select_related("organisation__partner", "organisation__customer", "user").get(
            pk=membership.pk
        ),
        request_id="test",
    )


@pytest.fixture
def fabrikam(db):
    return ProviderFactory(organisation=OrganisationFactory(name="Fabrikam Distribution"))


@pytest.fixture
def relecloud(db):
    return ResellerFactory(organisation=OrganisationFactory(name="ReleCloud"))


@pytest.fixture
def agent(fabrikam):
    return person(fabrikam, Role.ADMIN_AGENT)


@pytest.fixture
def admin(fabrikam):
    return person(fabrikam, Role.GLOBAL_ADMIN)


@pytest.fixture
def answerer(relecloud):
    return person(relecloud, Role.ADMIN_AGENT)


@pytest.fixture
def asked(agent, relecloud):
    return operations.request_reseller_relationship(relecloud, acting=agent).relationship


@pytest.fixture
def established(fabrikam, relecloud):
    return ResellerRelationshipFactory(provider=fabrikam, reseller=relecloud)


def state(row):
    row.refresh_from_db()
    return row.state(timezone.now())


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


def let_lapse(row):
    """As if it had been asked ninety days and a second ago."""
    asked = timezone.now() - LAPSES_AFTER - timedelta(seconds=1)
    ResellerRelationship.objects.filter(pk=row.pk).update(requested_at=asked, lapses_at=asked + LAPSES_AFTER)
    row.refresh_from_db()


# -- request


def test_r10_a_request_waits_ninety_days_with_its_agreement_event_and_mail(agent, relecloud, fabrikam):
    before = timezone.now()

    outcome = operations.request_reseller_relationship(
        relecloud, acting=agent, message="Teams telephony", agreement=AGREEMENT
    )

    assert isinstance(outcome, Requested)
    row = ResellerRelationship.objects.get()
    assert (row.provider, row.reseller, row.message) == (fabrikam, relecloud, "Teams telephony")
    assert row.requested_by == agent.user
    assert Agreement.of(row) == AGREEMENT
    assert row.state(timezone.now()) == State.REQUESTED
    assert row.lapses_at - row.requested_at == timedelta(days=90)
    assert row.requested_at >= before
    event = AuditEvent.objects.get()
    assert event.action == Action.RESELLER_RELATIONSHIP_REQUESTED
    assert (event.organisation, event.actor_id) == (fabrikam.organisation, agent.user.pk)
    assert event.actor_role == Role.ADMIN_AGENT
    assert event.after["reseller"] == {"id": str(relecloud.pk), "name": "ReleCloud"}
    assert event.after["agreement_valid_until"] == "2027-06-30"
    job = ProcrastinateJob.objects.get(task_name="portal.tell")
    assert job.args == {"event_id": str(event.pk)}
    assert answer_links.follow(outcome.token).target_id == row.pk


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.GLOBAL_ADMIN, True),
        (Role.ADMIN_AGENT, True),
        (Role.SALES_AGENT, True),
        (Role.HELPDESK_AGENT, False),
        (Role.BILLING_ADMIN, False),
        (Role.USER_ADMIN, False),
    ],
)
def test_r10_who_may_request(fabrikam, relecloud, role, may):
    acting = person(fabrikam, role)

    if may:
        assert isinstance(operations.request_reseller_relationship(relecloud, acting=acting), Requested)
    else:
        with pytest.raises(NotPermitted):
            operations.request_reseller_relationship(relecloud, acting=acting)
    assert ResellerRelationship.objects.exists() == AuditEvent.objects.exists() == may


def test_r10_a_role_taken_away_since_the_page_was_opened_counts(agent, relecloud):
    Membership.objects.filter(pk=agent.membership_id).update(roles=[Role.BILLING_ADMIN])

    with pytest.raises(NotPermitted):
        operations.request_reseller_relationship(relecloud, acting=agent)

    assert not ResellerRelationship.objects.exists()


def test_r10_only_a_reseller_is_asked_and_nobody_themselves(agent, fabrikam):
    fabrikam.is_indirect_reseller = True
    fabrikam.save()

    for wrong in (ProviderFactory(), fabrikam):
        with pytest.raises(OperationError) as refusal:
            operations.request_reseller_relationship(wrong, acting=agent)
        assert refusal.value.code == "not_a_reseller"


def test_r10_a_reseller_asks_nobody(relecloud):
    with pytest.raises(OperationError, match="Only a reseller can be asked"):
        operations.request_reseller_relationship(
            ResellerFactory(), acting=person(relecloud, Role.GLOBAL_ADMIN)
        )


def test_r10_a_customer_asks_nobody(db):
    from tests.factories import CustomerFactory

    organisation = CustomerFactory().organisation
    membership = MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])
    with pytest.raises(NotVisible):
        operations.request_reseller_relationship(ResellerFactory(), acting=Actor.of(membership))


def test_r10_a_second_request_leads_to_the_one_that_waits(agent, relecloud, asked):
    outcome = operations.request_reseller_relationship(relecloud, acting=agent, message="again")

    assert outcome == AlreadyThere(asked)
    assert ResellerRelationship.objects.count() == AuditEvent.objects.count() == 1


def test_r10_what_is_established_is_not_requested(agent, relecloud, established):
    assert operations.request_reseller_relationship(relecloud, acting=agent) == AlreadyThere(established)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("step", ["decline", "withdraw", "end", "lapse"])
def test_r10_after_an_end_it_can_be_requested_again(step, agent, admin, answerer, relecloud, asked):
    if step == "decline":
        operations.decline_request(asked, acting=answerer)
    elif step == "withdraw":
        operations.withdraw_request(asked, acting=agent)
    elif step == "end":
        operations.accept_request(asked, acting=answerer)
        operations.end_reseller_relationship(asked, acting=admin)
    else:
        let_lapse(asked)

    again = operations.request_reseller_relationship(relecloud, acting=agent)

    assert isinstance(again, Requested)
    assert ResellerRelationship.objects.count() == 2
    assert state(again.relationship) == State.REQUESTED
    assert ResellerRelationship.objects.get(ended_at=None) == again.relationship


def test_r10_a_lapsed_request_is_closed_as_of_its_last_day(agent, relecloud, asked):
    let_lapse(asked)
    lapsed_at = asked.lapses_at

    operations.request_reseller_relationship(relecloud, acting=agent)

    asked.refresh_from_db()
    assert (asked.ended_as, asked.ended_at) == (EndedAs.LAPSED, lapsed_at)


# -- lapse


def test_r10_a_request_lapses_at_ninety_days_to_the_microsecond(asked):
    assert asked.state(asked.lapses_at - timedelta(microseconds=1)) == State.REQUESTED
    assert asked.state(asked.lapses_at) == State.LAPSED


def test_r10_what_has_lapsed_is_neither_answered_nor_renewed_nor_withdrawn(agent, answerer, asked):
    let_lapse(asked)

    for step, acting in (
        (operations.accept_request, answerer),
        (operations.decline_request, answerer),
        (operations.renew_request, agent),
        (operations.withdraw_request, agent),
    ):
        with pytest.raises(OperationError) as refusal:
            step(asked, acting=acting)
        assert refusal.value.code == "request_closed"
    assert actions() == [Action.RESELLER_RELATIONSHIP_REQUESTED]


# -- answer


def test_r10_accept_establishes_with_the_agreement_and_kills_the_link(answerer, agent, relecloud):
    asked = operations.request_reseller_relationship(relecloud, acting=agent, agreement=AGREEMENT)

    operations.accept_request(asked.relationship, acting=answerer, seen=AGREEMENT.mark)

    assert state(asked.relationship) == State.ESTABLISHED
    assert Agreement.of(asked.relationship) == AGREEMENT
    assert answer_links.follow(asked.token) is None
    event = AuditEvent.objects.get(action=Action.RESELLER_RELATIONSHIP_ESTABLISHED)
    assert event.organisation == asked.relationship.provider.organisation
    assert event.actor_organisation_id == relecloud.pk


def test_r10_accepting_twice_is_one_event(answerer, asked):
    operations.accept_request(asked, acting=answerer)
    operations.accept_request(asked, acting=answerer)

    assert actions().count(Action.RESELLER_RELATIONSHIP_ESTABLISHED) == 1


def test_r10_an_agreement_changed_since_it_was_read_is_not_accepted(agent, answerer, asked):
    seen = Agreement.of(asked).mark
    operations.change_agreement(asked, agreement=AGREEMENT, acting=agent)

    with pytest.raises(Conflict) as conflict:
        operations.accept_request(asked, acting=answerer, seen=seen)

    assert conflict.value.code == "agreement_changed"
    assert state(asked) == State.REQUESTED
    operations.accept_request(asked, acting=answerer, seen=AGREEMENT.mark)
    assert state(asked) == State.ESTABLISHED


def test_r10_decline_keeps_the_reason_for_the_provider(answerer, asked):
    operations.decline_request(asked, acting=answerer, note="No people for it this year")
    operations.decline_request(asked, acting=answerer, note="twice")

    assert state(asked) == State.DECLINED
    event = AuditEvent.objects.get(action=Action.RESELLER_RELATIONSHIP_DECLINED)
    assert event.note.text == "No people for it this year"
    assert event.organisation == asked.provider.organisation


def test_r10_what_was_declined_is_not_accepted(answerer, asked):
    operations.decline_request(asked, acting=answerer)

    with pytest.raises(OperationError) as refusal:
        operations.accept_request(asked, acting=answerer)
    assert refusal.value.code == "request_closed"


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN])
@pytest.mark.parametrize("step", [operations.accept_request, operations.decline_request])
def test_r10_authority_to_answer_is_role(relecloud, asked, role, step):
    with pytest.raises(NotPermitted):
        step(asked, acting=person(relecloud, role))
    assert state(asked) == State.REQUESTED


@pytest.mark.parametrize("step", [operations.accept_request, operations.decline_request])
def test_r10_authority_to_answer_is_organisation(agent, admin, asked, step):
    """Not the one who asked, and nobody else."""
    stranger = person(ResellerFactory(), Role.GLOBAL_ADMIN)

    for acting in (agent, admin, stranger):
        with pytest.raises(NotVisible):
            step(asked, acting=acting)
    assert state(asked) == State.REQUESTED


# -- resend, withdraw


def test_r10_a_renewed_link_ends_the_one_before_and_keeps_the_last_day(agent, relecloud):
    first = operations.request_reseller_relationship(relecloud, acting=agent)
    lapses_at = first.relationship.lapses_at

    second = operations.renew_request(first.relationship, acting=agent)

    assert answer_links.follow(first.token) is None
    assert answer_links.follow(second.token).target_id == first.relationship.pk
    second.relationship.refresh_from_db()
    assert second.relationship.lapses_at == lapses_at
    job = ProcrastinateJob.objects.get(task_name="portal.tell_of_request")
    assert job.args == {"relationship_id": str(first.relationship.pk), "again": 1}
    assert AuditEvent.objects.count() == 1


def test_r10_copying_the_link_tells_nobody(agent, asked):
    operations.renew_request(asked, acting=agent, tell=False)

    assert not ProcrastinateJob.objects.filter(task_name="portal.tell_of_request").exists()


def test_r10_withdraw_closes_the_request_and_its_link(agent, relecloud, answerer):
    asked = operations.request_reseller_relationship(relecloud, acting=agent)

    operations.withdraw_request(asked.relationship, acting=agent)
    operations.withdraw_request(asked.relationship, acting=agent)

    assert state(asked.relationship) == State.WITHDRAWN
    assert answer_links.follow(asked.token) is None
    assert actions().count(Action.RESELLER_RELATIONSHIP_WITHDRAWN) == 1
    with pytest.raises(OperationError):
        operations.accept_request(asked.relationship, acting=answerer)


@pytest.mark.parametrize("step", [operations.renew_request, operations.withdraw_request])
def test_r10_only_the_provider_renews_and_withdraws(fabrikam, answerer, asked, step):
    with pytest.raises(NotPermitted):
        step(asked, acting=person(fabrikam, Role.HELPDESK_AGENT))
    with pytest.raises(NotVisible):
        step(asked, acting=answerer)
    with pytest.raises(NotVisible):
        step(asked, acting=person(ProviderFactory(), Role.GLOBAL_ADMIN))
    assert state(asked) == State.REQUESTED


@pytest.mark.parametrize("step", [operations.renew_request, operations.withdraw_request])
def test_r10_an_established_relationship_is_no_request_any_more(agent, established, step):
    with pytest.raises(OperationError) as refusal:
        step(established, acting=agent)
    assert refusal.value.code == "request_closed"


# -- agreement


def test_r10_the_agreement_is_changed_with_before_and_after(agent, established):
    operations.change_agreement(established, agreement=AGREEMENT, acting=agent)
    operations.change_agreement(established, agreement=AGREEMENT, acting=agent)

    established.refresh_from_db()
    assert Agreement.of(established) == AGREEMENT
    event = AuditEvent.objects.get()
    assert event.action == Action.RESELLER_AGREEMENT_CHANGED
    assert event.before["agreement_reference"] == ""
    assert event.after["agreement_reference"] == "FD-1"


def test_r10_an_agreement_changed_meanwhile_is_a_conflict(agent, established):
    seen = Agreement.of(established).mark
    operations.change_agreement(established, agreement=AGREEMENT, acting=agent, seen=seen)

    with pytest.raises(Conflict):
        operations.change_agreement(established, agreement=Agreement("FD-2"), acting=agent, seen=seen)

    established.refresh_from_db()
    assert established.agreement_reference == "FD-1"


def test_r10_who_may_change_the_agreement_and_until_when(fabrikam, agent, admin, answerer, established):
    with pytest.raises(NotPermitted):
        operations.change_agreement(
            established, agreement=AGREEMENT, acting=person(fabrikam, Role.HELPDESK_AGENT)
        )
    with pytest.raises(NotPermitted):
        operations.change_agreement(
            established, agreement=AGREEMENT, acting=person(fabrikam, Role.BILLING_ADMIN)
        )
    with pytest.raises(NotVisible):
        operations.change_agreement(established, agreement=AGREEMENT, acting=answerer)
    operations.end_reseller_relationship(established, acting=admin)
    with pytest.raises(OperationError) as refusal:
        operations.change_agreement(established, agreement=AGREEMENT, acting=agent)
    assert refusal.value.code == "relationship_ended"


def test_r10_the_proposal_of_a_lapsed_request_stays_as_it_was(agent, asked):
    let_lapse(asked)

    with pytest.raises(OperationError):
        operations.change_agreement(asked, agreement=AGREEMENT, acting=agent)


# -- end


@pytest.mark.parametrize("side", ["provider", "reseller"])
def test_r10_either_side_ends_it_once(side, fabrikam, relecloud, established):
    acting = person(fabrikam if side == "provider" else relecloud, Role.GLOBAL_ADMIN)

    operations.end_reseller_relationship(established, acting=acting, note="Contract is over")
    operations.end_reseller_relationship(established, acting=acting)

    assert state(established) == State.ENDED
    event = AuditEvent.objects.get()
    assert event.action == Action.RESELLER_RELATIONSHIP_ENDED
    assert event.actor_organisation_id == acting.organisation.pk
    assert event.organisation == fabrikam.organisation
    assert event.note.text == "Contract is over"


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.HELPDESK_AGENT, Role.SALES_AGENT])
def test_r10_only_a_global_admin_ends_it(fabrikam, relecloud, established, role):
    for partner in (fabrikam, relecloud):
        with pytest.raises(NotPermitted):
            operations.end_reseller_relationship(established, acting=person(partner, role))
    assert state(established) == State.ESTABLISHED


def test_r10_nobody_else_ends_it(established):
    for partner in (ProviderFactory(), ResellerFactory()):
        with pytest.raises(NotVisible):
            operations.end_reseller_relationship(established, acting=person(partner, Role.GLOBAL_ADMIN))


def test_r10_a_request_is_withdrawn_not_ended(admin, asked):
    with pytest.raises(OperationError) as refusal:
        operations.end_reseller_relationship(asked, acting=admin)
    assert refusal.value.code == "relationship_not_established"


def test_r10_ending_leaves_grants_and_stored_designations(db):
    world = make_world()
    agent = person(world.provider, Role.GLOBAL_ADMIN)
    choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)
    row = ResellerRelationship.objects.get()

    operations.end_reseller_relationship(row, acting=agent)

    now = timezone.now()
    assert Designation.objects.stored().count() == 1
    assert not Designation.objects.in_force(now).exists()
    assert Designation.objects.needs_attention(now).count() == 1


def test_r10_a_clock_behind_the_last_record_begins_nothing_before_it(agent, relecloud, fabrikam):
    """Another host's clock is ahead: what follows a record begins when that record ended, at the earliest."""
    ahead = timezone.now() + timedelta(seconds=30)
    ResellerRelationshipFactory(provider=fabrikam, reseller=relecloud, ended_at=ahead, ended_as=EndedAs.ENDED)

    asked = operations.request_reseller_relationship(relecloud, acting=agent).relationship

    assert asked.requested_at == ahead
