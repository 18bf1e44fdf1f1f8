"""R10: what is asked of a customer, how it answers, and how it ends; each refusal beside the success."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from customers.models import Ask, CustomerRelationship, DelegatedAdmin
from customers.operations import (
    AlreadyThere,
    Requested,
    accept_request,
    ask_for_step,
    decline_request,
    dismiss_ask,
    end_admin_rights,
    end_customer_relationship,
    end_delegated_admin,
    invite_first_admin,
    renew_request,
    request_customer,
    withdraw_request,
)
from portal.errors import NotPermitted, OperationError
from portal.models import Action, AnswerLink, AuditEvent, Membership, PasswordLink, State
from portal.operations.answer_links import follow
from portal.permissions import Role
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)

pytestmark = pytest.mark.django_db
NONE_LEFT = {"live_subscriptions": lambda row: []}


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


def asked(parties, **more):
    """First Up's request at Contoso, made by Fabrikam: relationship and 365 days of delegated admin."""
    settings = {"partner": parties.reseller, "days": 365, "acting": parties.agent, **more}
    made = request_customer(parties.customer, **settings)
    assert isinstance(made, Requested)
    return made


def granted(parties, **more):
    made = asked(parties, **more)
    accept_request(made.relationship, acting=parties.admin)
    made.grant.refresh_from_db()
    made.relationship.refresh_from_db()
    return made


def state_of(row):
    row.refresh_from_db()
    return row.state(timezone.now())


def other_provider(parties):
    """Another provider of the same reseller and the same customer, with an agent."""
    proseware = ProviderFactory(organisation=OrganisationFactory(name="Proseware"))
    CustomerRelationshipFactory(partner=proseware, customer=parties.customer)
    ResellerRelationshipFactory(provider=proseware, reseller=parties.reseller)
    return acting(member(proseware.organisation, Role.ADMIN_AGENT))


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


def back_date(row, days):
    """As if it had been asked so many days ago."""
    row.requested_at -= timedelta(days=days)
    row.lapses_at -= timedelta(days=days)
    row.save()


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


# -- answer


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


# -- end


def test_admin_rights_end_without_the_relationship(parties):
    first = granted(parties, days=30)
    second = granted(parties, days=90)
    waits = asked(parties, days=730)

    assert end_admin_rights(first.relationship, acting=parties.admin) == 2
    assert end_admin_rights(first.relationship, acting=parties.admin) == 0

    assert state_of(first.grant) == state_of(second.grant) == State.ENDED
    assert state_of(waits.grant) == State.REQUESTED
    assert state_of(first.relationship) == State.ESTABLISHED
    assert actions().count(Action.DELEGATED_ADMIN_ENDED) == 2


def test_one_grant_ends_alone_and_once(parties):
    first, second = granted(parties, days=30), granted(parties, days=90)

    end_delegated_admin(first.grant, acting=parties.admin)
    end_delegated_admin(first.grant, acting=parties.admin)

    assert state_of(first.grant) == State.ENDED
    assert state_of(second.grant) == State.ESTABLISHED
    assert actions().count(Action.DELEGATED_ADMIN_ENDED) == 1


def test_the_relationship_ends_with_its_grants_each_with_its_event(parties):
    made = granted(parties)
    waits = asked(parties, days=730)

    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)
    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    assert state_of(made.relationship) == state_of(made.grant) == State.ENDED
    assert state_of(waits.grant) == State.WITHDRAWN
    assert actions()[-3:] == [
        Action.DELEGATED_ADMIN_ENDED,
        Action.DELEGATED_ADMIN_WITHDRAWN,
        Action.CUSTOMER_RELATIONSHIP_ENDED,
    ]


def test_what_the_clock_did_is_written_down_as_it_was(parties):
    """A grant that expired, and a request that lapsed, keep their own dates when the relationship ends."""
    expired = granted(parties, days=30)
    expired.grant.established_at -= timedelta(days=60)
    expired.grant.ends_at -= timedelta(days=60)
    expired.grant.save()
    lapsed = asked(parties, days=30)
    back_date(lapsed.grant, 100)

    end_customer_relationship(expired.relationship, acting=parties.admin, **NONE_LEFT)

    expired.grant.refresh_from_db()
    lapsed.grant.refresh_from_db()
    assert (expired.grant.ended_as, expired.grant.ended_at) == ("expired", expired.grant.ends_at)
    assert (lapsed.grant.ended_as, lapsed.grant.ended_at) == ("lapsed", lapsed.grant.lapses_at)


def test_a_sellers_relationship_ends_only_when_nothing_live_is_left(parties):
    with pytest.raises(OperationError) as refusal:
        end_customer_relationship(
            parties.own, acting=parties.admin, live_subscriptions=lambda row: ["Microsoft 365 E3"]
        )

    assert refusal.value.code == "live_subscriptions"
    assert refusal.value.details["left"] == ["Microsoft 365 E3"]
    assert state_of(parties.own) == State.ESTABLISHED
    end_customer_relationship(parties.own, acting=parties.boss, **NONE_LEFT)
    assert state_of(parties.own) == State.ENDED


def test_what_hangs_on_the_relationship_ends_with_it(parties):
    seen = []

    end_customer_relationship(
        parties.own, acting=parties.boss, along=lambda row, actor, at: seen.append((row, at)), **NONE_LEFT
    )

    parties.own.refresh_from_db()
    assert seen == [(parties.own, parties.own.ended_at)]


def test_a_request_is_withdrawn_or_declined_never_ended(parties):
    made = asked(parties)

    with pytest.raises(OperationError) as refusal:
        end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    assert refusal.value.code == "relationship_not_established"


def test_who_may_end(parties):
    made = granted(parties)
    support = acting(member(parties.customer.organisation, Role.SERVICE_SUPPORT_ADMIN))
    stranger = acting(member(CustomerFactory().organisation, Role.GLOBAL_ADMIN))

    for actor in (support, parties.agent):
        with pytest.raises(NotPermitted):
            end_customer_relationship(parties.own, acting=actor, **NONE_LEFT)
    with pytest.raises(NotPermitted):
        end_admin_rights(made.relationship, acting=support)
    # The provider asked for it, and is still not part of it; admin rights are the customer's to take back.
    for actor in (stranger, parties.boss):
        with pytest.raises(Http404):
            end_customer_relationship(made.relationship, acting=actor, **NONE_LEFT)
        with pytest.raises(Http404):
            end_admin_rights(made.relationship, acting=actor)
        with pytest.raises(Http404):
            end_delegated_admin(made.grant, acting=actor)


def test_it_can_be_asked_for_again_after_the_end(parties):
    made = granted(parties)
    end_customer_relationship(made.relationship, acting=parties.admin, **NONE_LEFT)

    again = granted(parties)

    assert again.relationship != made.relationship
    assert (
        again.relationship.established_at
        >= CustomerRelationship.objects.get(pk=made.relationship.pk).ended_at
    )


# -- steps asked of others


def test_asking_twice_changes_nothing(parties):
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))
    call = {
        "step": Ask.Step.DELEGATED_ADMIN,
        "customer": parties.customer,
        "path": "/somewhere/",
        "acting": helpdesk,
    }

    first, is_new = ask_for_step(parties.reseller, **call)
    second, is_newer = ask_for_step(parties.reseller, **call)

    assert (first, is_new, is_newer) == (second, True, False)
    event = AuditEvent.objects.get(action=Action.STEP_ASKED)
    assert (event.organisation_id, event.customer_id) == (parties.provider.pk, parties.customer.pk)
    assert (event.after["step"], event.after["ask"]) == ("delegated_admin", str(first.pk))
    assert event.after["reseller"]["name"] == parties.reseller.name
    assert event.actor_role == "helpdesk_agent"


def test_an_ask_is_done_when_the_step_is_taken(parties):
    for step in Ask.Step.values:
        ask_for_step(parties.reseller, step=step, customer=parties.customer, path="/p/", acting=parties.agent)
    assert Ask.objects.open().count() == 2

    asked(parties)
    assert Ask.objects.open().get().step == Ask.Step.RELATIONSHIP
    ResellerRelationshipFactory(
        provider=parties.provider,
        reseller=parties.reseller,
        established_at=None,
        requested_at=timezone.now(),
        ended_at=timezone.now(),
        ended_as="declined",
    )
    assert not Ask.objects.open().exists()

    _ask, is_new = ask_for_step(
        parties.reseller, step=Ask.Step.RELATIONSHIP, customer=None, path="/p/", acting=parties.agent
    )
    assert is_new


def test_an_ask_is_dismissed_by_who_may_take_the_step(parties):
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))
    ask, _new = ask_for_step(
        parties.reseller,
        step=Ask.Step.DELEGATED_ADMIN,
        customer=parties.customer,
        path="/p/",
        acting=helpdesk,
    )

    with pytest.raises(NotPermitted):
        dismiss_ask(ask, acting=helpdesk)
    with pytest.raises(Http404):
        dismiss_ask(ask, acting=other_provider(parties))
    dismiss_ask(ask, acting=parties.agent)
    dismiss_ask(ask, acting=parties.agent)

    assert not Ask.objects.open().exists()
    event = AuditEvent.objects.get(action=Action.STEP_DISMISSED)
    assert (event.organisation_id, event.after["ask"]) == (parties.provider.pk, str(ask.pk))
    assert event.actor_role == "admin_agent"


def test_billing_admins_ask_nothing(parties):
    billing = acting(member(parties.provider.organisation, Role.BILLING_ADMIN))

    with pytest.raises(NotPermitted):
        ask_for_step(parties.reseller, step="relationship", customer=None, path="/p/", acting=billing)


# -- the first admin of a customer


@pytest.fixture
def empty_customer(parties):
    customer = CustomerFactory(organisation=OrganisationFactory(name="Alpine", domain="alpine.example"))
    CustomerRelationshipFactory(partner=parties.provider, customer=customer)
    return customer


def test_a_partner_invites_the_first_global_admin(parties, empty_customer):
    made = invite_first_admin(empty_customer, email="Admin@alpine.example", acting=parties.agent)

    assert made.token
    link = PasswordLink.objects.get()
    assert (link.organisation_id, link.email, link.roles) == (
        empty_customer.pk,
        "admin@alpine.example",
        [Role.GLOBAL_ADMIN],
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.organisation_id) == (Action.MEMBER_INVITED, empty_customer.pk)


def test_a_second_invitation_of_ours_ends_the_first(parties, empty_customer):
    for name in ("one", "two"):
        invite_first_admin(empty_customer, email=f"{name}@alpine.example", acting=parties.agent)

    assert PasswordLink.objects.get(withdrawn_at=None).email == "two@alpine.example"


@pytest.mark.parametrize("email", ["admin@elsewhere.example", "admin@notalpine.example", "admin"])
def test_the_first_admin_has_an_address_of_the_customer(parties, empty_customer, email):
    with pytest.raises(OperationError) as refusal:
        invite_first_admin(empty_customer, email=email, acting=parties.agent)

    assert refusal.value.code == "not_their_domain"


def test_no_first_admin_where_somebody_is(parties):
    with pytest.raises(OperationError) as refusal:
        invite_first_admin(parties.customer, email="me@contoso.example", acting=parties.agent)

    assert refusal.value.code == "has_members"


def test_two_partners_do_not_both_invite(parties, empty_customer):
    proseware = ProviderFactory()
    CustomerRelationshipFactory(partner=proseware, customer=empty_customer)
    theirs = acting(member(proseware.organisation, Role.ADMIN_AGENT))
    invite_first_admin(empty_customer, email="one@alpine.example", acting=theirs)

    with pytest.raises(OperationError) as refusal:
        invite_first_admin(empty_customer, email="two@alpine.example", acting=parties.agent)

    assert refusal.value.code == "invited_already"


def test_who_invites_has_a_relationship_and_the_role(parties, empty_customer):
    stranger = acting(member(ProviderFactory().organisation, Role.GLOBAL_ADMIN))
    helpdesk = acting(member(parties.provider.organisation, Role.HELPDESK_AGENT))

    with pytest.raises(Http404):
        invite_first_admin(empty_customer, email="a@alpine.example", acting=stranger)
    with pytest.raises(NotPermitted):
        invite_first_admin(empty_customer, email="a@alpine.example", acting=helpdesk)


def test_grants_of_an_import_have_no_asker_and_still_end(parties):
    grant = DelegatedAdminFactory(relationship=parties.own, kind="dap", ends_at=None)

    end_delegated_admin(grant, acting=parties.admin)

    assert state_of(grant) == State.ENDED
    assert AuditEvent.objects.get().organisation_id == parties.provider.pk
